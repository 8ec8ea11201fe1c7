"""The ledger as staff look at it: accounts and trial balance as of an entry, entries with their events, sealed days, suspense."""

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import MerchantId, StreamId
from fincore.postgres.pool import Pool
from fincore.read.event_facts import EventFacts, event_facts
from fincore.read.ledger.suspense import Suspended, open_suspense
from fincore.read.ledgerdb.account_list import AccountFilters, AccountPage, list_accounts
from fincore.read.ledgerdb.account_statement import AccountStatements
from fincore.read.ledgerdb.day_verification import DayVerification, verify_day
from fincore.read.ledgerdb.ledger_entries import EntryPage, LedgerEntries, LedgerEntry
from fincore.read.ledgerdb.ledger_moment import (
    LedgerMoment,
    ledger_after,
    ledger_at,
    ledger_now,
    ledger_sealed_on,
)
from fincore.read.ledgerdb.sealed_day_list import ListedDays, list_sealed_days
from fincore.read.ledgerdb.trial_balance import CurrencyTotal, trial_balance_totals


class MomentAsked(msgspec.Struct, frozen=True, kw_only=True):
    """As of when the ledger is asked for: at a time of booking, at the end of a sealed day, or after an entry; one of them, or none for now."""

    at: datetime | None = None
    day: date | None = None
    entry_id: int | None = None


class ShownEntry(NamedTuple):
    """An entry, and the event that it books; None where an operator or an upgrade booked it."""

    entry: LedgerEntry
    event: EventFacts | None


class SuspensePlace(NamedTuple):
    """An entry may leave something in suspense in each of several currencies."""

    entry_id: int
    currency: Currency


class LedgerViews:
    """What staff see of LedgerDB. It may lag behind the log by what is not booked yet."""

    def __init__(self, ledgerdb: Pool, eventstore: Pool) -> None:
        self._ledgerdb = ledgerdb
        self._eventstore = eventstore
        self.statements = AccountStatements(ledgerdb)
        self._entries = LedgerEntries(ledgerdb)

    async def moment(self, asked: MomentAsked) -> LedgerMoment | None:
        """The state of the ledger that is asked for; None for a day that is not sealed and for an entry that is not there."""
        if asked.entry_id is not None:
            return await ledger_after(self._ledgerdb, asked.entry_id)
        if asked.day is not None:
            return await ledger_sealed_on(self._ledgerdb, asked.day)
        if asked.at is not None:
            return await ledger_at(self._ledgerdb, asked.at)
        return await ledger_now(self._ledgerdb)

    async def accounts(
        self, wanted: AccountFilters, moment: LedgerMoment, *, after_name: str | None, limit: int
    ) -> AccountPage:
        """The accounts that had been used by then, by name."""
        return await list_accounts(self._ledgerdb, wanted, moment, after_name=after_name, limit=limit)

    async def totals(
        self, moment: LedgerMoment, *, livemode: bool, currency: Currency | None
    ) -> list[CurrencyTotal]:
        """Both sides of the trial balance in each currency."""
        return await trial_balance_totals(self._ledgerdb, moment, livemode=livemode, currency=currency)

    async def entry(
        self, entry_id: int, *, livemode: bool, merchants: Collection[MerchantId] | None
    ) -> ShownEntry | None:
        """An entry with its event; None where there is none that these merchants may see."""
        entry = await self._entries.find(entry_id, livemode=livemode, merchants=merchants)
        if entry is None:
            return None
        is_of_event = entry.source == "event"
        return ShownEntry(entry, await event_facts(self._eventstore, entry.event_id) if is_of_event else None)

    async def entries_of(
        self,
        stream_id: StreamId,
        *,
        livemode: bool,
        merchants: Collection[MerchantId] | None,
        before: int | None,
        limit: int,
    ) -> EntryPage:
        """The entries of a charge, payout, settlement file or adjustment, the last booked first."""
        return await self._entries.of_subject(
            stream_id, livemode=livemode, merchants=merchants, before=before, limit=limit
        )

    async def sealed_days(self, *, after: date | None, limit: int) -> ListedDays:
        """The sealed days, the latest first."""
        return await list_sealed_days(self._ledgerdb, after=after, limit=limit)

    async def verify_day(self, day: date, *, expected: str | None) -> DayVerification | None:
        """Hash a sealed day again; None where it is not sealed. Raise `DayTooLong`."""
        return await verify_day(self._ledgerdb, day, expected=expected)

    async def suspense(
        self, *, livemode: bool, after: SuspensePlace | None, limit: int
    ) -> tuple[list[Suspended], bool]:
        """What waits in suspense, the oldest first, after a place; and whether more follows."""
        # One more than asked for tells whether more follows.
        waiting = await open_suspense(self._ledgerdb, livemode=livemode, after=after, limit=limit + 1)
        return waiting[:limit], len(waiting) > limit
