"""Invariant: the log and the ledger tell of the same money, event by event, in both directions."""

from collections.abc import Sequence
from typing import Final, Protocol

import asyncpg

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, scan
from fincore.domain.ids import EventId, StreamId, public_event_id
from fincore.domain.stream_names import stream_name
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")


class Books(Protocol):
    """The log, and the ledger that books it."""

    @property
    def eventstore(self) -> Pool: ...
    @property
    def ledgerdb(self) -> Pool: ...


async def _check(stores: Stores) -> list[Violation]:
    return [*await events_without_entry(stores), *await _entries_without_event(stores)]


async def events_without_entry(stores: Books, stream_id: StreamId | None = None) -> list[Violation]:
    """The money that events moved and that is not booked, or is booked otherwise: of one stream, or of all."""
    checkpoint = await stores.ledgerdb.fetchrow(_SQL.ledger_checkpoint)
    if checkpoint is None:
        return []

    async def judge(moved: Sequence[asyncpg.Record]) -> list[Violation]:
        rows = await stores.ledgerdb.fetch(_SQL.entries_of_events, [row["event_id"] for row in moved])
        booked = {row["event_id"]: row for row in rows}
        return [
            Violation(
                f"event {public_event_id(EventId(row['event_id']))} of {stream_name(StreamId(row['stream_id']), row['type'])}",
                finding,
            )
            for row in moved
            if (finding := _finding(row, booked.get(row["event_id"])))
        ]

    return await scan(
        stores.eventstore,
        _SQL.money_events_until,
        checkpoint["tx"],
        checkpoint["pos"],
        stream_id,
        judge=judge,
    )


def _finding(event: asyncpg.Record, entry: asyncpg.Record | None) -> str | None:
    if entry is None:
        return "moved money and has no entry"
    if entry["livemode"] != event["livemode"]:
        return "is booked in the other mode's ledger"
    if entry["booked"] != event["moved"]:
        return f"moved {event['moved']} in minor units, its entry says {entry['booked'] or 'nothing'}"
    if entry["cleared"] != event["cleared"]:
        return (
            f"is {event['cleared'] or 'nothing'} at the PSP, its entry says {entry['cleared'] or 'nothing'}"
        )
    return None


async def _entries_without_event(stores: Stores) -> list[Violation]:
    async def judge(entries: Sequence[asyncpg.Record]) -> list[Violation]:
        rows = await stores.eventstore.fetch(_SQL.money_events_by_id, [row["event_id"] for row in entries])
        streams = {row["event_id"]: row["stream_id"] for row in rows}
        return [
            Violation(
                f"entry {row['entry_id']}",
                f"books event {public_event_id(EventId(row['event_id']))}, which moved no money on "
                f"{stream_name(StreamId(row['stream_id']), row['kind'])}",
            )
            for row in entries
            if streams.get(row["event_id"]) != row["stream_id"]
        ]

    return await scan(stores.ledgerdb, _SQL.all_entries, judge=judge)


MONEY_EVENTS_HAVE_ENTRIES: Final = Invariant(
    "money_events_have_entries",
    "Every event that moved money has one entry for the same amounts at the same account of the PSP, and every entry but those "
    "of operators and upgrades has its event.",
    _check,
)
"""If it fails, the ledger and the log disagree about money: the ledger shows too much or too little for a merchant or a PSP."""
