"""What became of each step of a run in which the rate rises until a threshold breaks. Pure."""

from collections.abc import Sequence

import msgspec

from loadtest.figures import Figures
from loadtest.thresholds import Thresholds, failed, of_step


class RateStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step. `rate` is in arrivals a second, `backlog` what waited at its end, `broken` each bound that did not hold with what was seen."""

    number: int
    of: int
    rate: float
    requests: int
    errors: int
    accept_p50_ms: float
    accept_p99_ms: float
    backlog: int | None
    broken: tuple[str, ...]

    @property
    def name(self) -> str:
        """As a person is told of it."""
        return f"step {self.number} of {self.of}, {self.rate:g} arrivals/s"


def rate_step(
    number: int, of: int, seen: Figures, *, rate: float, backlog: int | None, bounds: Thresholds
) -> RateStep:
    """Judge a step by what was seen in it."""
    broken = failed(of_step(seen, rate=rate, backlog=backlog, bounds=bounds))
    return RateStep(
        number=number,
        of=of,
        rate=rate,
        requests=seen.requests,
        errors=seen.errors,
        accept_p50_ms=seen.accept.p50_ms,
        accept_p99_ms=seen.accept.p99_ms,
        backlog=backlog,
        broken=tuple(f"{one.name} {one.seen} ({one.bound})" for one in broken),
    )


def limit_told(steps: Sequence[RateStep]) -> str:
    """Where the limit lies, in one sentence; none without steps."""
    if not steps:
        return ""
    if steps[-1].broken:
        held = f"{steps[-2].rate:g} arrivals a second held" if len(steps) > 1 else "no step held"
        return f"The run stopped at {steps[-1].name}: {', '.join(steps[-1].broken)}; {held}."
    if steps[-1].number < steps[-1].of:
        return f"The run ended before {steps[-1].of - steps[-1].number} of its steps began."
    return f"No step broke, up to {steps[-1].rate:g} arrivals a second: repeat with a higher --rate to find the limit."
