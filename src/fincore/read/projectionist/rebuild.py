"""Rebuilding the view from the log, beside the live one, which serves until the new one takes its place.

It folds stream by stream, so each row is written once; the result is the row that following the log would have written.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final, NamedTuple
from uuid import UUID

from fincore.domain.events import RecordedEvent
from fincore.domain.ids import StreamId
from fincore.eventstore.log import EventLog
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.read.projectionist.projection import Projection

_SQL = load_sql("fincore.read.projectionist", "rebuild.sql")

TABLES: Final = ("refunds", "disputes", "events", "charges")
"""What is built anew, in the order in which queries that read two of them lock them."""
BATCH_EVENTS: Final = 1_000
"""Events read at a time; two such batches are in memory. Larger ones are slower: Python's garbage collector walks them."""
STATEMENT_TIMEOUT_SECONDS: Final = 3_600.0
"""Building an index over all charges is one statement."""

_BEFORE_ALL: Final = StreamId(UUID(int=0))


class Rebuilt(NamedTuple):
    """What was read and written."""

    events: int
    rows: int


async def rebuild(log: EventLog, owner: Pool, *, batch_events: int = BATCH_EVENTS) -> Rebuilt:
    """Replace the view by one folded from the beginning of the log.

    `owner` is a pool with the rights of the tables' owner. One rebuild at a time: a second one starts the first anew.
    Projectionists may run meanwhile: they are fenced when the new view takes over, and go on from where it ends.
    """
    until = await log.end()
    rebuilt = await _build(log, owner, until, batch_events)
    async with owner.acquire() as connection, connection.transaction():
        await connection.execute(_SQL.lock_checkpoint, *until)
        for table in TABLES:
            await connection.execute(_SQL.switch_table.format(table=table))
        await connection.execute(_SQL.end)
    return rebuilt


async def _build(log: EventLog, owner: Pool, until: tuple[int, int], batch_events: int) -> Rebuilt:
    """All tables beside the live ones, as they are at a place of the log."""
    await owner.execute(_SQL.begin)
    for table in TABLES:
        await owner.execute(_SQL.create_table.format(table=table))
    events = rows = 0
    async with owner.acquire() as connection:
        async for batch in _whole_streams(log, until, batch_events):
            events += len(batch)
            rows += await _write(connection, batch)
    for table in TABLES:
        await owner.execute(_SQL.finish_table.format(table=table), timeout=STATEMENT_TIMEOUT_SECONDS)
    return Rebuilt(events, rows)


async def _write(connection: Connection, events: list[RecordedEvent]) -> int:
    """Write the rows of whole streams; return how many."""
    projection = Projection()
    for recorded in events:
        projection.add(recorded)
    tables = projection.rows()
    for table, rows in tables.items():
        await connection.copy_records_to_table(
            table, schema_name="paymentdb_next", records=rows, timeout=STATEMENT_TIMEOUT_SECONDS
        )
    return sum(map(len, tables.values()))


async def _whole_streams(
    log: EventLog, until: tuple[int, int], batch_events: int
) -> AsyncIterator[list[RecordedEvent]]:
    """All events up to a place of the log, stream by stream, in batches that end where a stream ends."""
    held: list[RecordedEvent] = []
    async for batch in _batches(log, until, batch_events):
        held += batch
        last = held[-1].stream_id
        whole = len(held)
        while whole and held[whole - 1].stream_id == last:
            whole -= 1
        if whole:
            yield held[:whole]
            held = held[whole:]
    if held:
        yield held


async def _batches(
    log: EventLog, until: tuple[int, int], batch_events: int
) -> AsyncIterator[list[RecordedEvent]]:
    """All events up to a place of the log, stream by stream. The next batch is on its way while one is folded."""
    upcoming = asyncio.create_task(log.read_streams_after(_BEFORE_ALL, 0, until=until, limit=batch_events))
    try:
        while batch := await upcoming:
            last = batch[-1]
            upcoming = asyncio.create_task(
                log.read_streams_after(last.stream_id, last.version, until=until, limit=batch_events)
            )
            yield batch
    finally:
        upcoming.cancel()
