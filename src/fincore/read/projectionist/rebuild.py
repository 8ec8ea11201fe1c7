"""Rebuilding the view from the log, beside the live one, which serves until the new one takes its place.

It folds stream by stream, so each row is written once; the result is the row that following the log would have written.
"""

from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from fincore.domain.ids import StreamId
from fincore.eventstore.log import EventLog
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.paymentdb.charge_view import ChargeView
from fincore.read.paymentdb.row import row_of
from fincore.read.projectionist.fold import project

_SQL = load_sql("fincore.read.projectionist", "rebuild.sql")

BATCH_EVENTS: Final = 5_000
"""Events held in memory at a time."""
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
    stream_id, version = _BEFORE_ALL, 0
    view: ChargeView | None = None
    while batch := await log.read_streams_after(stream_id, version, until=until, limit=batch_events):
        finished: list[ChargeView] = []
        for recorded in batch:
            if view is not None and recorded.stream_id != view.stream_id:
                finished.append(view)
                view = None
            view = project(view, recorded)
        stream_id, version = batch[-1].stream_id, batch[-1].version
        yield finished
    if view is not None:
        yield [view]
