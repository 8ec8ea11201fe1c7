"""The times that a PSP tells of payments, refunds and disputes: what moved the money is believed, a time that cannot be is not. Pure.

A time ahead would put off what FinCore does after it: a hold would be watched after its end only, a pending payment would be shown to a
person too late, and each later report of a dispute would look older than what is known.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal, TypeVar

import msgspec

from fincore.domain.told_times import AHEAD_MAX, unlikely_time

Report = TypeVar("Report", bound=msgspec.Struct)

DUE_WITHIN: Final = timedelta(days=180)
"""How far ahead what a PSP says is due later may be, beyond the difference of clocks: no PSP holds money, or takes evidence, for so long."""

Instead = Literal["now", "none", "bound"]

TIMES: Final[Mapping[str, Instead]] = MappingProxyType(
    {
        "occurred_at": "now",
        "warned_at": "now",
        "capture_before": "none",
        "evidence_due_by": "none",
        "pending_until": "bound",
    }
)
"""Field -> what takes the place of a time that is not believed: the time at which it was told; none, as where the PSP names none; the
latest that is believed. What is replaced by the time at which it was told is over then; the others are due later."""


def unlikely_times(report: msgspec.Struct, now: datetime, *, livemode: bool) -> dict[str, datetime]:
    """Field -> each time of a report, told at `now` by our clock, that is not believed."""
    found: dict[str, datetime] = {}
    for field, instead in TIMES.items():
        told = getattr(report, field, None)
        due_within = timedelta() if instead == "now" else DUE_WITHIN
        if told and unlikely_time(told, now, livemode=livemode, due_within=due_within):
            found[field] = told
    return found


def with_likely_times(report: Report, now: datetime, *, livemode: bool) -> Report:
    """The report, with what `TIMES` says in place of each time that is not believed."""
    unlikely = unlikely_times(report, now, livemode=livemode)
    if not unlikely:
        return report
    latest = now + AHEAD_MAX[livemode] + DUE_WITHIN
    instead: dict[Instead, datetime | None] = {"now": now, "none": None, "bound": latest}
    return msgspec.structs.replace(report, **{field: instead[TIMES[field]] for field in unlikely})
