"""What the report of a run holds, and the equations that tie it to the ledger. Pure.

Amounts are minor units, signed from our side. Everything is as of the run: its cut-off, and the last entry of the ledger that it saw.
"""

from datetime import datetime
from typing import Final, Literal

import msgspec

from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.ids import RunId, SettlementFileId
from fincore.domain.money import Money
from fincore.domain.settlement_events import LineKind
from fincore.reconciliation.breaks.break_status import BreakStatus, StandingStatus
from fincore.reconciliation.matching.differences import BreakClass
from fincore.reconciliation.totals import ComputedTotals, StatedTotals

FORM_VERSION: Final = 1
"""Of what is here: any change of the bytes that a run makes is a further version."""
BREAKS_MAX: Final = 1_000
"""So many breaks are named one by one, the oldest first; sums count all of them."""
MATCHED_BY_RUN: Final = "matched by this run"
"""The part of an equation that the ledger moves only after the run: the rest of it is what the run left."""

Mode = Literal["live", "test"]
TieAccount = Literal["clearing", "unmatched", "adjusted"]
"""`adjusted`: what came to the accounts of adjustments and write-offs since the run before."""
AdjustedKind = Literal["adjustment", "write_off", "opening", "reversal"]
"""What a person decided: `opening` explains what a PSP held before its first file."""


class AgeSum(msgspec.Struct, frozen=True, kw_only=True):
    """Clearing items without a match, of an age in whole days, from and to; None: and older."""

    from_days: int
    to_days: int | None
    items: int
    amount_minor: int


class UnclearedMoney(msgspec.Struct, frozen=True, kw_only=True):
    """The headline: what PSPs took in a mode and currency and no statement has told of, by age."""

    mode: Mode
    currency: Currency
    amount_minor: int
    by_age: tuple[AgeSum, ...]


class MatchedSum(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of one kind that the run matched, wholly or in part, and what of them it matched."""

    kind: LineKind
    lines: int
    gross_minor: int
    fee_minor: int


class AdjustedSum(msgspec.Struct, frozen=True, kw_only=True):
    """What people decided since the run before and the ledger has booked, of one kind."""

    kind: AdjustedKind
    adjustments: int
    gross_minor: int
    fee_minor: int


class Tie(msgspec.Struct, frozen=True, kw_only=True):
    """An equation between the report and the ledger: `account` holds what `parts` add up to."""

    account: TieAccount
    ledger_minor: int
    parts: tuple[tuple[str, int], ...]

    @property
    def difference_minor(self) -> int:
        """What the ledger holds beyond the parts; 0 where the equation holds."""
        return self.ledger_minor - sum(amount_minor for _, amount_minor in self.parts)


class AccountReport(msgspec.Struct, frozen=True, kw_only=True):
    """One account at a PSP, in one currency.

    `balance_minor` is what the ledger says that the PSP holds, `stated_balance_minor` what the last statement says, which is the file
    `stated_by`; both are None where no statement says it.
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
    ties: tuple[Tie, ...]
    adjusted: tuple[AdjustedSum, ...] = ()
    adjusted_tie: Tie | None = None

    @property
    def all_ties(self) -> tuple[Tie, ...]:
        """The equations of what the accounts hold, and that of what was adjusted, if anything was."""
        return self.ties if self.adjusted_tie is None else (*self.ties, self.adjusted_tie)


class FileReport(msgspec.Struct, frozen=True, kw_only=True):
    """A file of which the run took up the lines, with what it states of each currency and what its lines add up to."""

    file_id: SettlementFileId
    name: str
    source: str
    mode: Mode
    psp: str
    psp_account: str
    sha256: str
    size_bytes: int
    format: str
    parser_version: str
    period_start: datetime | None
    period_end: datetime | None
    sequence: int | None
    stated: tuple[StatedTotals, ...]
    computed: tuple[ComputedTotals, ...]


class BreakSum(msgspec.Struct, frozen=True, kw_only=True):
    """The breaks of one status, account, currency and class that are not closed. A break of a whole file has neither currency nor amount."""

    mode: Mode
    psp: str
    psp_account: str
    currency: Currency | None
    break_class: BreakClass
    status: StandingStatus
    breaks: int
    amount_minor: int | None
    oldest_days: int


class BreakReport(msgspec.Struct, frozen=True, kw_only=True):
    """A break. `reference` is what the PSP calls the thing, `charge` the public id of the charge, `line` the line of the file.

    `status`, `owner` and the last `reason` are those of the actions before the run, and of its own.
    """

    break_id: int
    break_class: BreakClass
    mode: Mode
    psp: str
    psp_account: str
    currency: Currency | None
    amount_minor: int | None
    days: int
    charge: str | None
    reference: str | None
    file_name: str | None
    line: int | None
    status: BreakStatus
    owner: str | None
    reason: str | None


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report. `sha256_before` is that of the report of the run before; None for the first."""

    form_version: int
    run_id: RunId
    cut_off: datetime
    last_entry_id: int
    sha256_before: str | None
    uncleared: tuple[UnclearedMoney, ...]
    accounts: tuple[AccountReport, ...]
    files: tuple[FileReport, ...]
    break_sums: tuple[BreakSum, ...]
    breaks: tuple[BreakReport, ...]
    breaks_not_named: int

    @property
    def ties(self) -> bool:
        """Whether every equation holds."""
        return all(not tie.difference_minor for one in self.accounts for tie in one.all_ties)


class CheckedReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report as it is made now. `flaw` says why it is not the one that was hashed when the run finished; None where it is."""

    report: RunReport
    sha256: str
    flaw: str | None

    @property
    def is_sound(self) -> bool:
        """Whether it is the report of then, and ties to the ledger."""
        return self.flaw is None and self.report.ties


def report_json(report: RunReport) -> bytes:
    """The report as JSON: UTF-8, indented by two, a line feed at its end. Its hash is taken over these bytes."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def amount_text(amount_minor: int | None, currency: Currency | None) -> str:
    """`1,234.56 USD`; whole minor units for a code that is no currency of payments, and empty where there is no amount."""
    if amount_minor is None or currency is None:
        return ""
    if currency in EXPONENTS:
        return str(Money(amount_minor, currency))
    return f"{amount_minor:,} {currency.upper()}"


def age_text(age: AgeSum) -> str:
    """`2-3 days`, `over 30 days`."""
    return (
        f"{age.from_days}-{age.to_days} days" if age.to_days is not None else f"over {age.from_days - 1} days"
    )


def tie_text(tie: Tie, currency: Currency) -> str:
    """The equation with its amounts, and by how much it fails."""
    parts = " + ".join(f"{name} {amount_text(minor, currency)}" for name, minor in tie.parts)
    whole = f"{tie.account} {amount_text(tie.ledger_minor, currency)}"
    if not tie.difference_minor:
        return f"{whole} = {parts}"
    return f"{whole} is not {parts}: the ledger has {amount_text(tie.difference_minor, currency)} more"
