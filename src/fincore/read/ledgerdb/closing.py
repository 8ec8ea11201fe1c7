"""Closing months: a closed one takes no entry any more, and what is heard of it later is booked in an open one."""

from datetime import date, datetime

import asyncpg
import msgspec

from fincore.domain.errors import FinCoreError
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.read.ledgerdb", "closing.sql")


class PeriodNotClosable(FinCoreError):
    """A month cannot be closed; the message says why."""


class ClosedPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """A closed month, by its first day. `late_entries` happened in it and are booked later."""

    period: date
    closed_at: datetime
    closed_by: str
    last_entry_id: int
    late_entries: int


async def close_period(pool: Pool, period: date, *, by: str) -> int:
    """Close a month and all before it; return the last entry there was. Raise `PeriodNotClosable`."""
    try:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(_SQL.take_turn)
            last_entry_id: int = await connection.fetchval(_SQL.close_period, period, by)
    except (asyncpg.UniqueViolationError, asyncpg.CheckViolationError) as error:
        raise PeriodNotClosable(f"{error.args[0]}: {error.hint}" if error.hint else error.args[0]) from error
    return last_entry_id


async def closed_periods(pool: Pool) -> list[ClosedPeriod]:
    """The closed months, the latest first."""
    return [ClosedPeriod(**dict(row)) for row in await pool.fetch(_SQL.closed_periods)]
