"""The ledger built from the log held against the live one: entries, accounts, and what is kept beside the entries."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import asyncpg

from fincore.domain.ids import public_event_id
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection

_SQL = load_sql("fincore.read.ledger", "comparison.sql")

DIFFERENCES_NAMED_MAX: Final = 20
"""Differences that a comparison names; it counts all."""
STATEMENT_TIMEOUT_SECONDS: Final = 3_600.0
"""Comparing all entries is one statement."""


class Difference(NamedTuple):
    """A place in which the two ledgers differ. `entry_id` is its entry, or the number after all where it is in none."""

    entry_id: int
    where: str
    what: str


class Rebuilt(NamedTuple):
    """What was built and compared. `first_id`: from which number on the two are not the same rows; None where they are.

    It is the number after all where every entry is right, and something that follows from entries is not.
    `is_replaced`: the live ledger's rows from there on are now the rebuilt ones.
    """

    entries: int
    postings: int
    first_id: int | None
    differences: int
    named: Sequence[Difference]
    is_replaced: bool = False


async def compare(connection: Connection, last_entry_id: int) -> Rebuilt:
    """Hold the ledger that was built against the live one up to an entry; the live one may have gone on since."""
    await connection.execute(_SQL.analyze, timeout=STATEMENT_TIMEOUT_SECONDS)
    counts = await connection.fetchrow(_SQL.count_rows, timeout=STATEMENT_TIMEOUT_SECONDS)
    entries, postings = counts if counts is not None else (0, 0)
    first_id: int | None = await connection.fetchval(
        _SQL.first_difference, last_entry_id, timeout=STATEMENT_TIMEOUT_SECONDS
    )
    if first_id is not None:
        count, named = await _different_entries(connection, first_id, last_entry_id)
        return Rebuilt(entries, postings, first_id, count, named)
    after_all = last_entry_id + 1
    count, named = 0, []
    derived = (
        _SQL.different_accounts,
        _SQL.different_moves,
        _SQL.different_items,
        _SQL.different_days,
        _SQL.different_hours,
    )
    for statement in derived:
        rows = await _first_of(connection, statement, last_entry_id)
        count += rows[0]["differences"] if rows else 0
        named += [Difference(after_all, row["place"], row["finding"]) for row in rows]
    return Rebuilt(entries, postings, after_all if count else None, count, named[:DIFFERENCES_NAMED_MAX])


async def _different_entries(
    connection: Connection, first_id: int, last_entry_id: int
) -> tuple[int, list[Difference]]:
    rows = await _first_of(connection, _SQL.differences, last_entry_id)
    if not rows:
        what = "its number or its running balances do not follow from the entries before it"
        return 1, [Difference(first_id, f"entry {first_id}", what)]
    return rows[0]["differences"], [
        Difference(
            row["entry_id"],
            f"entry {row['entry_id']} of event {public_event_id(row['event_id'])}",
            row["finding"],
        )
        for row in rows
    ]


async def _first_of(connection: Connection, statement: str, last_entry_id: int) -> list[asyncpg.Record]:
    return await connection.fetch(
        statement, last_entry_id, DIFFERENCES_NAMED_MAX, timeout=STATEMENT_TIMEOUT_SECONDS
    )
