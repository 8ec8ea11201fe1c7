"""What a run must keep to: declared bounds, and what became of each. One that does not hold fails the run. Pure."""

from collections.abc import Sequence
from typing import Final

import msgspec

from loadtest.figures import Figures

ALWAYS_FAILED_MIN: Final = 2
"""How often a kind of request is sent before it counts that each failed: one may fail by chance."""


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds of one run; None: none."""

    error_share_max: float = 0.005
    accept_p99_ms_max: float = 1_000.0
    outcome_p99_seconds_max: float | None = 90.0
    backlog_end_max: int | None = 0
    generator_late_p99_ms_max: float = 250.0
    step_backlog_seconds_max: float = 5.0
    """Of a step's rate, that jobs and events may wait at its end."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One bound in words, the value that was seen, and whether it holds."""

    name: str
    bound: str
    seen: str
    holds: bool


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What was found when the load was over; None: it could not be looked at.

    `due` is the number of arrivals of the schedule; where the run `was_to_break`, what was broken while it lasted is its result, and no failure.
    `disagreements` and `broken` are sentences.
    """

    due: int
    workers: int
    was_to_break: bool = False
    outcome_p50_seconds: float | None = None
    outcome_p99_seconds: float | None = None
    backlog: int | None = None
    drain_seconds: float | None = None
    disagreements: tuple[str, ...] | None = None
    broken: tuple[str, ...] | None = None


DEFAULT: Final = Thresholds()


def verdicts(run: Figures, ending: Ending, bounds: Thresholds) -> list[Verdict]:
    """Each bound with what was seen."""
    while_on = (
        []
        if ending.was_to_break
        else [*of_step(run, rate=0.0, backlog=None, bounds=bounds), _kinds_that_failed(run)]
    )
    found = [
        *while_on,
        _counted("arrivals of the schedule without a record", max(0, ending.due - run.arrivals - run.unsent)),
        _counted("generators that did not end in order", ending.workers - run.workers_ended),
        _counted("errors of the generator itself", run.failed),
    ]
    if bounds.outcome_p99_seconds_max is not None and ending.outcome_p99_seconds is not None:
        found.append(
            _at_most("time to outcome, p99", ending.outcome_p99_seconds, bounds.outcome_p99_seconds_max, " s")
        )
    if bounds.backlog_end_max is not None and ending.backlog is not None:
        found.append(_at_most("backlog at the end", ending.backlog, bounds.backlog_end_max, ""))
    for name, sentences in (
        ("comparison of every charge", ending.disagreements),
        ("invariants", ending.broken),
    ):
        if sentences is not None:
            found.append(
                Verdict(
                    name=name,
                    bound="all hold" if name == "invariants" else "all agree",
                    seen="; ".join(sentences)[:400]
                    or ("none is broken" if name == "invariants" else "no difference"),
                    holds=not sentences,
                )
            )
    return found


def while_offered(run: Figures, bounds: Thresholds) -> list[Verdict]:
    """The bounds that can be judged for a part of a run, such as a step."""
    return [
        Verdict(
            name="errors of all requests",
            bound=f"at most {bounds.error_share_max:.2%}",
            seen=f"{run.error_share:.2%} ({run.errors:,} of {run.requests:,})",
            holds=run.error_share <= bounds.error_share_max,
        ),
        _at_most(
            "accepted, p99 from the intended moment", run.accept.p99_ms, bounds.accept_p99_ms_max, " ms"
        ),
        _at_most("lateness of the generator, p99", run.late_p99_ms, bounds.generator_late_p99_ms_max, " ms"),
    ]


def of_step(run: Figures, *, rate: float, backlog: int | None, bounds: Thresholds) -> list[Verdict]:
    """The bounds of one step of the profile `steps`, at its end."""
    found = [*while_offered(run, bounds), _counted("arrivals that were not sent", run.unsent)]
    if backlog is not None:
        most = rate * bounds.step_backlog_seconds_max
        found.append(_at_most("backlog at the end of the step", backlog, most, ""))
    return found


def failed(found: Sequence[Verdict]) -> list[Verdict]:
    """Those that do not hold."""
    return [verdict for verdict in found if not verdict.holds]


def _kinds_that_failed(run: Figures) -> Verdict:
    """A kind of request that is rare may fail each time and stay within the bound of all errors."""
    names = [
        one.name for one in run.steps if one.errors == one.latency.count and one.errors >= ALWAYS_FAILED_MIN
    ]
    return Verdict(
        name="kinds of request that failed each time",
        bound="none",
        seen=", ".join(names) or "none",
        holds=not names,
    )


def _at_most(name: str, value: float, most: float, unit: str) -> Verdict:
    return Verdict(
        name=name, bound=f"at most {most:,.4g}{unit}", seen=f"{value:,.4g}{unit}", holds=value <= most
    )


def _counted(name: str, count: int) -> Verdict:
    return Verdict(name=name, bound="none", seen=f"{count:,}", holds=count == 0)
