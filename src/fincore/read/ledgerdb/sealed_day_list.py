"""Sealed days of the ledger page by page."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

import msgspec

from fincore.domain.currency import Currency
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.page import require_page

_SQL = load_sql("fincore.read.ledgerdb", "sealed_day_list.sql")


class ListedDay(msgspec.Struct, frozen=True, kw_only=True):
    """A sealed day of bookings, by UTC. `debits_minor`: what was debited on it, and so credited, by mode (whether live) and currency."""

    day: date
    first_entry_id: int
    last_entry_id: int
    entries: int
    postings: int
    debits_minor: Mapping[tuple[bool, Currency], int]
    manifest_hash: bytes
    previous_hash: bytes
    sealed_at: datetime


class ListedDays(NamedTuple):
    """One page, the latest day first; the last one's day is the place from which the next page goes on."""

    days: list[ListedDay]
    has_more: bool


async def list_sealed_days(pool: Pool, *, after: date | None = None, limit: int) -> ListedDays:
    """The sealed days before the day `after`."""
    require_page(limit)
    rows = await pool.fetch(_SQL.list_days, limit + 1, after)
    days = []
    for row in rows[:limit]:
        fields = dict(row)
        sums = msgspec.json.decode(fields.pop("sums"), type=list[tuple[str, Currency, int]])
        debits_minor = {(mode == "live", currency): minor for mode, currency, minor in sums}
        days.append(ListedDay(**fields, debits_minor=debits_minor))
    return ListedDays(days, has_more=len(rows) > limit)
