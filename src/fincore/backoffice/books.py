"""The books as bookkeepers read and seal them."""

from datetime import date, datetime
from typing import Final, NamedTuple

from fincore.domain.clock import AgeClock
from fincore.domain.currency import Currency
from fincore.domain.errors import UsageError
from fincore.domain.ids import EventId, MerchantId
from fincore.postgres.pool import Pool
from fincore.read.event_references import EventReferences
from fincore.read.ledger.accounts import parse_account
from fincore.read.ledgerdb.balances import AccountBalance, Balances, Statement, TimeKind
from fincore.read.ledgerdb.sealer import SealedDay, Sealer, sealed_days
from fincore.write.merchants.merchants import Merchants

SUBJECTS_AT_A_TIME: Final = 1_000
"""For how many events one statement looks up the refund or dispute."""


class BalanceAt(NamedTuple):
    """The balance of an account with all that happened (or was booked) until a moment, that moment included."""

    minor: int
    currency: Currency
    at: datetime


class NamedStatement(NamedTuple):
    """A statement, and the refund or dispute of each of its events that is about one."""

    statement: Statement
    subjects: dict[EventId, str]


async def accounts(
    ledgerdb: Pool, merchants: Merchants, *, livemode: bool, merchant_id: MerchantId | None
) -> list[AccountBalance]:
    """The accounts of a mode, or of one merchant in it; raise `UnknownMerchant`."""
    found = await Balances(ledgerdb).accounts(livemode=livemode, owner=merchant_id)
    if not found and merchant_id is not None:
        await merchants.require(merchant_id)
    return found


async def balance(ledgerdb: Pool, account: str, *, livemode: bool, at: datetime, by: TimeKind) -> BalanceAt:
    """The balance of an account at a moment; raise `AccountNotOpened`."""
    minor = await Balances(ledgerdb).as_of(account, livemode=livemode, at=at, by=by)
    return BalanceAt(minor, parse_account(account).currency, at)


async def statement(
    ledgerdb: Pool, eventstore: Pool, account: str, *, livemode: bool, first_day: date, last_day: date
) -> NamedStatement:
    """The statement of an account over whole days; raise `UsageError` for days in the wrong order."""
    require_order(first_day, last_day)
    found = await Balances(ledgerdb).statement(
        account, livemode=livemode, first_day=first_day, last_day=last_day
    )
    subjects: dict[EventId, str] = {}
    for first in range(0, len(found.lines), SUBJECTS_AT_A_TIME):
        lines = found.lines[first : first + SUBJECTS_AT_A_TIME]
        named = await EventReferences(eventstore).of({line.event_id for line in lines})
        subjects |= {event_id: one.refund_id or one.dispute_id or "" for event_id, one in named.items()}
    return NamedStatement(found, subjects)


async def seal(ledgerdb: Pool, clock: AgeClock) -> list[SealedDay]:
    """Seal everything that is booked; return the sealed days, the latest first."""
    await Sealer(ledgerdb, clock).seal()
    return await sealed_days(ledgerdb)


def require_order(first_day: date | None, last_day: date | None) -> None:
    """Raise `UsageError` where the last day comes before the first."""
    if first_day and last_day and first_day > last_day:
        raise UsageError(f"--from {first_day} is after --to {last_day}: exchange them")
