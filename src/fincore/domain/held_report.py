"""PSP's reports about a charge that wait for a person: which are held, holding one, releasing one.

While one is held, refunds of the charge are refused.
"""

from datetime import datetime
from typing import Final

import msgspec

from fincore.domain.events import HeldReason, ReportHeld, ReportReleased, event_type
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.refusal import Refusal

HELD_REPORTS_MAX: Final = 100
"""Reports held of one charge at a time."""
DETAIL_CHARS_MAX: Final = 500


class HeldReport(msgspec.Struct, frozen=True, kw_only=True):
    """One that waits. `psp_event_id` names it in the inbox, `report_type` is its type in the PSP's words."""

    psp_event_id: str
    report_type: str
    reason: HeldReason
    held_at: datetime


HeldReports = tuple[HeldReport, ...]


class ReportName(msgspec.Struct, frozen=True, kw_only=True):
    """Which report is meant: the PSP's event in the inbox, and its type in the PSP's words."""

    psp: PspName
    psp_account: PspAccount
    psp_event_id: str
    report_type: str


def evolve_held_reports(held: HeldReports, event: ReportHeld | ReportReleased) -> HeldReports:
    """Those held after an event; raise `KeyError` for one that is held twice, or released and not held."""
    if is_held(held, event.psp_event_id) is isinstance(event, ReportHeld):
        raise KeyError((event.psp_event_id, event_type(event)))
    if isinstance(event, ReportReleased):
        return tuple(one for one in held if one.psp_event_id != event.psp_event_id)
    one = HeldReport(
        psp_event_id=event.psp_event_id,
        report_type=event.report_type,
        reason=event.reason,
        held_at=event.held_at,
    )
    return (*held, one)


def is_held(held: HeldReports, psp_event_id: str) -> bool:
    """Whether a report waits for a person."""
    return any(one.psp_event_id == psp_event_id for one in held)


def hold_report(
    held: HeldReports, report: ReportName, reason: HeldReason, detail: str, now: datetime
) -> tuple[ReportHeld, ...] | Refusal:
    """The event that a report is held; none where it is held already."""
    if is_held(held, report.psp_event_id):
        return ()
    if len(held) >= HELD_REPORTS_MAX:
        return Refusal(
            "too_many_held_reports", f"{HELD_REPORTS_MAX} reports about the charge are held already"
        )
    return (
        ReportHeld(
            psp=report.psp,
            psp_account=report.psp_account,
            psp_event_id=report.psp_event_id,
            report_type=report.report_type,
            reason=reason,
            detail=detail[:DETAIL_CHARS_MAX],
            held_at=now,
        ),
    )


def release_report(
    held: HeldReports, psp_event_id: str, *, released_by: str, reason: str, now: datetime
) -> tuple[ReportReleased, ...] | Refusal:
    """The event that a report waits no more."""
    if not is_held(held, psp_event_id):
        return Refusal("report_not_held", f"the charge holds no report {psp_event_id}")
    return (
        ReportReleased(psp_event_id=psp_event_id, released_by=released_by, reason=reason, released_at=now),
    )
