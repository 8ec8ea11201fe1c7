"""What merchants ask of the ledger: what we owe them, and how it came about."""

from datetime import datetime
from typing import NamedTuple

import asyncpg
import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId, EventId, MerchantId, StreamId, charge_of, stream_of
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.ledgerdb.balance_transaction import (
    CAPTURE,
    KINDS,
    OPERATOR,
    TYPES,
    BalanceTransaction,
    BalanceTransactionType,
)
from fincore.read.page import require_page, with_conditions

_SQL = load_sql("fincore.read.ledgerdb", "balance_queries.sql")


class Payable(NamedTuple):
    """What we owe in each currency, as the books stood at `read_at`: after the events up to the place (`tx`, `pos`)."""

    amounts_minor: dict[Currency, int]
    tx: int
    pos: int
    read_at: datetime


class BalanceFilters(msgspec.Struct, frozen=True, kw_only=True):
    """The merchant and mode of the balance transactions, and filters; a filter left None does not filter.

    `booked_from` is inclusive, `booked_before` exclusive.
    """

    merchant_id: MerchantId
    livemode: bool
    type: BalanceTransactionType | None = None
    currency: Currency | None = None
    charge_id: ChargeId | None = None
    booked_from: datetime | None = None
    booked_before: datetime | None = None


class BalancePage(NamedTuple):
    """One page of a list, the last booked first; the last one's `event_id` is the cursor to the next."""

    transactions: list[BalanceTransaction]
    has_more: bool


class BalanceQueries:
    """Merchants' accounts in the ledger. They may lag behind the log by what is not booked yet."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def payable(self, merchant_id: MerchantId, *, livemode: bool) -> Payable:
        """What we owe a merchant, in every currency in which it ever had money."""
        rows = await self._pool.fetch(_SQL.payable, merchant_id, livemode)
        amounts_minor = {row["currency"]: row["balance_minor"] for row in rows if row["currency"]}
        return Payable(amounts_minor, rows[0]["tx"], rows[0]["pos"], rows[0]["read_at"])

    async def find(
        self, merchant_id: MerchantId, event_id: EventId, *, livemode: bool
    ) -> BalanceTransaction | None:
        """What an entry did to a merchant's account, or None where it did nothing to one of this merchant in this mode."""
        statement = _SQL.transactions.format(listed=_SQL.of_event)
        row = await self._pool.fetchrow(statement, merchant_id, livemode, 1, None, event_id)
        return _transaction(row) if row else None

    async def list_transactions(
        self, filters: BalanceFilters, *, after_id: EventId | None = None, limit: int
    ) -> BalancePage:
        """The next balance transactions after `after_id` in the list, at most `limit` (1 to `PAGE_ROWS_MAX`).

        The page is empty where the merchant has no balance transaction `after_id`.
        """
        require_page(limit)
        # One more than asked for tells whether there is a further page.
        statement, arguments = list_statement(filters, after_id=after_id, limit=limit + 1)
        rows = await self._pool.fetch(statement, *arguments)
        return BalancePage([_transaction(row) for row in rows[:limit]], has_more=len(rows) > limit)


def list_statement(
    filters: BalanceFilters, *, after_id: EventId | None, limit: int
) -> tuple[str, list[object]]:
    """The statement that lists balance transactions through exactly the filters given, and its arguments."""
    kinds = None if filters.type is None else KINDS[filters.type]
    arguments: list[object] = [filters.merchant_id, filters.livemode, limit, filters.currency]
    conditions: list[tuple[str, object | None]] = [
        (_SQL.booked_from, filters.booked_from),
        (_SQL.booked_before, filters.booked_before),
        (_SQL.after_transaction, after_id),
    ]
    if filters.charge_id is not None:
        listed = _SQL.of_charge
        arguments.append(stream_of(filters.charge_id))
        conditions.append((_SQL.is_of_kinds, kinds))
    elif kinds is None or CAPTURE in kinds:
        listed = _SQL.all_kinds
        conditions.append((_SQL.is_capture, CAPTURE if kinds else None))
    else:
        listed = _SQL.of_kinds
        arguments.append(kinds)
    return with_conditions(_SQL.transactions.format(listed=listed), arguments, conditions)


def _transaction(row: asyncpg.Record) -> BalanceTransaction:
    return BalanceTransaction(
        event_id=EventId(row["event_id"]),
        type=TYPES[OPERATOR if row["source"] == "operator" else row["kind"]],
        charge_id=charge_of(StreamId(row["stream_id"])),
        currency=row["currency"],
        gross_minor=row["gross_minor"],
        fee_minor=row["fee_minor"],
        balance_after_minor=row["balance_after_minor"],
        effective_at=row["effective_at"],
        booked_at=row["booked_at"],
    )
