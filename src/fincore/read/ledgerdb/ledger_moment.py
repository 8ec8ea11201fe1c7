"""A state of the ledger: all entries up to one of them. Entries never change, so that it can be read again at any time."""

from datetime import date, datetime
from typing import Final, NamedTuple

from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool

_SQL = load_sql("fincore.read.ledgerdb", "ledger_moment.sql")


class LedgerMoment(NamedTuple):
    """The ledger after the entry `entry_id`, which was booked at `booked_at`."""

    entry_id: int
    booked_at: datetime | None


EMPTY_LEDGER: Final = LedgerMoment(0, None)
"""Before the first entry."""


class EntryRange(NamedTuple):
    """The entries from one number to another, both included; none where the first is greater than the last."""

    first_entry_id: int
    last_entry_id: int


async def ledger_now(on: "Pool | Connection") -> LedgerMoment:
    """The ledger as it is."""
    row = await on.fetchrow(_SQL.last_entry)
    return EMPTY_LEDGER if row is None else LedgerMoment(*row)


async def ledger_at(on: "Pool | Connection", moment: datetime) -> LedgerMoment:
    """The ledger with all that was booked at a moment or before it."""
    row = await on.fetchrow(_SQL.last_entry_until, moment)
    return EMPTY_LEDGER if row is None else LedgerMoment(*row)


async def ledger_sealed_on(on: "Pool | Connection", day: date) -> LedgerMoment | None:
    """The ledger at the end of a sealed day; None where the day is not sealed."""
    row = await on.fetchrow(_SQL.last_entry_of_sealed_day, day)
    return None if row is None else LedgerMoment(*row)


async def ledger_after(on: "Pool | Connection", entry_id: int) -> LedgerMoment | None:
    """The ledger after an entry; None where there is no such entry."""
    row = await on.fetchrow(_SQL.entry, entry_id)
    return None if row is None else LedgerMoment(*row)


async def entries_booked(
    on: "Pool | Connection", booked_from: datetime | None, booked_before: datetime | None
) -> EntryRange:
    """The entries booked at `booked_from` or later and before `booked_before`; None is no bound."""
    row = await on.fetchrow(_SQL.range_of, booked_from, booked_before)
    assert row is not None  # noqa: S101 -- it has no condition
    return EntryRange(row["first_entry_id"], row["last_entry_id"])
