"""Carries the log to a stream: it reads, sends while it holds no transaction, and then moves its checkpoint.

An open transaction would hold back every reader of the log. A relay that dies after a call sends the same events again: readers of the stream
get each event at least once, the events of one stream in order, and skip by version what they have.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from fincore.eventstore.inapplicable_events import readable
from fincore.eventstore.log import EventLog
from fincore.observability.failpoints import failpoint
from fincore.postgres.failures import outage_of
from fincore.relay.event_call import AfterCall, EventCall, ShardOf, after_call, plan_call
from fincore.relay.event_sink import EventSink, SinkUnavailable
from fincore.relay.metrics import EVENTS, RECORDS
from fincore.relay.relay_checkpoints import RelayCheckpoints
from fincore.relay.shard_pace import ShardPace
from fincore.relay.stream_record import OutgoingEvent, Place, outgoing
from fincore.relay.undecoded import Undecoded

_log = structlog.get_logger(__name__)

BATCH_EVENTS_MAX: Final = 2_000
BATCH_INTERVAL_SECONDS: Final = 0.05
"""The pause after a batch that was not full: under load events gather into fewer calls, each worth its price."""
IDLE_DELAY_SECONDS_MIN: Final = 0.005
IDLE_DELAY_SECONDS_MAX: Final = 0.05
REPEAT_DELAY_SECONDS_MIN: Final = 0.05
REPEAT_DELAY_SECONDS_MAX: Final = 5.0
"""The pause before records that did not get in are sent again; it doubles while any fails."""
FAILURE_DELAY_SECONDS_MAX: Final = 10.0
SHARDS_KNOWN_SECONDS: Final = 60.0
"""How long the shards of a stream are taken to be the same while no record fails."""


class RelayFenced(Exception):
    """Another relay of the same sink moved the checkpoint first. What this one sent was sent twice."""


class EventRelay:
    """One sink's relay. `sink_name` is the key of its checkpoint, such as `kinesis:fincore-events`."""

    def __init__(
        self,
        log: EventLog[Undecoded],
        checkpoints: RelayCheckpoints,
        sink: EventSink,
        *,
        sink_name: str,
        batch_events_max: int = BATCH_EVENTS_MAX,
        repeat_delay_seconds: float = REPEAT_DELAY_SECONDS_MIN,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._event_log = log
        self._checkpoints = checkpoints
        self._sink = sink
        self._sink_name = sink_name
        self._batch_events_max = batch_events_max
        self._repeat_delay_seconds = repeat_delay_seconds
        self._seconds = seconds
        self._pace = ShardPace(sink.limits)
        self._shard_of: ShardOf | None = None
        self._shards_until = 0.0
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Carry the log on until `stop`, through outages of either side, with a bounded, growing pause."""
        idle_seconds = IDLE_DELAY_SECONDS_MIN
        failure_seconds = IDLE_DELAY_SECONDS_MAX
        while not self._stopping.is_set():
            try:
                sent = await self.advance()
            except RelayFenced:
                _log.warning(
                    "relay.fenced",
                    sink=self._sink_name,
                    hint="run one process of the role relay for a stream",
                )
                await self._pause(IDLE_DELAY_SECONDS_MAX)
            except Exception as error:
                if not isinstance(error, SinkUnavailable) and outage_of(error) is None:
                    raise
                _log.warning("relay.interrupted", sink=self._sink_name, error=repr(error))
                await self._pause(failure_seconds)
                failure_seconds = min(failure_seconds * 2, FAILURE_DELAY_SECONDS_MAX)
            else:
                failure_seconds = IDLE_DELAY_SECONDS_MAX
                if not sent:
                    await self._pause(idle_seconds)
                    idle_seconds = min(idle_seconds * 2, IDLE_DELAY_SECONDS_MAX)
                else:
                    idle_seconds = IDLE_DELAY_SECONDS_MIN
                    if sent < self._batch_events_max:
                        await self._pause(BATCH_INTERVAL_SECONDS)

    def stop(self) -> None:
        """Let `run` return after the call under way."""
        self._stopping.set()

    async def advance(self) -> int:
        """Send the next events of the log and move the checkpoint; return how many there were.

        Raises `RelayFenced`, `SinkUnavailable`, and what PostgreSQL raises; the checkpoint then covers what was sent before.
        """
        at = await self._checkpoints.of(self._sink_name)
        batch = await self._read(at)
        if not batch:
            return 0
        progress = AfterCall(tuple(batch), at)
        repeat_seconds = self._repeat_delay_seconds
        try:
            while progress.unsent and not self._stopping.is_set():
                progress, failed = await self._call(batch, progress)
                if failed:
                    self._shard_of = None
                    await self._pause(repeat_seconds)
                    repeat_seconds = min(repeat_seconds * 2, REPEAT_DELAY_SECONDS_MAX)
                else:
                    repeat_seconds = self._repeat_delay_seconds
        finally:
            if progress.reached > at:
                await self._move(at, progress.reached)
        return len(batch) - len(progress.unsent)

    async def lag_seconds(self) -> float:
        """How long the oldest event that has not been sent has been in the log."""
        return await self._event_log.lag_seconds(*await self._checkpoints.of(self._sink_name))

    async def _read(self, at: Place) -> list[OutgoingEvent]:
        read = await self._event_log.read_after(at.tx, at.pos, limit=self._batch_events_max)
        return [
            outgoing(
                Place(event.tx, event.pos),
                event.stream_id,
                event.version,
                event_id=event.event_id,
                event_type=event.event.type,
                schema_version=event.event.schema_version,
                data=event.event.data,
                recorded_at=event.recorded_at,
            )
            for event in readable(read)
        ]

    async def _move(self, at: Place, reached: Place) -> None:
        failpoint("relay_checkpoint", "before")
        if not await self._checkpoints.move(self._sink_name, at, reached):
            raise RelayFenced
        failpoint("relay_checkpoint", "after")

    async def _call(self, batch: list[OutgoingEvent], progress: AfterCall) -> tuple[AfterCall, int]:
        """One call, as soon as the shards can take it; what is left then, and how many records did not get in."""
        shard_of = await self._shards()
        call = plan_call(progress.unsent, self._sink.limits, shard_of)
        await self._pause(self._pace.delay_seconds(call.records, shard_of, self._seconds()))
        failpoint("relay_events", "before")
        failed = await self._sink.put(call.records)
        failpoint("relay_events", "after")
        self._count(call, failed)
        left = after_call(batch, call, failed)
        # Nothing is taken back: a place that was reached before stays so.
        return left._replace(reached=max(left.reached, progress.reached)), len(failed)

    async def _shards(self) -> ShardOf:
        if self._shard_of is None or self._seconds() > self._shards_until:
            self._shard_of = await self._sink.shards()
            self._shards_until = self._seconds() + SHARDS_KNOWN_SECONDS
        return self._shard_of

    @staticmethod
    def _count(call: EventCall, failed: frozenset[int]) -> None:
        taken = [record for index, record in enumerate(call.records) if index not in failed]
        RECORDS.labels("taken").inc(len(taken))
        RECORDS.labels("repeated").inc(len(failed))
        EVENTS.inc(sum(len(record.events) for record in taken))

    async def _pause(self, seconds: float) -> None:
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return
