"""Clearing items that no line of a statement has matched, one by one: what `uncleared_by_age` sums."""

from datetime import datetime
from typing import Final, NamedTuple

import asyncpg
import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import StreamId
from fincore.domain.stream_names import StreamName, stream_name
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.ledger.clearing_item import ItemKind
from fincore.read.page import require_page, with_conditions

_SQL = load_sql("fincore.reconciliation.pages", "uncleared_pages.sql")


class ItemPlace(NamedTuple):
    """Where an item stands among all items: an entry may have one on each of several accounts."""

    entry_id: int
    account_id: int


_BEFORE_ALL: Final = ItemPlace(0, 0)


class UnclearedFilters(msgspec.Struct, frozen=True, kw_only=True):
    """Which items of a mode; None is any. `psp_account` goes with `psp`; ages are in whole days, both included."""

    livemode: bool
    psp: str | None = None
    psp_account: str | None = None
    currency: Currency | None = None
    kind: ItemKind | None = None
    days_min: int = 0
    days_max: int | None = None


class UnclearedItem(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry left on clearing, debits positive: only what of it is without a match."""

    place: ItemPlace
    psp: str
    psp_account: str
    currency: Currency
    kind: ItemKind
    psp_reference: str
    subject: StreamName
    gross_minor: int
    fee_minor: int
    effective_at: datetime
    booked_at: datetime
    days: int


class UnclearedPage(NamedTuple):
    """One page in the order of booking; the last one's place is that from which the next page goes on."""

    items: list[UnclearedItem]
    has_more: bool


async def list_uncleared(
    ledgerdb: Pool, wanted: UnclearedFilters, *, after: ItemPlace | None = None, limit: int
) -> UnclearedPage:
    """The items without a match after a place."""
    require_page(limit)
    statement, arguments = uncleared_statement(wanted, after=after, limit=limit + 1)
    rows = await ledgerdb.fetch(statement, *arguments)
    return UnclearedPage([_item(row) for row in rows[:limit]], has_more=len(rows) > limit)


def uncleared_statement(
    wanted: UnclearedFilters, *, after: ItemPlace | None, limit: int
) -> tuple[str, list[object]]:
    """The statement that lists items through exactly the filters given, and its arguments."""
    return with_conditions(
        _SQL.list_uncleared,
        (wanted.livemode, limit, *(after or _BEFORE_ALL)),
        (
            (_SQL.at_psp, wanted.psp),
            (_SQL.of_account, wanted.psp_account),
            (_SQL.in_currency, wanted.currency),
            (_SQL.of_kind, wanted.kind),
            (_SQL.aged_at_least, wanted.days_min or None),
            (_SQL.aged_at_most, wanted.days_max),
        ),
    )


def _item(row: asyncpg.Record) -> UnclearedItem:
    return UnclearedItem(
        place=ItemPlace(row["entry_id"], row["account_id"]),
        psp=row["psp"],
        psp_account=row["psp_account"],
        currency=row["currency"],
        kind=row["kind"],
        psp_reference=row["psp_reference"],
        subject=stream_name(StreamId(row["stream_id"]), row["about"]),
        gross_minor=row["gross_minor"],
        fee_minor=row["fee_minor"],
        effective_at=row["effective_at"],
        booked_at=row["booked_at"],
        days=row["days"],
    )
