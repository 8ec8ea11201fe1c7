"""What the list of held reports answers. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.events import HeldReason
from fincore.public.fields import HasMore, NextCursor, ObjectName
from fincore.staff.list_bodies import (
    AccountOfRow,
    ChargeOfRow,
    MerchantOfRow,
    ModeOfRow,
    PspOfRow,
    mode_of,
)
from fincore.staff.worklist_place import place_text, short_part
from fincore.write.psp.held_reports import WaitingReport


class StaffHeldReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """A report of a PSP that waits for a person, in one row of a list."""

    id: Annotated[str, Meta(description="The charge's id, then a colon and the report's id at the PSP.")]
    object: Annotated[Literal["held_report"], ObjectName] = "held_report"
    mode: ModeOfRow
    merchant: MerchantOfRow
    charge: ChargeOfRow
    psp: PspOfRow
    psp_account: AccountOfRow
    psp_event_id: Annotated[str, Meta(description="The report's id at the PSP.")]
    report_type: Annotated[str, Meta(description="Its type, in the PSP's words.")]
    reason: Annotated[HeldReason, Meta(description="Why it is held.")]
    detail: Annotated[str, Meta(description="The same as a sentence about this report.")]
    held_at: Annotated[datetime, Meta(description="Since when.")]


class StaffHeldReportList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of held reports, oldest first."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffHeldReportRow], Meta(description="The reports of this page.")]
    has_more: HasMore
    next_cursor: NextCursor


def held_report_row(report: WaitingReport) -> StaffHeldReportRow:
    """A held report in one row."""
    return StaffHeldReportRow(
        id=f"{report.charge_id}:{report.psp_event_id}",
        mode=mode_of(livemode=report.livemode),
        merchant=report.merchant_id,
        charge=report.charge_id,
        psp=report.psp,
        psp_account=report.psp_account,
        psp_event_id=report.psp_event_id,
        report_type=report.report_type,
        reason=msgspec.convert(report.reason, HeldReason),
        detail=report.detail,
        held_at=report.held_at,
    )


def held_report_place(row: StaffHeldReportRow) -> str:
    """Where a row is in the list."""
    return place_text(row.held_at, row.charge, short_part(row.psp_event_id))
