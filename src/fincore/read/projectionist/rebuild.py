"""Rebuilding the view from the log, beside the live one, which serves until the new one takes its place.

It folds stream by stream, so each row is written once; the result is the row that following the log would have written.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from itertools import cycle
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from fincore.domain.errors import FinCoreError
from fincore.domain.ids import StreamId, charge_of, session_of
from fincore.domain.log_events import LogEvent, of_charges, of_sessions
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.inapplicable_events import (
    Inapplicable,
    applicable,
    find_inapplicable,
    is_caused_by_event,
    readable,
)
from fincore.eventstore.log import EventLog, LoggedEvent
from fincore.eventstore.parked_streams import PARKED_STREAMS_MAX, too_many_parked
from fincore.eventstore.whole_streams import whole_streams
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.read.projectionist.projection import Projection
from fincore.read.projectionist.session_fold import session_rows

_SQL = load_sql("fincore.read.projectionist", "rebuild.sql")

TABLES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "refunds": ("refund_id",),
        "disputes": ("dispute_id",),
        "events": ("event_id",),
        "search_terms": ("charge_id", "kind", "term", "livemode", "created_at"),
        "charges": ("charge_id",),
        "checkout_sessions": ("session_id",),
    }
)
"""Table -> its key, which begins with the id that a difference names: what is built anew, in the order in which queries that read two of the tables lock them."""
_OF_SESSIONS: Final = frozenset({"checkout_sessions", "events"})
"""The tables with rows of checkout sessions."""
BATCH_EVENTS: Final = 1_000
"""Events read at a time; four such batches are in memory. Larger ones are slower: Python's garbage collector walks them."""
STATEMENT_TIMEOUT_SECONDS: Final = 3_600.0
"""Building an index over all charges is one statement."""
SWITCH_TRIES_MAX: Final = 30
"""How often the new tables try to take the place of the live ones, each time for 2 s, while other sessions read those."""
SWITCH_PAUSE_SECONDS: Final = 1.0
DIFFERENCES_NAMED_MAX: Final = 20
"""Rows of each table that a comparison names; it counts all."""


class Rebuilt(NamedTuple):
    """What was read and written, and which streams could not be folded to their end."""

    events: int
    rows: int
    parked: Mapping[StreamId, Inapplicable]


class Difference(NamedTuple):
    """How many rows of a table are not what the log tells, and the first of them as (key, what is wrong with it)."""

    table: str
    rows: int
    first: Sequence[tuple[str, str]]


class TablesInUse(FinCoreError):
    """Other sessions kept reading the live tables, so the new ones could not take their place; they are dropped."""

    def __init__(self) -> None:
        super().__init__(
            f"the live tables were in use through {SWITCH_TRIES_MAX} tries: end long reading transactions on "
            "PaymentDB (a backup, a running `fincore check`) and rebuild again"
        )


async def rebuild(log: EventLog[LogEvent], owner: Pool, *, batch_events: int = BATCH_EVENTS) -> Rebuilt:
    """Replace the view by one folded from the beginning of the log.

    `owner` is a pool with the rights of the tables' owner. One rebuild at a time: a second one starts the first anew.
    Projectionists may run meanwhile: they are fenced when the new view takes over, and go on from where it ends. What is given shards alone
    has to read the log once after it. Raises `TooManyParked` and `TablesInUse`; the live view is then as it was.
    """
    until = await log.end()
    try:
        rebuilt = await _build(log, owner, until, batch_events)
        await _switch(owner, until, rebuilt.parked)
    finally:
        await owner.execute(_SQL.end)
    return rebuilt


async def verify(
    log: EventLog[LogEvent], owner: Pool, *, batch_events: int = BATCH_EVENTS
) -> tuple[Rebuilt, list[Difference]]:
    """Fold a view from the beginning of the log and compare the live one with it, row for row; nothing is replaced.

    Both are compared as they are at the same place of the log, the one that the live view has reached by then. The
    projectionist may run meanwhile.
    """
    try:
        until = _place(await owner.fetchrow(_SQL.live_checkpoint))
        rebuilt = await _build(log, owner, until, batch_events)
        async with owner.acquire() as connection, connection.transaction(isolation="repeatable_read"):
            # The first look decides which live view is compared: what is written from now on is not seen.
            reached = _place(await connection.fetchrow(_SQL.live_checkpoint))
            await _catch_up(log, connection, until, reached, batch_events)
            await _catch_up_positions(log, connection, batch_events)
            differences = [await _difference(connection, table, key) for table, key in TABLES.items()]
    finally:
        await owner.execute(_SQL.end)
    return rebuilt, [difference for difference in differences if difference.rows]


class _Beside:
    """Writes the rows of whole streams into the tables beside the live ones."""

    name = "projectionist"

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent[LogEvent]]) -> None:
        projection = Projection()
        for recorded in of_charges(events):
            projection.add(recorded)
        sessions = session_rows(of_sessions(events), {})
        rows_of = projection.rows()
        rows_of["checkout_sessions"] = sessions.sessions
        rows_of["events"] = rows_of.get("events", []) + sessions.events
        for table, rows in rows_of.items():
            if not rows:
                continue
            await connection.copy_records_to_table(
                table, schema_name="paymentdb_next", records=rows, timeout=STATEMENT_TIMEOUT_SECONDS
            )


async def _build(log: EventLog[LogEvent], owner: Pool, until: tuple[int, int], batch_events: int) -> Rebuilt:
    """All tables beside the live ones, as they are at a place of the log."""
    await owner.execute(_SQL.begin)
    for table in TABLES:
        await owner.execute(_SQL.create_table.format(table=table))
    events, parked = await _fill(log, owner, until, batch_events)
    rows = 0
    for table in TABLES:
        await owner.execute(_SQL.finish_table.format(table=table), timeout=STATEMENT_TIMEOUT_SECONDS)
        rows += await owner.fetchval(_SQL.count_rows.format(table=table), timeout=STATEMENT_TIMEOUT_SECONDS)
    return Rebuilt(events, rows, parked)


async def _fill(
    log: EventLog[LogEvent], owner: Pool, until: tuple[int, int], batch_events: int
) -> tuple[int, dict[StreamId, Inapplicable]]:
    """Write all rows; return how many events there were. One batch is folded while PostgreSQL writes the one before."""
    events = 0
    parked: dict[StreamId, Inapplicable] = {}
    writing: asyncio.Task[dict[StreamId, Inapplicable]] | None = None
    async with owner.acquire() as one, owner.acquire() as other:
        connections = cycle((one, other))
        try:
            async for batch in whole_streams(log, until, batch_events):
                events += len(batch)
                before, writing = writing, asyncio.create_task(_write(next(connections), batch))
                parked = await _together(parked, await before if before else {}, log)
            parked = await _together(parked, await writing if writing else {}, log)
        finally:
            if writing is not None:
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)
    return events, parked


async def _together(
    parked: dict[StreamId, Inapplicable], found: dict[StreamId, Inapplicable], log: EventLog[LogEvent]
) -> dict[StreamId, Inapplicable]:
    if len(parked) + len(found) > PARKED_STREAMS_MAX:
        raise await too_many_parked(_Beside.name, parked | found, log)
    return parked | found


async def _write(
    connection: Connection, events: Sequence[LoggedEvent[LogEvent]]
) -> dict[StreamId, Inapplicable]:
    """Write the rows of whole streams, each as far as it can be folded; return where some cannot."""
    beside = _Beside()
    try:
        async with connection.transaction():
            await connection.execute(_SQL.write_lazily)
            await beside.apply(connection, readable(events))
    except Exception as error:
        if not is_caused_by_event(error):
            raise
    else:
        return {}
    async with connection.transaction():
        inapplicable = await find_inapplicable(connection, beside, events)
        await beside.apply(connection, applicable(events, inapplicable))
    return inapplicable


async def _switch(owner: Pool, until: tuple[int, int], parked: Mapping[StreamId, Inapplicable]) -> None:
    """Let the new tables take the place of the live ones. Raises `TablesInUse`."""
    inapplicable = [(stream_id, *inapplicable) for stream_id, inapplicable in parked.items()]
    for tries_left in reversed(range(SWITCH_TRIES_MAX)):
        try:
            async with owner.acquire() as connection, connection.transaction():
                await connection.execute(_SQL.wait_briefly)
                await connection.execute(_SQL.lock_checkpoint, *until)
                await connection.execute(_SQL.forget_parked)
                await connection.execute(_SQL.forget_positions)
                if inapplicable:
                    await connection.execute(_SQL.keep_parked, *map(list, zip(*inapplicable, strict=True)))
                for table in TABLES:
                    await connection.execute(_SQL.switch_table.format(table=table))
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            if not tries_left:
                raise TablesInUse from None
            await asyncio.sleep(SWITCH_PAUSE_SECONDS)
        else:
            return


async def _catch_up(
    log: EventLog[LogEvent],
    connection: Connection,
    after: tuple[int, int],
    until: tuple[int, int],
    batch_events: int,
) -> None:
    """Write anew, in the new tables, what events between two places of the log changed."""
    while after < until:
        batch = await log.read_after(*after, limit=batch_events)
        streams = {event.stream_id for event in batch if (event.tx, event.pos) <= until}
        if not streams:
            return
        await _write_anew(connection, streams, await log.load_until(streams, until))
        after = batch[-1].tx, batch[-1].pos


async def _catch_up_positions(log: EventLog[LogEvent], connection: Connection, batch_events: int) -> None:
    """Write anew, in the new tables, the streams in which the live ones are ahead of their checkpoint."""
    after = StreamId(UUID(int=0))
    while rows := await connection.fetch(_SQL.positions_after, after, batch_events):
        streams = [StreamId(row["stream_id"]) for row in rows]
        events = await log.load_versions(
            (stream, 1, row["version"]) for stream, row in zip(streams, rows, strict=True)
        )
        await _write_anew(connection, streams, events)
        after = streams[-1]


async def _write_anew(
    connection: Connection, streams: Collection[StreamId], events: Sequence[LoggedEvent[LogEvent]]
) -> None:
    """Let the new tables hold of some streams what some events say, and nothing else."""
    charges, sessions = list(map(charge_of, streams)), list(map(session_of, streams))
    for table in TABLES:
        if table != "checkout_sessions":
            await connection.execute(_SQL.drop_charges.format(table=table), charges)
        if table in _OF_SESSIONS:
            await connection.execute(_SQL.drop_sessions.format(table=table), sessions)
    await _write(connection, events)


async def _difference(connection: Connection, table: str, key: tuple[str, ...]) -> Difference:
    rows = await connection.fetch(
        _SQL.differing.format(table=table, key=key[0], columns=", ".join(key)),
        DIFFERENCES_NAMED_MAX,
        timeout=STATEMENT_TIMEOUT_SECONDS,
    )
    return Difference(table, rows[0]["rows"] if rows else 0, [(row["key"], row["finding"]) for row in rows])


def _place(row: asyncpg.Record | None) -> tuple[int, int]:
    return (row["tx"], row["pos"]) if row else (0, 0)
