"""Invariant: a consumer that is given shards stands in no stream above the log or behind its checkpoint, and what it has passed has had its effect."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, scan_within
from fincore.domain.ids import StreamId, charge_of, session_of
from fincore.domain.stream_names import stream_name
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool

_SQL = load_sql("fincore.audit.invariants", "stream_positions.sql")

_SHOWN: Final = frozenset({"charge", "checkout_session"})
"""The kinds of streams that the view has rows of."""


async def _check(stores: Stores) -> list[Violation]:
    return [
        *await _of_store(stores.paymentdb, _SQL.of_view, stores.eventstore, holds_view=True),
        *await _of_store(stores.eventstore, _SQL.of_notify, stores.eventstore, holds_view=False),
    ]


async def _of_store(store: Pool, statement: str, eventstore: Pool, *, holds_view: bool) -> list[Violation]:
    """Positions, checkpoint and view are read in one snapshot, and the log, which only grows, after it."""
    async with (
        store.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):

        async def judge(rows: Sequence[asyncpg.Record]) -> list[Violation]:
            streams = [row["stream_id"] for row in rows]
            # The batch is of one consumer, so its rows have one checkpoint.
            ends = {
                end["stream_id"]: end
                for end in await eventstore.fetch(_SQL.ends, streams, rows[0]["tx"], rows[0]["pos"])
            }
            shown = await _shown(connection, streams) if holds_view else None
            return [
                Violation(f"{row['consumer']}, {stream_name(row['stream_id'], end['kind'])}", finding)
                for row in rows
                if (finding := _finding(row, end := ends[row["stream_id"]], shown))
            ]

        return await scan_within(connection, statement, judge=judge)


def _finding(row: asyncpg.Record, end: asyncpg.Record, shown: dict[StreamId, int] | None) -> str | None:
    """What is wrong with a position; None where nothing is."""
    version = row["version"]
    if version > end["last"]:
        return f"stands at version {version}, and the log has {end['last']} events"
    if version <= end["passed"]:
        return f"stands at version {version}, and its checkpoint has passed version {end['passed']}"
    if shown is not None and end["kind"] in _SHOWN and not row["is_parked"]:
        held = shown.get(row["stream_id"], 0)
        if held < version:
            return f"stands at version {version}, and the view holds {held} events"
    return None


async def _shown(connection: Connection, streams: Sequence[StreamId]) -> dict[StreamId, int]:
    """How many events the view holds of each stream."""
    ids = [name for stream_id in streams for name in (charge_of(stream_id), session_of(stream_id))]
    rows = await connection.fetch(_SQL.shown, ids)
    return {StreamId(row["stream_id"]): row["version"] for row in rows}


STREAM_POSITIONS_AGREE_WITH_THE_LOG: Final = Invariant(
    "stream_positions_agree_with_the_log",
    "A consumer that is given shards stands in no stream above the log, nor where its checkpoint has passed it, and the view "
    "holds all that it has passed there.",
    _check,
)
"""If it fails, a function has skipped or will repeat events of a charge, or the event store was restored without its read models. Rebuild the view."""
