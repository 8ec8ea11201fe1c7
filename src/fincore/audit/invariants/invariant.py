"""What an invariant is: a sentence about the stores that must be true at every moment, and the check that finds where it is not."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import asyncpg
import msgspec

from fincore.postgres.pool import Connection, Pool
from fincore.write.queue.port import JobInspection

BATCH_ROWS: Final = 1_000
"""Rows that a check holds in memory at a time."""
VIOLATIONS_MAX: Final = 100
"""Rows that one check names; it looks for no more."""
STATEMENT_TIMEOUT_SECONDS: Final = 900.0
"""How long one statement of a check may take: it may read a whole table."""


class Stores(Protocol):
    """What a check reads: the three stores, which may be three servers, and the job queue. A check takes two connections a pool."""

    @property
    def eventstore(self) -> Pool:
        """The log, idempotency keys, inbox, merchants and webhooks to them."""
        ...

    @property
    def paymentdb(self) -> Pool:
        """The query view."""
        ...

    @property
    def ledgerdb(self) -> Pool:
        """The ledger."""
        ...

    @property
    def jobs(self) -> JobInspection:
        """The job queue, behind its port."""
        ...


class Violation(msgspec.Struct, frozen=True):
    """One row that breaks an invariant: where it is, and what is wrong with it. Never holds the content of the row."""

    where: str
    what: str


Check = Callable[[Stores], Awaitable[list[Violation]]]


class Invariant(msgspec.Struct, frozen=True):
    """`check` finds what breaks `sentence`, a bounded number of rows of it; it reads and never writes."""

    name: str
    sentence: str
    check: Check


Judge = Callable[[Sequence[asyncpg.Record]], Awaitable[list[Violation]]]


async def scan(pool: Pool, statement: str, *arguments: object, judge: Judge) -> list[Violation]:
    """Let a judge see all rows of a statement, a bounded batch at a time, until it has found enough.

    A server-side cursor in a reading transaction: memory stays flat, and readers of the log are not held back.
    """
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        return await scan_within(connection, statement, *arguments, judge=judge)


async def scan_within(
    connection: Connection, statement: str, *arguments: object, judge: Judge
) -> list[Violation]:
    """The same inside a transaction of the caller's, in which the judge may read more of the same snapshot."""
    found: list[Violation] = []
    cursor = await connection.cursor(statement, *arguments, timeout=STATEMENT_TIMEOUT_SECONDS)
    while len(found) < VIOLATIONS_MAX:
        rows = await cursor.fetch(BATCH_ROWS, timeout=STATEMENT_TIMEOUT_SECONDS)
        if not rows:
            break
        found += await judge(rows)
    return found[:VIOLATIONS_MAX]


async def named_rows(pool: Pool, statement: str, *arguments: object) -> list[Violation]:
    """The violations a statement itself names, as rows of (place, finding)."""

    async def judge(rows: Sequence[asyncpg.Record]) -> list[Violation]:
        return [Violation(row["place"], row["finding"]) for row in rows]

    return await scan(pool, statement, *arguments, judge=judge)
