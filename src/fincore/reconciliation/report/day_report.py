"""What the report of a day holds, and the equations that tie it to the ledger and to the reports of its runs. Pure.

Amounts are minor units, signed from our side. Everything is as of the last run of the day.
"""

from datetime import date, datetime
from typing import Final

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import RunId
from fincore.reconciliation.matching.differences import BreakClass
from fincore.reconciliation.report.run_report import (
    AdjustedSum,
    AgeSum,
    BreakReport,
    BreakSum,
    FileReport,
    MatchedSum,
    Mode,
    Tie,
    TieAccount,
    UnclearedMoney,
    amount_text,
)

FORM_VERSION: Final = 1
"""Of what is here: any change of the bytes that a day makes is a further version."""


class DayRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run of the day. `sha256` is the hash of its report; None where none was kept yet."""

    run_id: RunId
    cut_off: datetime
    last_entry_id: int
    sha256: str | None


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """An equation over the day: what stood on an account before, what the ledger booked there, what runs matched, and what stands after.

    `clearing` stands for what is uncleared, `unmatched` for lines without a match and what was held before the first file.
    """

    account: TieAccount
    before_minor: int
    booked_minor: int
    matched_minor: int
    after_minor: int

    @property
    def difference_minor(self) -> int:
        """What stands after the day beyond what the others come to; 0 where the equation holds."""
        return self.after_minor - (self.before_minor + self.booked_minor - self.matched_minor)


class DayAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One account at a PSP, in one currency.

    `matched` is what all runs of the day matched, `adjusted` what people decided since the last run before; `ties` are those of its last run.
    """

    mode: Mode
    psp: str
    psp_account: str
    currency: Currency
    uncleared_minor: int
    uncleared: tuple[AgeSum, ...]
    matched_minor: int
    matched: tuple[MatchedSum, ...]
    open_lines: int
    open_lines_minor: int
    balance_minor: int
    in_transit_minor: int
    stated_balance_minor: int | None
    stated_by: str | None
    movements: tuple[Movement, ...]
    ties: tuple[Tie, ...]
    adjusted: tuple[AdjustedSum, ...] = ()
    adjusted_tie: Tie | None = None

    @property
    def all_ties(self) -> tuple[Tie, ...]:
        """The equations of what the accounts hold, and that of what was adjusted in the day, if anything was."""
        return self.ties if self.adjusted_tie is None else (*self.ties, self.adjusted_tie)


class BreakCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many breaks of a mode stood before the day, opened and closed in it, and stand after it."""

    mode: Mode
    before: int
    opened: int
    closed: int
    after: int

    @property
    def difference(self) -> int:
        """How many stand after the day beyond what the others come to; 0 where the equation holds."""
        return self.after - (self.before + self.opened - self.closed)


class ClassSum(msgspec.Struct, frozen=True, kw_only=True):
    """The breaks of one account, currency and class that opened, or closed, in the day, with the class and amount that they had last."""

    mode: Mode
    psp: str
    psp_account: str
    currency: Currency | None
    break_class: BreakClass
    breaks: int
    amount_minor: int | None


class DayReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report. `so_far`: a run may still be added to the day. `day_before` is the day with a run before it, None for the first.

    A day without a run has no figures. Breaks are named one by one as far as `BREAKS_MAX` goes, the oldest first.
    """

    form_version: int
    day: date
    so_far: bool
    day_before: date | None
    sha256_before: str | None
    runs: tuple[DayRun, ...]
    uncleared: tuple[UnclearedMoney, ...]
    accounts: tuple[DayAccount, ...]
    files: tuple[FileReport, ...]
    break_counts: tuple[BreakCount, ...]
    opened_sums: tuple[ClassSum, ...]
    opened: tuple[BreakReport, ...]
    closed_sums: tuple[ClassSum, ...]
    closed: tuple[BreakReport, ...]
    open_sums: tuple[BreakSum, ...]

    @property
    def ties(self) -> bool:
        """Whether every equation holds."""
        return not any(
            (
                *(one.difference for one in self.break_counts),
                *(move.difference_minor for one in self.accounts for move in one.movements),
                *(tie.difference_minor for one in self.accounts for tie in one.all_ties),
            )
        )


class CheckedDay(msgspec.Struct, frozen=True, kw_only=True):
    """A report of a day as it is made now. `flaw` says why it is not the one that was hashed when the day was sealed; None where it is.

    `is_missing`: the day has ended by the server's clock, and has no run.
    """

    report: DayReport
    sha256: str
    flaw: str | None
    is_missing: bool

    @property
    def is_sound(self) -> bool:
        """Whether there was a run, and the report is the one of then and ties to the ledger."""
        return self.flaw is None and not self.is_missing and self.report.ties


def day_report_json(report: DayReport) -> bytes:
    """The report as JSON: UTF-8, indented by two, a line feed at its end. Its hash is taken over these bytes."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def movement_text(move: Movement, currency: Currency) -> str:
    """The equation with its amounts, and by how much it fails."""
    before, booked, matched, after = (
        amount_text(minor, currency)
        for minor in (move.before_minor, move.booked_minor, move.matched_minor, move.after_minor)
    )
    equation = f"{before} before + {booked} booked - {matched} matched"
    if not move.difference_minor:
        return f"{move.account}: {equation} = {after} after"
    return f"{move.account}: {equation} is not {after} after, which is {amount_text(move.difference_minor, currency)} more"


def count_text(count: BreakCount) -> str:
    """The equation of the breaks of a mode, and by how much it fails."""
    equation = f"{count.before:,} before + {count.opened:,} opened - {count.closed:,} closed"
    if not count.difference:
        return f"{count.mode} mode: {equation} = {count.after:,} open"
    return f"{count.mode} mode: {equation} is not {count.after:,} open"
