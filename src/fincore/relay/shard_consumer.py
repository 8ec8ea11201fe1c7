"""Gives a consumer the events of a stream's shards: effects and positions are written in one transaction of the consumer's database.

What a stream delivers again has no effect again, and what it has lost is read from the log, which stays the truth: a record that the log does not
have is left alone.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

import structlog

from fincore.domain.ids import EventId, StreamId
from fincore.eventstore.consumer import Consumer
from fincore.eventstore.inapplicable_events import applicable, find_inapplicable, is_caused_by_event, readable
from fincore.eventstore.log import EventLog, LoggedEvent, StoredEvent
from fincore.eventstore.parked_streams import park
from fincore.eventstore.stream_positions import StreamPositions
from fincore.observability.failpoints import failpoint
from fincore.postgres.pool import Connection, Pool
from fincore.relay.metrics import SHARD_EVENTS
from fincore.relay.shard_batch import ShardPlan, ToApply, in_parts, plan_shard_batch
from fincore.relay.stream_record import Relayed

_log = structlog.get_logger(__name__)

E = TypeVar("E")

STREAMS_NAMED_MAX: Final = 10
"""Records that the log does not have are named up to this number."""


class Taken(NamedTuple):
    """What became of some records: events that had their effect, those of them that were read from the log, and records by why they had none.

    `parked` events belong to streams that the consumer leaves alone.
    """

    applied: int = 0
    loaded: int = 0
    parked: int = 0
    skipped: int = 0
    not_in_log: int = 0

    def __add__(self, other: "Taken") -> "Taken":  # type: ignore[override]
        return Taken(*(one + another for one, another in zip(self, other, strict=True)))


class ShardConsumer(Generic[E]):
    """One consumer, as many processes as there are shards may give it events at once; a `Subscription` with its positions, too."""

    def __init__(self, log: EventLog[E], target: Pool, consumer: Consumer[E]) -> None:
        self._event_log = log
        self._target = target
        self._consumer = consumer
        self._positions = StreamPositions(consumer.name)

    async def take(self, records: Sequence[Relayed]) -> Taken:
        """Let some records have their effect, in their order. Those that had it are durable when this returns.

        A stream with an event that cannot be applied is parked from that event on. Raises `TooManyParked`, and what the database raises
        while it is away: then the same records are to be given again.
        """
        taken = Taken()
        for part in in_parts(records):
            known = await self._in_log(part)
            of_part = Taken(not_in_log=len(part) - len(known))
            if known:
                of_part += await self._take(known)
            for result, count in of_part._asdict().items():
                SHARD_EVENTS.labels(self._consumer.name, result).inc(count)
            taken += of_part
        return taken

    async def _take(self, records: Sequence[Relayed]) -> Taken:
        failpoint(f"effects.{self._consumer.name}", "before")
        try:
            taken = await self._step(records, self._apply)
        except Exception as error:
            if not is_caused_by_event(error):
                raise
            taken = await self._step(records, self._apply_what_can_be)
        failpoint(f"effects.{self._consumer.name}", "after")
        return taken

    async def _in_log(self, records: Sequence[Relayed]) -> list[Relayed]:
        """The records of which the log has the last event where they say. It has all before it, too: no stream has a hole."""
        ends = [(StreamId(record.stream_id), record.last_version) for record in records]
        places = await self._event_log.places(ends)
        known: list[Relayed] = []
        foreign: list[str] = []
        for record, end in zip(records, ends, strict=True):
            if places.get(end) == record.place:
                known.append(record)
            else:
                foreign.append(str(record.stream_id))
        if foreign:
            _log.error(
                "shards.records_not_in_log",
                consumer=self._consumer.name,
                records=len(foreign),
                streams=sorted(set(foreign))[:STREAMS_NAMED_MAX],
            )
        return known

    async def _step(
        self,
        records: Sequence[Relayed],
        apply: Callable[[Connection, Sequence[LoggedEvent[E]]], Awaitable[None]],
    ) -> Taken:
        streams = sorted({StreamId(record.stream_id) for record in records})
        async with self._target.acquire() as connection, connection.transaction():
            held = await self._positions.hold(connection, self._event_log, streams)
            plan = plan_shard_batch(
                records, {stream_id: position.version for stream_id, position in held.items()}
            )
            parked = {stream_id for stream_id, one in held.items() if one.parked_since is not None}
            events = await self._events_of(plan)
            wanted = [event for event in events if event.stream_id not in parked]
            if wanted:
                await apply(connection, wanted)
            await self._positions.move(connection, held, plan.until)
        return Taken(
            applied=len(wanted),
            loaded=len(events) - len(plan.apply),
            parked=len(events) - len(wanted),
            skipped=plan.skipped,
        )

    async def _events_of(self, plan: ShardPlan) -> list[LoggedEvent[E]]:
        """The events of a plan, in the order of the log."""
        events = [self._decoded(one) for one in plan.apply] + await self._event_log.load_versions(plan.load)
        return sorted(events, key=lambda event: (event.tx, event.pos))

    def _decoded(self, one: ToApply) -> LoggedEvent[E]:
        event = one.event
        stored = StoredEvent(
            one.stream_id,
            event.version,
            EventId(event.event_id),
            event.type,
            event.schema_version,
            bytes(event.data).decode(),
            event.recorded_at,
        )
        return self._event_log.decoded(stored, (event.tx, event.pos))

    async def _apply(self, connection: Connection, events: Sequence[LoggedEvent[E]]) -> None:
        await self._consumer.apply(connection, readable(events))

    async def _apply_what_can_be(self, connection: Connection, events: Sequence[LoggedEvent[E]]) -> None:
        """Slowly: what cannot be applied is found and parked, the rest is applied."""
        inapplicable = await find_inapplicable(connection, self._consumer, events)
        if inapplicable:
            await park(connection, self._consumer.name, inapplicable, self._event_log)
        if rest := applicable(events, inapplicable):
            await self._consumer.apply(connection, rest)
        names = await self._event_log.names(inapplicable)
        for stream_id, (since_version, reason) in inapplicable.items():
            _log.error(
                "consumer.stream_parked",
                consumer=self._consumer.name,
                stream=names[stream_id],
                since_version=since_version,
                reason=reason,
            )
