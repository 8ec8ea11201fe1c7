"""Streams that a consumer leaves alone: one holds an event that the consumer cannot apply, and the others must not wait.

A stream is parked in the transaction that moves the checkpoint past the event, and taken up again in one transaction, too.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple, TypeVar

from fincore.domain.errors import FinCoreError
from fincore.domain.ids import StreamId
from fincore.eventstore.consumer import Consumer
from fincore.eventstore.inapplicable_events import Inapplicable, find_inapplicable, readable
from fincore.eventstore.log import EventLog
from fincore.eventstore.stream_positions import StreamPositions
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool

_SQL = load_sql("fincore.eventstore", "parked_streams.sql")

E = TypeVar("E")

PARKED_STREAMS_MAX: Final = 100
"""Streams of one consumer. More are no bad events but a bad consumer: it stops before it skips the whole log."""


class ParkedStream(NamedTuple):
    """From version `since_version` on, `consumer` has applied nothing of a stream."""

    consumer: str
    stream_id: StreamId
    since_version: int
    reason: str
    parked_at: datetime


class TooManyParked(FinCoreError):
    """A consumer cannot apply so many streams that the fault must be its own; it stays where it is."""

    def __init__(self, consumer: str, name: str, first: Inapplicable) -> None:
        super().__init__(
            f"{consumer} would have to park more than {PARKED_STREAMS_MAX} streams, so it stops: first "
            f"{name} at version {first.since_version} ({first.reason})"
        )


class StillInapplicable(FinCoreError):
    """A parked stream cannot be taken up yet; it stays parked."""

    def __init__(self, consumer: str, name: str, inapplicable: Inapplicable) -> None:
        super().__init__(
            f"{name} stays parked for {consumer}: version {inapplicable.since_version} still cannot be "
            f"applied ({inapplicable.reason})"
        )


async def parked_streams(connection: "Connection | Pool", consumer: str) -> list[ParkedStream]:
    """What a consumer leaves alone, the longest parked first."""
    return [ParkedStream(*row) for row in await connection.fetch(_SQL.parked, consumer)]


async def park(
    connection: Connection,
    consumer: str,
    inapplicable: Mapping[StreamId, Inapplicable],
    log: EventLog[E],
) -> None:
    """Park streams of `log` inside the transaction of `connection`. Raises `TooManyParked`."""
    if len(await parked_streams(connection, consumer)) + len(inapplicable) > PARKED_STREAMS_MAX:
        raise await too_many_parked(consumer, inapplicable, log)
    rows = [(stream_id, found.since_version, found.reason) for stream_id, found in inapplicable.items()]
    await connection.execute(_SQL.park, consumer, *map(list, zip(*rows, strict=True)))


async def too_many_parked(
    consumer: str, inapplicable: Mapping[StreamId, Inapplicable], log: EventLog[E]
) -> TooManyParked:
    """The error, which names the first of some streams."""
    stream_id, first = next(iter(inapplicable.items()))
    return TooManyParked(consumer, (await log.names([stream_id]))[stream_id], first)


async def resume(
    log: EventLog[E],
    target: Pool,
    consumer: Consumer[E],
    stream_id: StreamId,
    *,
    positions: StreamPositions | None = None,
) -> int | None:
    """Apply what a consumer left out of a stream and let it read the stream again; None where it is not parked.

    With its `positions`, this is also what was left out ahead of the checkpoint.

    Returns how many events were left out. The consumer may run meanwhile: it waits at its checkpoint, and then finds the
    stream caught up. Raises `StillInapplicable`, and nothing has changed.
    """
    async with target.acquire() as connection, connection.transaction():
        at = await connection.fetchrow(_SQL.lock_checkpoint, consumer.name)
        since_version = await connection.fetchval(_SQL.unpark, consumer.name, stream_id)
        if at is None or since_version is None:
            return None
        ahead = await positions.of(connection, [stream_id]) if positions else {}
        left_out = [
            event
            for event in await log.load_logged(stream_id)
            if event.version >= since_version
            and ((event.tx, event.pos) <= (at["tx"], at["pos"]) or event.version <= ahead.get(stream_id, 0))
        ]
        inapplicable = await find_inapplicable(connection, consumer, left_out)
        if inapplicable:
            name = (await log.names([stream_id]))[stream_id]
            raise StillInapplicable(consumer.name, name, inapplicable[stream_id])
        await consumer.apply(connection, readable(left_out))
    return len(left_out)
