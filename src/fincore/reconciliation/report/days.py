"""Which runs are reported with which day (UTC), and when a day is over. Pure.

Cut-offs come from one server's clock, which may be wrong or set back, so they only name days. The order is that of the runs: a day has
the runs after those of the day before, and once it is sealed no run is added to it or taken from it.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple


class CountedRun(NamedTuple):
    """A run that finished, and the day of its cut-off."""

    run_no: int
    day: date


class DayOfRuns(NamedTuple):
    """The runs after `run_no_before` (0: from the first one on), up to `last_run_no`. A day is over where a run of a later day follows."""

    day: date
    run_no_before: int
    last_run_no: int
    is_over: bool


def days_of(runs: Sequence[CountedRun], sealed: DayOfRuns | None) -> list[DayOfRuns]:
    """The days of the runs after the last sealed day, in order; only the last of them may be one that is not over.

    A run of which the cut-off is in a sealed day, or before it, counts for the first day after that. A run that lies between two runs of one
    day is of that day, too.
    """
    if not runs:
        return []
    ordered = sorted(runs)
    first = None if sealed is None else date.fromordinal(sealed.day.toordinal() + 1)
    named = [one.day if first is None else max(one.day, first) for one in ordered]
    found: list[DayOfRuns] = []
    run_no_before = 0 if sealed is None else sealed.last_run_no
    for day in sorted(set(named)):
        last_run_no = max(one.run_no for one, of in zip(ordered, named, strict=True) if of == day)
        if last_run_no > run_no_before:
            found.append(DayOfRuns(day, run_no_before, last_run_no, last_run_no < ordered[-1].run_no))
            run_no_before = last_run_no
    return found
