"""Runs of reconciliation as staff see them. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.public.fields import CurrencyCode, HasMore, NextCursor, ObjectName
from fincore.reconciliation.pages.run_pages import ListedRun
from fincore.reconciliation.report.run_report import AccountReport, CheckedReport
from fincore.staff.access.person import Mode
from fincore.staff.report_body import (
    Flaw,
    HashBefore,
    IsSound,
    ReportHash,
    StaffAdjustedSum,
    StaffAgeSum,
    StaffMatchedSum,
    StaffReportedBreaks,
    StaffReportedFile,
    StaffTie,
    StaffUnclearedMoney,
    render_ages,
    render_tie,
)

RunIdText = Annotated[
    str, Meta(description="The id of the run.", examples=["run_01kab5m5wvfb9v1c2m5hfv0d2e"])
]


class StaffRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run, and what it did in the mode."""

    object: Annotated[Literal["reconciliation_run"], ObjectName] = "reconciliation_run"
    id: RunIdText
    cut_off: Annotated[datetime, Meta(description="Up to when it looked.")]
    last_entry: Annotated[int, Meta(description="The last entry of the ledger that it saw.")]
    finished_at: Annotated[datetime, Meta(description="When the log had all of its events.")]
    files: Annotated[int, Meta(description="How many files it took up.")]
    lines_matched: Annotated[int, Meta(description="How many lines it matched, wholly or in part.")]
    breaks_opened: Annotated[int, Meta(description="How many breaks it opened.")]
    breaks_closed: Annotated[int, Meta(description="How many breaks it closed.")]
    sha256: Annotated[
        str | None, Meta(description="The hash of its report; null until the next run has kept it.")
    ]


class StaffRunList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of runs."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffRun], Meta(description="The runs, the last one first.")]
    has_more: HasMore
    next_cursor: NextCursor


class StaffAccountReport(msgspec.Struct, frozen=True, kw_only=True):
    """One account at a PSP in one currency, as a run left it."""

    account: Annotated[str, Meta(description="The PSP and the account.", examples=["paypal/default"])]
    currency: CurrencyCode
    uncleared_minor: Annotated[int, Meta(description="What the PSP took and no statement has told of.")]
    uncleared: Annotated[list[StaffAgeSum], Meta(description="The same by age.")]
    matched_minor: Annotated[int, Meta(description="What the run matched.")]
    matched: Annotated[list[StaffMatchedSum], Meta(description="The same by kind of line.")]
    open_lines: Annotated[int, Meta(description="How many lines have no match.")]
    open_lines_minor: Annotated[int, Meta(description="What they come to.")]
    balance_minor: Annotated[int, Meta(description="What the PSP holds, as the ledger has it.")]
    in_transit_minor: Annotated[int, Meta(description="What is on its way to a bank.")]
    stated_balance_minor: Annotated[
        int | None, Meta(description="What the PSP holds by its last statement; null: no statement says it.")
    ]
    stated_by: Annotated[str | None, Meta(description="The file that says so; null: none does.")]
    ties: Annotated[list[StaffTie], Meta(description="The equations between the report and the ledger.")]
    adjusted: Annotated[list[StaffAdjustedSum], Meta(description="What people decided since the run before.")]


class StaffRunReport(msgspec.Struct, frozen=True, kw_only=True):
    """The report of a run in one mode, made again now; `sha256` is of the report of both modes."""

    object: Annotated[Literal["reconciliation_report"], ObjectName] = "reconciliation_report"
    id: RunIdText
    mode: Annotated[Mode, Meta(description="Of which mode.")]
    cut_off: Annotated[datetime, Meta(description="Up to when the run looked.")]
    last_entry: Annotated[int, Meta(description="The last entry of the ledger that it saw.")]
    sha256: ReportHash
    sha256_before: HashBefore
    is_sound: IsSound
    flaw: Flaw
    uncleared: Annotated[
        list[StaffUnclearedMoney], Meta(description="What is uncleared, by currency and age.")
    ]
    accounts: Annotated[list[StaffAccountReport], Meta(description="Each account at a PSP.")]
    files: Annotated[list[StaffReportedFile], Meta(description="The files that the run took up.")]
    break_sums: Annotated[
        list[StaffReportedBreaks], Meta(description="The breaks that the run left, in sums.")
    ]


def render_run(one: ListedRun) -> StaffRun:
    """A run of a list."""
    return StaffRun(
        id=one.run_id,
        cut_off=one.cut_off,
        last_entry=one.last_entry_id,
        finished_at=one.finished_at,
        files=one.files,
        lines_matched=one.lines_matched,
        breaks_opened=one.breaks_opened,
        breaks_closed=one.breaks_closed,
        sha256=one.sha256,
    )


def render_report(checked: CheckedReport, mode: Mode) -> StaffRunReport:
    """What a report says of one mode."""
    report = checked.report
    return StaffRunReport(
        id=report.run_id,
        mode=mode,
        cut_off=report.cut_off,
        last_entry=report.last_entry_id,
        sha256=checked.sha256,
        sha256_before=report.sha256_before,
        is_sound=checked.is_sound,
        flaw=checked.flaw,
        uncleared=[
            StaffUnclearedMoney(
                currency=one.currency, amount_minor=one.amount_minor, by_age=render_ages(one.by_age)
            )
            for one in report.uncleared
            if one.mode == mode
        ],
        accounts=[_account(one) for one in report.accounts if one.mode == mode],
        files=[
            StaffReportedFile(
                id=one.file_id,
                name=one.name,
                source=one.source,
                account=f"{one.psp}/{one.psp_account}",
                sha256=one.sha256,
            )
            for one in report.files
            if one.mode == mode
        ],
        break_sums=[
            StaffReportedBreaks(
                account=f"{one.psp}/{one.psp_account}",
                currency=one.currency,
                break_class=one.break_class,
                status=one.status,
                breaks=one.breaks,
                amount_minor=one.amount_minor,
            )
            for one in report.break_sums
            if one.mode == mode
        ],
    )


def _account(one: AccountReport) -> StaffAccountReport:
    return StaffAccountReport(
        account=f"{one.psp}/{one.psp_account}",
        currency=one.currency,
        uncleared_minor=one.uncleared_minor,
        uncleared=render_ages(one.uncleared),
        matched_minor=one.matched_minor,
        matched=[msgspec.convert(sum_, StaffMatchedSum, from_attributes=True) for sum_ in one.matched],
        open_lines=one.open_lines,
        open_lines_minor=one.open_lines_minor,
        balance_minor=one.balance_minor,
        in_transit_minor=one.in_transit_minor,
        stated_balance_minor=one.stated_balance_minor,
        stated_by=one.stated_by,
        ties=[render_tie(tie) for tie in one.all_ties],
        adjusted=[msgspec.convert(sum_, StaffAdjustedSum, from_attributes=True) for sum_ in one.adjusted],
    )
