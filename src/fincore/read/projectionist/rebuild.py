"""Rebuilding the view from the log, beside the live one, which serves until the new one takes its place.

It folds stream by stream, so each row is written once; the result is the row that following the log would have written.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from fincore.domain.events import RecordedEvent
from fincore.domain.ids import StreamId
from fincore.eventstore.log import EventLog
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.paymentdb.charge_view import ChargeView
from fincore.read.paymentdb.row import row_of
from fincore.read.projectionist.fold import project

_SQL = load_sql("fincore.read.projectionist", "rebuild.sql")

BATCH_EVENTS: Final = 1_000
"""Events read at a time; two such batches are in memory. Larger ones are slower: Python's garbage collector walks them."""
STATEMENT_TIMEOUT_SECONDS: Final = 3_600.0
"""Building an index over all charges is one statement."""

_BEFORE_ALL: Final = StreamId(UUID(int=0))


async def rebuild(log: EventLog, owner: Pool, *, batch_events: int = BATCH_EVENTS) -> int:
    """Replace the view by one folded from the beginning of the log; return how many events it holds.

    `owner` is a pool with the rights of the tables' owner. One rebuild at a time: a second one starts the first anew.
    Projectionists may run meanwhile: they are fenced when the new view takes over, and go on from where it ends.
    """
    until = await log.end()
    events = 0
    await owner.execute(_SQL.begin)
    async for views in _folded(log, until, batch_events):
        events += sum(view.charge.version for view in views)
        await owner.copy_records_to_table(
            "charges_next",
            schema_name="paymentdb",
            records=map(row_of, views),
            timeout=STATEMENT_TIMEOUT_SECONDS,
        )
    await owner.execute(_SQL.build_indexes, timeout=STATEMENT_TIMEOUT_SECONDS)
    async with owner.acquire() as connection, connection.transaction():
        await connection.execute(_SQL.lock_checkpoint, *until)
        await connection.execute(_SQL.swap)
    return events


async def _folded(
    log: EventLog, until: tuple[int, int], batch_events: int
) -> AsyncIterator[list[ChargeView]]:
    """The view of every stream as it was at a place of the log, in batches."""
    view: ChargeView | None = None
    async for batch in _batches(log, until, batch_events):
        finished: list[ChargeView] = []
        for recorded in batch:
            if view is not None and recorded.stream_id != view.stream_id:
                finished.append(view)
                view = None
            view = project(view, recorded)
        yield finished
    if view is not None:
        yield [view]


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
