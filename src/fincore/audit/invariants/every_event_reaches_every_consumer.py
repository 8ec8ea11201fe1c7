"""Invariant: what a consumer's checkpoint has passed has had its effect."""

from collections.abc import Collection, Sequence
from typing import Final

import asyncpg

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, scan
from fincore.domain.ids import EventId, StreamId, charge_of, public_event_id, session_of
from fincore.domain.stream_names import stream_name
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")


async def _check(stores: Stores) -> list[Violation]:
    parked = [
        *await stores.paymentdb.fetch(_SQL.parked_for_view),
        *await stores.ledgerdb.fetch(_SQL.parked_for_ledger),
        *await stores.eventstore.fetch(_SQL.parked_for_notify),
        *await stores.eventstore.fetch(_SQL.parked_for_risk),
    ]
    streams = {(row["consumer"], row["stream_id"]) for row in parked}
    found = await stores.eventstore.fetch(_SQL.kinds_of_streams, list({row["stream_id"] for row in parked}))
    kinds = {row["stream_id"]: row["kind"] for row in found}
    return [
        *(
            Violation(
                f"{row['consumer']}, {stream_name(row['stream_id'], kinds.get(row['stream_id'], ''))}",
                f"is parked since version {row['since_version']}: {row['reason']}",
            )
            for row in parked
        ),
        *await _missing_in_views(
            stores, {stream for consumer, stream in streams if consumer == "projectionist"}
        ),
        *await _missing_in_ledger(stores, {stream for consumer, stream in streams if consumer == "ledger"}),
    ]


async def _missing_in_views(stores: Stores, parked: Collection[StreamId]) -> list[Violation]:
    checkpoint = await stores.paymentdb.fetchrow(_SQL.view_checkpoint)
    if checkpoint is None:
        return []

    async def judge(streams: Sequence[asyncpg.Record]) -> list[Violation]:
        expected = {
            _name_of(row["stream_id"], is_session=row["is_session"]): row["version"]
            for row in streams
            if row["stream_id"] not in parked
        }
        rows = await stores.paymentdb.fetch(_SQL.view_versions, list(expected))
        held = {row["id"]: row["version"] for row in rows}
        return [
            Violation(f"view of {name}", f"holds {held.get(name, 0)} of {version} events")
            for name, version in expected.items()
            if held.get(name, 0) < version
        ]

    return await scan(stores.eventstore, _SQL.streams_until, checkpoint["tx"], checkpoint["pos"], judge=judge)


def _name_of(stream_id: StreamId, *, is_session: bool) -> str:
    return session_of(stream_id) if is_session else charge_of(stream_id)


async def _missing_in_ledger(stores: Stores, parked: Collection[StreamId]) -> list[Violation]:
    checkpoint = await stores.ledgerdb.fetchrow(_SQL.ledger_checkpoint)
    if checkpoint is None:
        return []

    async def judge(moved: Sequence[asyncpg.Record]) -> list[Violation]:
        rows = await stores.ledgerdb.fetch(_SQL.entries_of_events, [row["event_id"] for row in moved])
        booked = {row["event_id"] for row in rows}
        return [
            Violation(
                f"event {public_event_id(EventId(row['event_id']))} of {stream_name(StreamId(row['stream_id']), row['type'])}",
                "the ledger has passed it without an entry",
            )
            for row in moved
            if row["event_id"] not in booked and row["stream_id"] not in parked
        ]

    return await scan(
        stores.eventstore,
        _SQL.money_events_until,
        checkpoint["tx"],
        checkpoint["pos"],
        None,
        judge=judge,
    )


EVERY_EVENT_REACHES_EVERY_CONSUMER: Final = Invariant(
    "every_event_reaches_every_consumer",
    "Every event that a consumer's checkpoint has passed has had its effect, in the view and in the ledger; no charge is "
    "parked.",
    _check,
)
"""If it fails, a consumer has skipped an event: what staff see, or the books, miss a fact. Mend the cause, then resume what is parked or rebuild the consumer."""
