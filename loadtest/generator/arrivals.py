"""The moments at which arrivals are due, computed before anything is sent: a function of the plan and a seed. Pure.

Because they do not depend on answers, a server that stops for five seconds meets all arrivals of these five seconds (an open model).
"""

import math
import random
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from loadtest.generator.mix import Draw, Plan
from loadtest.generator.profile import Stretch

Spacing = Literal["poisson", "uniform"]
"""`poisson`: each arrival by itself, as of customers who do not know each other; `uniform`: evenly."""


class Arrival(NamedTuple):
    """The number of an arrival in the whole run, from 0, its moment in seconds since the run began, and its scenario."""

    number: int
    due_seconds: float
    scenario: str


def arrivals(plan: Plan, *, seed: int, spacing: Spacing) -> Iterator[Arrival]:
    """All arrivals of a run in the order of time; the same for the same plan, seed and spacing."""
    rng = random.Random(seed)  # noqa: S311 -- repeatable, no secret
    began, passed, number = 0.0, 0.0, 0
    # In units of expected arrivals the whole run is even: the next one is due where as many are expected.
    expected = _gap(rng, spacing, is_first=True)
    for stretch, weights in plan.parts:
        draw = Draw(weights)
        while expected < passed + stretch.arrivals:
            due = began + _seconds_until(stretch, expected - passed)
            yield Arrival(number, due, draw.draw(rng))
            number += 1
            expected += _gap(rng, spacing)
        began += stretch.seconds
        passed += stretch.arrivals


def share_of(every: Iterable[Arrival], *, worker: int, workers: int) -> Iterator[Arrival]:
    """Those arrivals that are one worker's, of workers that are counted from 0: together they are all, each once."""
    return (arrival for arrival in every if arrival.number % workers == worker)


def _gap(rng: random.Random, spacing: Spacing, *, is_first: bool = False) -> float:
    if spacing == "uniform":
        return 0.5 if is_first else 1.0
    return rng.expovariate(1.0)


def _seconds_until(stretch: Stretch, count: float) -> float:
    """When `count` arrivals of a stretch are expected: `rate_from * t + slope / 2 * t^2 = count`."""
    slope = (stretch.rate_to - stretch.rate_from) / stretch.seconds
    if abs(slope) < 1e-12:  # noqa: PLR2004 -- as good as constant
        return count / stretch.rate_from
    root = math.sqrt(max(0.0, stretch.rate_from**2 + 2 * slope * count))
    # This form loses no digits where the slope is small.
    return min(stretch.seconds, 2 * count / (stretch.rate_from + root))
