"""How many arrivals a second a run offers over its time, as stretches in which the rate is constant or changes evenly. Pure.

An arrival begins one scenario: most are one request, some are several.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

STEPS: Final = 10
"""How many steps the profile `steps` has."""


class Stretch(NamedTuple):
    """`seconds` in which the rate goes evenly from `rate_from` to `rate_to` arrivals a second."""

    seconds: float
    rate_from: float
    rate_to: float

    @property
    def arrivals(self) -> float:
        """How many arrivals are due in it, as a mean."""
        return self.seconds * (self.rate_from + self.rate_to) / 2

    def rate_at(self, seconds: float) -> float:
        """Arrivals a second, so long after it began."""
        return self.rate_from + (self.rate_to - self.rate_from) * seconds / self.seconds

    def part(self, begins: float, ends: float, factor: float = 1.0) -> "Stretch":
        """What lies between two moments of it, with its rates multiplied."""
        return Stretch(ends - begins, self.rate_at(begins) * factor, self.rate_at(ends) * factor)


class Profile(NamedTuple):
    """A name, what it is for, and the stretches it makes of a highest rate and a length in seconds."""

    name: str
    what: str
    stretches: Callable[[float, float], tuple[Stretch, ...]]
    has_phases: bool = True
    """Whether the phases of the mix take place in it."""
    stops_at_break: bool = False
    """Whether the run ends with the first step that breaks a threshold."""


def _short(rate: float, seconds: float) -> tuple[Stretch, ...]:
    return (Stretch(seconds / 6, rate / 4, rate), Stretch(seconds * 5 / 6, rate, rate))


def _ramp(rate: float, seconds: float) -> tuple[Stretch, ...]:
    return (Stretch(seconds, 0.0, rate),)


def _soak(rate: float, seconds: float) -> tuple[Stretch, ...]:
    rising = min(60.0, seconds / 10)
    return (Stretch(rising, 0.0, rate), Stretch(seconds - rising, rate, rate))


def _spike(rate: float, seconds: float) -> tuple[Stretch, ...]:
    usual = rate / 5
    return (
        Stretch(seconds * 0.4, usual, usual),
        Stretch(seconds * 0.02, usual, rate),
        Stretch(seconds * 0.18, rate, rate),
        Stretch(seconds * 0.4, usual, usual),
    )


def _steps(rate: float, seconds: float) -> tuple[Stretch, ...]:
    return tuple(
        Stretch(seconds / STEPS, rate * number / STEPS, rate * number / STEPS)
        for number in range(1, STEPS + 1)
    )


PROFILES: Final[Mapping[str, Profile]] = {
    profile.name: profile
    for profile in (
        Profile("short", "a sixth of the time up to the rate, then the rate: what `make load` runs", _short),
        Profile("ramp", "from nothing evenly up to the rate", _ramp, has_phases=False),
        Profile("soak", "up to the rate within a minute, then the rate for hours", _soak),
        Profile(
            "spike", "a fifth of the rate, the rate at once, and a fifth again", _spike, has_phases=False
        ),
        Profile(
            "steps",
            f"{STEPS} steps up to the rate; the run ends with the first step that breaks a threshold",
            _steps,
            has_phases=False,
            stops_at_break=True,
        ),
    )
}


def step_at(stretches: Sequence[Stretch], seconds: float) -> int:
    """The number of the stretch, from 0, in which a moment of the run lies; the last one for what comes after."""
    ended = 0.0
    for number, stretch in enumerate(stretches):
        ended += stretch.seconds
        if seconds < ended:
            return number
    return len(stretches) - 1
