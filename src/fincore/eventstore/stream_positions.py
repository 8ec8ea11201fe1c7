"""How far a consumer has come in single streams, ahead of its checkpoint: where it is given events by shards, which have no common order.

A stream without a position stands where the checkpoint has it. So a consumer may follow the log, the shards of a stream, or both at once:
what moves positions holds the checkpoint, and what moves the checkpoint leaves out the events that positions have passed.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from fincore.domain.ids import StreamId
from fincore.eventstore.log import EventLog, LoggedEvent
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection

_SQL = load_sql("fincore.eventstore", "stream_positions.sql")
_SUBSCRIPTION_SQL = load_sql("fincore.eventstore", "subscription.sql")

E = TypeVar("E")


class PositionMoved(Exception):
    """A position was not where this transaction read it, although it held it. The effects are rolled back."""


class HeldPosition(NamedTuple):
    """How far a consumer has come in a stream, and since which version it leaves the stream alone, if it does.

    Where it is not `is_ahead`, that is where the checkpoint has the stream.
    """

    version: int
    parked_since: int | None
    is_ahead: bool = True


class StreamPositions:
    """The positions of one consumer, in the store that its effects go to: its tables are found by the search path of the connection."""

    def __init__(self, consumer: str) -> None:
        self._consumer: Final = consumer

    async def hold(
        self, connection: Connection, log: EventLog[E], streams: Sequence[StreamId]
    ) -> dict[StreamId, HeldPosition]:
        """The positions of some streams, which nothing moves until the transaction of `connection` ends.

        Waits for a reader of the log that is about to move the checkpoint, and for others that hold the same streams.
        """
        # The checkpoint first, and each look in a statement of its own: what it sees is later than what it waited for.
        place = await self._held_checkpoint(connection)
        if place is None:
            await connection.execute(_SUBSCRIPTION_SQL.begin_checkpoint, self._consumer)
            place = await self._held_checkpoint(connection) or (0, 0)
        known = {row["stream_id"] for row in await connection.fetch(_SQL.positions, self._consumer, streams)}
        new = [stream_id for stream_id in streams if stream_id not in known]
        began: dict[StreamId, int] = {}
        if new:
            found = await log.versions_until(new, place) if place > (0, 0) else {}
            began = {stream_id: found.get(stream_id, 0) for stream_id in new}
            await connection.execute(_SQL.begin, self._consumer, new, list(began.values()))
        rows = await connection.fetch(_SQL.lock, self._consumer, streams)
        return {
            StreamId(row["stream_id"]): HeldPosition(
                row["version"], row["since_version"], is_ahead=began.get(row["stream_id"]) != row["version"]
            )
            for row in rows
        }

    async def _held_checkpoint(self, connection: Connection) -> tuple[int, int] | None:
        row = await connection.fetchrow(_SQL.hold_checkpoint, self._consumer)
        return (row["tx"], row["pos"]) if row else None

    async def move(
        self,
        connection: Connection,
        held: Mapping[StreamId, HeldPosition],
        until: Mapping[StreamId, int],
    ) -> None:
        """Take positions that are held on, and let those go that stay where the checkpoint has them. Raises `PositionMoved`."""
        if until:
            streams = list(until)
            at = [held[stream_id].version for stream_id in streams]
            moved = await connection.fetch(_SQL.move, self._consumer, streams, at, list(until.values()))
            if len(moved) != len(streams):
                raise PositionMoved
        if stay := [
            stream_id for stream_id, one in held.items() if not one.is_ahead and stream_id not in until
        ]:
            await connection.execute(_SQL.forget, self._consumer, stay)

    async def left_over(
        self, connection: Connection, batch: Sequence[LoggedEvent[E]]
    ) -> list[LoggedEvent[E]]:
        """The events of a batch of the log that no position has passed; positions that the batch catches up with are forgotten.

        The transaction of `connection` has moved the checkpoint past the batch.
        """
        ends = {event.stream_id: event.version for event in batch}
        passed = await self.of(connection, list(ends))
        if not passed:
            return list(batch)
        if caught_up := [stream_id for stream_id, version in passed.items() if ends[stream_id] >= version]:
            await connection.execute(_SQL.forget, self._consumer, caught_up)
        return [event for event in batch if event.version > passed.get(event.stream_id, 0)]

    async def of(self, connection: Connection, streams: Sequence[StreamId]) -> dict[StreamId, int]:
        """How far some streams are followed ahead of the checkpoint; those that are not are left out."""
        rows = await connection.fetch(_SQL.positions, self._consumer, streams)
        return {StreamId(row["stream_id"]): row["version"] for row in rows}
