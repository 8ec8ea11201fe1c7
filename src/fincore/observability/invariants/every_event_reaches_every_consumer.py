"""Law: what a consumer's checkpoint has passed has had its effect."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from fincore.domain.ids import EventId, StreamId, charge_of, public_event_id
from fincore.observability.invariants.law import Law, Stores, Violation, scan
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.observability.invariants", "laws.sql")


async def _check(stores: Stores) -> list[Violation]:
    return [*await _missing_in_views(stores), *await _missing_in_ledger(stores)]


async def _missing_in_views(stores: Stores) -> list[Violation]:
    checkpoint = await stores.paymentdb.fetchrow(_SQL.view_checkpoint)
    if checkpoint is None:
        return []

    async def judge(streams: Sequence[asyncpg.Record]) -> list[Violation]:
        expected = {charge_of(StreamId(row["stream_id"])): row["version"] for row in streams}
        rows = await stores.paymentdb.fetch(_SQL.view_versions, list(expected))
        held = {row["charge_id"]: row["version"] for row in rows}
        return [
            Violation(f"view of {charge_id}", f"holds {held.get(charge_id, 0)} of {version} events")
            for charge_id, version in expected.items()
            if held.get(charge_id, 0) < version
        ]

    return await scan(stores.eventstore, _SQL.streams_until, checkpoint["tx"], checkpoint["pos"], judge=judge)


async def _missing_in_ledger(stores: Stores) -> list[Violation]:
    checkpoint = await stores.ledgerdb.fetchrow(_SQL.ledger_checkpoint)
    if checkpoint is None:
        return []

    async def judge(captures: Sequence[asyncpg.Record]) -> list[Violation]:
        rows = await stores.ledgerdb.fetch(_SQL.entries_of_events, [row["event_id"] for row in captures])
        booked = {row["event_id"] for row in rows}
        return [
            Violation(
                f"event {public_event_id(EventId(row['event_id']))} of {charge_of(StreamId(row['stream_id']))}",
                "the ledger has passed it without an entry",
            )
            for row in captures
            if row["event_id"] not in booked
        ]

    return await scan(
        stores.eventstore, _SQL.captures_until, checkpoint["tx"], checkpoint["pos"], judge=judge
    )


EVERY_EVENT_REACHES_EVERY_CONSUMER: Final = Law(
    "every_event_reaches_every_consumer",
    "Every event that a consumer's checkpoint has passed has had its effect, in the view and in the ledger.",
    _check,
)
"""If it fails, a consumer has skipped an event: what staff see, or the books, miss a fact. Rebuild that consumer."""
