"""Days of reconciliation as staff see them. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.public.fields import CurrencyCode, HasMore, NextCursor, ObjectName
from fincore.reconciliation.pages.day_pages import SealedReport
from fincore.reconciliation.report.day_report import CheckedDay, ClassSum, DayAccount
from fincore.reconciliation.report.run_report import BreakSum, TieAccount
from fincore.staff.access.person import Mode
from fincore.staff.report_body import (
    Flaw,
    HashBefore,
    IsSound,
    ReportHash,
    StaffReportedBreaks,
    StaffTie,
    StaffUnclearedMoney,
    render_ages,
    render_tie,
)

DayText = Annotated[str, Meta(description="The day, by UTC.", examples=["2026-11-26"])]


class StaffReconciliationDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day of runs that is sealed."""

    object: Annotated[Literal["reconciliation_day"], ObjectName] = "reconciliation_day"
    id: DayText
    runs: Annotated[int, Meta(description="How many runs it has.")]
    last_run: Annotated[str, Meta(description="The last of them.")]
    sha256: ReportHash
    sha256_before: HashBefore
    follows: Annotated[
        bool, Meta(description="Whether the day before it still has the hash that this one names.")
    ]
    sealed_at: Annotated[datetime, Meta(description="When it was sealed.")]


class StaffReconciliationDayList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of days."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffReconciliationDay], Meta(description="The days, the last one first.")]
    has_more: HasMore
    next_cursor: NextCursor


class StaffMovement(msgspec.Struct, frozen=True, kw_only=True):
    """An equation over the day: before, and booked, less matched, is after."""

    account: Annotated[TieAccount, Meta(description="Which account of the ledger.")]
    before_minor: Annotated[int, Meta(description="What stood before the day.")]
    booked_minor: Annotated[int, Meta(description="What the ledger booked.")]
    matched_minor: Annotated[int, Meta(description="What runs matched.")]
    after_minor: Annotated[int, Meta(description="What stands after it.")]
    difference_minor: Annotated[int, Meta(description="By how much the equation fails; 0: it holds.")]


class StaffDayAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One account at a PSP in one currency, over the day."""

    account: Annotated[str, Meta(description="The PSP and the account.", examples=["paypal/default"])]
    currency: CurrencyCode
    uncleared_minor: Annotated[int, Meta(description="What is uncleared after it.")]
    matched_minor: Annotated[int, Meta(description="What its runs matched.")]
    balance_minor: Annotated[int, Meta(description="What the PSP holds, as the ledger has it.")]
    stated_balance_minor: Annotated[
        int | None, Meta(description="What the PSP holds by its last statement; null: no statement says it.")
    ]
    movements: Annotated[list[StaffMovement], Meta(description="The equations over the day.")]
    ties: Annotated[list[StaffTie], Meta(description="The equations of its last run with the ledger.")]


class StaffDayReport(msgspec.Struct, frozen=True, kw_only=True):
    """The report of a day in one mode, made again now; `sha256` is of the report of both modes."""

    object: Annotated[Literal["reconciliation_day_report"], ObjectName] = "reconciliation_day_report"
    id: DayText
    mode: Annotated[Mode, Meta(description="Of which mode.")]
    so_far: Annotated[bool, Meta(description="Whether a run may still be added to the day.")]
    is_missing: Annotated[bool, Meta(description="Whether the day has ended without a run.")]
    runs: Annotated[list[str], Meta(description="Its runs in their order.")]
    sha256: ReportHash
    sha256_before: HashBefore
    is_sound: IsSound
    flaw: Flaw
    breaks_before: Annotated[int, Meta(description="How many breaks stood before the day.")]
    breaks_opened: Annotated[int, Meta(description="How many opened in it.")]
    breaks_closed: Annotated[int, Meta(description="How many closed in it.")]
    breaks_after: Annotated[int, Meta(description="How many stand after it.")]
    uncleared: Annotated[
        list[StaffUnclearedMoney], Meta(description="What is uncleared, by currency and age.")
    ]
    accounts: Annotated[list[StaffDayAccount], Meta(description="Each account at a PSP.")]
    opened: Annotated[list[StaffReportedBreaks], Meta(description="The breaks that opened, in sums.")]
    closed: Annotated[list[StaffReportedBreaks], Meta(description="The breaks that closed, in sums.")]
    standing: Annotated[list[StaffReportedBreaks], Meta(description="The breaks that stand, in sums.")]


def render_sealed(one: SealedReport) -> StaffReconciliationDay:
    """A day of a list."""
    return StaffReconciliationDay(
        id=one.day.isoformat(),
        runs=one.runs,
        last_run=one.last_run_id,
        sha256=one.sha256,
        sha256_before=one.sha256_before,
        follows=one.follows,
        sealed_at=one.written_at,
    )


def render_day_report(checked: CheckedDay, mode: Mode) -> StaffDayReport:
    """What the report of a day says of one mode."""
    report = checked.report
    counts = [one for one in report.break_counts if one.mode == mode]
    return StaffDayReport(
        id=report.day.isoformat(),
        mode=mode,
        so_far=report.so_far,
        is_missing=checked.is_missing,
        runs=[one.run_id for one in report.runs],
        sha256=checked.sha256,
        sha256_before=report.sha256_before,
        is_sound=checked.is_sound,
        flaw=checked.flaw,
        breaks_before=sum(one.before for one in counts),
        breaks_opened=sum(one.opened for one in counts),
        breaks_closed=sum(one.closed for one in counts),
        breaks_after=sum(one.after for one in counts),
        uncleared=[
            StaffUnclearedMoney(
                currency=one.currency, amount_minor=one.amount_minor, by_age=render_ages(one.by_age)
            )
            for one in report.uncleared
            if one.mode == mode
        ],
        accounts=[_account(one) for one in report.accounts if one.mode == mode],
        opened=[_breaks(one) for one in report.opened_sums if one.mode == mode],
        closed=[_breaks(one) for one in report.closed_sums if one.mode == mode],
        standing=[_breaks(one) for one in report.open_sums if one.mode == mode],
    )


def _account(one: DayAccount) -> StaffDayAccount:
    return StaffDayAccount(
        account=f"{one.psp}/{one.psp_account}",
        currency=one.currency,
        uncleared_minor=one.uncleared_minor,
        matched_minor=one.matched_minor,
        balance_minor=one.balance_minor,
        stated_balance_minor=one.stated_balance_minor,
        movements=[msgspec.convert(move, StaffMovement, from_attributes=True) for move in one.movements],
        ties=[render_tie(tie) for tie in one.all_ties],
    )


def _breaks(one: ClassSum | BreakSum) -> StaffReportedBreaks:
    return StaffReportedBreaks(
        account=f"{one.psp}/{one.psp_account}",
        currency=one.currency,
        break_class=one.break_class,
        status=one.status if isinstance(one, BreakSum) else None,
        breaks=one.breaks,
        amount_minor=one.amount_minor,
    )
