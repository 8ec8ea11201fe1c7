"""Findings between runs as notices: when they begin, and when they are over. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from fincore.reconciliation.notification.findings import Finding
from fincore.reconciliation.notification.notice import Notice, notice_of


class Began(NamedTuple):
    """A finding that is new, under the number that it got."""

    finding_no: int
    began_at: datetime
    finding: Finding


class Ended(NamedTuple):
    """A finding that is over; `sentence` is how it was told when it began."""

    finding_no: int
    ended_at: datetime
    sentence: str


def began_notice(began: Sequence[Began]) -> Notice:
    """What is wrong since this look, at least one thing."""
    first, *_ = ordered = sorted(began, key=lambda one: one.finding_no)
    return notice_of(
        about=f"findings:{first.finding_no}:{first.began_at:%Y%m%dT%H%M%S}",
        kind="findings",
        occurred_at=first.began_at,
        subject=f"Reconciliation: {first.finding.sentence}{_more(ordered)}",
        findings=[one.finding.sentence for one in ordered],
        next_steps=[one.finding.next_step for one in ordered],
        needs_person=True,
    )


def ended_notice(ended: Sequence[Ended]) -> Notice:
    """What is over since this look, at least one thing; a person has nothing to do."""
    first, *_ = ordered = sorted(ended, key=lambda one: one.finding_no)
    return notice_of(
        about=f"ended:{first.finding_no}:{first.ended_at:%Y%m%dT%H%M%S}",
        kind="ended",
        occurred_at=first.ended_at,
        subject=f"Reconciliation: over: {first.sentence}{_more(ordered)}",
        figures=[("over", one.sentence) for one in ordered],
        needs_person=False,
    )


def _more(several: Sequence[object]) -> str:
    return f", and {len(several) - 1:,} more" if len(several) > 1 else ""
