"""The parts of an export of the ledger in any format. Pure."""

from datetime import date, datetime
from typing import Literal

import msgspec

from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.ids import AdjustmentId, ChargeId, PayoutId, SettlementFileId

AccountType = Literal["asset", "liability", "equity", "revenue", "expense"]
Side = Literal["debit", "credit"]


class ExportedAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account with what it held before the range and at its end, debits counted as positive."""

    name: str
    type: AccountType
    currency: Currency
    opening_debit_minor: int
    closing_debit_minor: int


class ExportedBooks(msgspec.Struct, frozen=True, kw_only=True):
    """One mode of the ledger between two days of booking, both of them included, by UTC.

    `has_opening`: the range begins in the middle of the books. `accounts` are all that were used by its end, by name.
    The range is empty where `last_entry_id` is less than `first_entry_id`.
    """

    livemode: bool
    first_day: date
    last_day: date
    has_opening: bool
    first_entry_id: int
    last_entry_id: int
    accounts: tuple[ExportedAccount, ...]


class ExportedPosting(msgspec.Struct, frozen=True, kw_only=True):
    """One leg of an entry. `amount` is `amount_minor` in units of the currency, with all of its decimals."""

    leg: int
    account: str
    account_type: AccountType
    side: Side
    amount_minor: int
    amount: str
    currency: Currency
    balance_after_minor: int


class ExportedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry. `event_id` (`evt_...`) is of the event that it books; an operator's entry has none, but `booked_by`.

    It is of a charge, or of the payout, settlement file or adjustment `settlement`; what an upgrade booked is of no event and of none of them.
    """

    entry_id: int
    livemode: bool
    source: Literal["event", "operator", "upgrade"]
    event_id: str | None
    kind: str
    charge: ChargeId | None
    effective_at: datetime
    booked_at: datetime
    late_for: date | None
    description: str
    reason: str | None
    booked_by: str | None
    clears_entry_id: int | None
    settlement: PayoutId | SettlementFileId | AdjustmentId | None
    postings: tuple[ExportedPosting, ...]


def decimal_text(amount_minor: int, currency: Currency) -> str:
    """`-1234.50` for usd; whole minor units for a code that is no currency of payments, as suspense may hold."""
    digits = EXPONENTS.get(currency, 0)
    major, minor = divmod(abs(amount_minor), 10**digits)
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{major}.{minor:0{digits}d}" if digits else f"{sign}{major}"
