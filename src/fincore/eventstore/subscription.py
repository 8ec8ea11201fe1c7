"""Reading the log: a consumer's effects and its checkpoint are written in one transaction of its own database.

A checkpoint moves by compare-and-set, so of two runners of one consumer only one has any effect: the other is fenced.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, Generic, NamedTuple, TypeVar

import structlog

from fincore.domain.ids import StreamId
from fincore.eventstore.consumer import Consumer
from fincore.eventstore.inapplicable_events import applicable, find_inapplicable, is_caused_by_event, readable
from fincore.eventstore.log import EventLog, LoggedEvent
from fincore.eventstore.parked_streams import park, parked_streams
from fincore.eventstore.stream_positions import StreamPositions
from fincore.observability.failpoints import failpoint
from fincore.observability.tracing.span import LINKS_MAX
from fincore.observability.tracing.trace_context import TraceContext, chosen_among
from fincore.observability.tracing.tracer import begin_for_many, is_tracing
from fincore.postgres.failures import outage_of
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool

_SQL = load_sql("fincore.eventstore", "subscription.sql")
_log = structlog.get_logger(__name__)

E = TypeVar("E")

BATCH_EVENTS_MAX: Final = 1_000
BATCH_INTERVAL_SECONDS: Final = 0.05
"""The pause after a batch that was not full, unless a consumer says otherwise: under load events gather into fewer
transactions, each worth its price. An event that comes after a quiet time does not wait for it."""
IDLE_DELAY_SECONDS_MIN: Final = 0.005
IDLE_DELAY_SECONDS_MAX: Final = 0.05
FAILURE_DELAY_SECONDS_MAX: Final = 10.0


class Checkpoint(NamedTuple):
    """How far a consumer has come: everything up to and including this place of the log has had its effect."""

    tx: int
    pos: int


class Fenced(Exception):
    """Another runner of the same consumer moved the checkpoint first; our effects were rolled back."""


async def checkpoint_of(target: Pool, consumer: str) -> Checkpoint:
    """Where a consumer stands; at the beginning of the log where it has never run."""
    row = await target.fetchrow(_SQL.read_checkpoint, consumer)
    return Checkpoint(0, 0) if row is None else Checkpoint(row["tx"], row["pos"])


class Subscription(Generic[E]):
    """Runs one consumer against the log. With its `positions`, others may give the same consumer events by shards meanwhile."""

    def __init__(
        self,
        log: EventLog[E],
        target: Pool,
        consumer: Consumer[E],
        *,
        batch_events_max: int = BATCH_EVENTS_MAX,
        batch_interval_seconds: float = BATCH_INTERVAL_SECONDS,
        positions: StreamPositions | None = None,
    ) -> None:
        self._event_log = log
        self._positions = positions
        self._target = target
        self._consumer = consumer
        self._batch_events_max = batch_events_max
        self._batch_interval_seconds = batch_interval_seconds
        self._stopping = asyncio.Event()
        self._reached: Checkpoint | None = None
        self._upcoming: tuple[Checkpoint, asyncio.Task[list[LoggedEvent[E]]]] | None = None

    async def run(self) -> None:
        """Read the log until `stop`, through outages and fencing, with a bounded, growing pause."""
        idle_seconds = IDLE_DELAY_SECONDS_MIN
        failure_seconds = IDLE_DELAY_SECONDS_MAX
        while not self._stopping.is_set():
            try:
                applied = await self.advance()
            except Fenced:
                _log.info("consumer.fenced", consumer=self._consumer.name)
                await self._pause(IDLE_DELAY_SECONDS_MAX)
            except Exception as error:
                outage = outage_of(error)
                if outage is None:
                    raise
                _log.warning(
                    "consumer.interrupted", consumer=self._consumer.name, outage=outage, error=repr(error)
                )
                await self._pause(failure_seconds)
                failure_seconds = min(failure_seconds * 2, FAILURE_DELAY_SECONDS_MAX)
            else:
                failure_seconds = IDLE_DELAY_SECONDS_MAX
                if applied:
                    idle_seconds = IDLE_DELAY_SECONDS_MIN
                    if applied < self._batch_events_max:
                        await self._pause(self._batch_interval_seconds)
                else:
                    await self._pause(idle_seconds)
                    idle_seconds = min(idle_seconds * 2, IDLE_DELAY_SECONDS_MAX)

    def stop(self) -> None:
        """Let `run` return after the current batch."""
        self._stopping.set()

    async def advance(self) -> int:
        """Apply the next batch of events; return how many there were. Raise `Fenced` when another runner was faster.

        A stream with an event that cannot be applied is parked from that event on; the others go on. Raises
        `TooManyParked` where that would be many streams.
        """
        # What was reached is remembered from batch to batch, and asked for anew after a quiet time and after a failure:
        # should another runner have moved it, the compare-and-set finds out.
        at, self._reached = self._reached or await self.checkpoint(), None
        batch = await self._next(at)
        if not batch:
            return 0
        if len(batch) == self._batch_events_max:
            self._read_ahead(Checkpoint(batch[-1].tx, batch[-1].pos))
        if not is_tracing():
            await self._take(at, batch)
            return len(batch)
        with begin_for_many("consume", f"consume {self._consumer.name}") as span:
            span.set("fincore.consumer", self._consumer.name)
            span.set("fincore.consumer.events", len(batch))
            fenced = await self._taken(at, batch)
            if fenced is None:
                span.link(await self._chosen(at, batch[-1]))
        if fenced is not None:
            raise fenced
        return len(batch)

    async def _taken(self, at: Checkpoint, batch: Sequence[LoggedEvent[E]]) -> Fenced | None:
        """Take a batch; that another runner was faster is no failure of it."""
        try:
            await self._take(at, batch)
        except Fenced as fenced:
            return fenced
        return None

    async def _take(self, at: Checkpoint, batch: Sequence[LoggedEvent[E]]) -> None:
        failpoint(f"effects.{self._consumer.name}", "before")
        try:
            await self._step(at, batch)
        except Exception as error:
            if isinstance(error, Fenced) or not is_caused_by_event(error):
                raise
            await self._park_and_apply_rest(at, batch)
        failpoint(f"effects.{self._consumer.name}", "after")
        self._reached = Checkpoint(batch[-1].tx, batch[-1].pos)

    async def _chosen(self, at: Checkpoint, last: LoggedEvent[E]) -> list[TraceContext]:
        """The spans of the commits of a batch, where their traces were chosen; none where the log cannot be asked."""
        try:
            found = await self._event_log.chosen_traceparents(at, (last.tx, last.pos), limit=LINKS_MAX)
        except Exception as error:
            if outage_of(error) is None:
                raise
            return []  # the effects are written, or failed for a reason of their own
        return list(chosen_among(found))

    async def _next(self, at: Checkpoint) -> list[LoggedEvent[E]]:
        """The events after a place of the log: those read ahead, if they are the ones."""
        if self._upcoming is not None:
            place, reading = self._upcoming
            self._upcoming = None
            if place != at:
                reading.cancel()
            elif batch := await reading:
                return batch
        return await self._event_log.read_after(at.tx, at.pos, limit=self._batch_events_max)

    def _read_ahead(self, at: Checkpoint) -> None:
        """Read and decode the next batch while the database is busy with the current one; there is more to come."""
        reading = asyncio.create_task(self._event_log.read_after(at.tx, at.pos, limit=self._batch_events_max))
        # If the current batch fails, this one may never be asked for, nor its result.
        reading.add_done_callback(lambda read: read.cancelled() or read.exception())
        self._upcoming = at, reading

    async def _step(self, at: Checkpoint, batch: Sequence[LoggedEvent[E]]) -> None:
        async with self._target.acquire() as connection, connection.transaction():
            events = readable(await self._wanted(connection, at, batch))
            if events:
                await self._consumer.apply(connection, events)

    async def _park_and_apply_rest(self, at: Checkpoint, batch: Sequence[LoggedEvent[E]]) -> None:
        """The same step once more, slowly: what cannot be applied is found and parked, the rest is applied."""
        name = self._consumer.name
        async with self._target.acquire() as connection, connection.transaction():
            wanted = await self._wanted(connection, at, batch)
            inapplicable = await find_inapplicable(connection, self._consumer, wanted)
            if inapplicable:
                await park(connection, name, inapplicable, self._event_log)
            events = applicable(wanted, inapplicable)
            if events:
                await self._consumer.apply(connection, events)
        names = await self._event_log.names(inapplicable)
        for stream_id, (since_version, reason) in inapplicable.items():
            _log.error(
                "consumer.stream_parked",
                consumer=name,
                stream=names[stream_id],
                since_version=since_version,
                reason=reason,
            )

    async def _wanted(
        self, connection: Connection, at: Checkpoint, batch: Sequence[LoggedEvent[E]]
    ) -> list[LoggedEvent[E]]:
        """Take the checkpoint on past a batch, and say which events of it have had no effect and shall have one. Raises `Fenced`."""
        parked = await self._move_checkpoint(connection, at, batch[-1])
        # In a statement of its own, which begins when the checkpoint is ours: it sees every position that was moved before.
        left = batch if self._positions is None else await self._positions.left_over(connection, batch)
        return [event for event in left if event.stream_id not in parked]

    async def _move_checkpoint(
        self, connection: Connection, at: Checkpoint, last: LoggedEvent[E]
    ) -> set[StreamId]:
        """Take the checkpoint on, and say which streams are parked. Raises `Fenced`."""
        name = self._consumer.name
        # The checkpoint first: its row lock makes a second runner wait here, and then find nothing to move.
        moved = await connection.fetchrow(_SQL.move_checkpoint, name, at.tx, at.pos, last.tx, last.pos)
        if moved is None:
            raise Fenced
        if not moved["has_parked"]:
            return set()
        return {parked.stream_id for parked in await parked_streams(connection, name)}

    async def checkpoint(self) -> Checkpoint:
        """Where the consumer stands; it starts at the beginning of the log."""
        row = await self._target.fetchrow(_SQL.read_checkpoint, self._consumer.name)
        if row is None:
            await self._target.execute(_SQL.begin_checkpoint, self._consumer.name)
            return Checkpoint(0, 0)
        return Checkpoint(row["tx"], row["pos"])

    async def lag_seconds(self) -> float:
        """How long the oldest event without effect has been waiting."""
        return await self._event_log.lag_seconds(*await self.checkpoint())

    async def parked(self) -> int:
        """How many streams the consumer leaves alone."""
        return len(await parked_streams(self._target, self._consumer.name))

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return
