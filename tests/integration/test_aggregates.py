"""Log, writer, recorder and idempotent requests carry an aggregate that is no charge, beside the charges."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from fincore.domain.clock import SystemClock
from fincore.domain.event_codec import EventCodec
from fincore.domain.events import CHARGE_EVENTS, EVENTS, UPCASTS, ChargeEvent
from fincore.domain.ids import RequestId, StreamId
from fincore.domain.job import Job
from fincore.domain.outcome import PspReference
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.commit import Commit, Committed, NewEvent, ReferenceTaken, RenderedResponse
from fincore.eventstore.log import EventLog, UnreadableEvent
from fincore.eventstore.recorder import NotFound, Recorded, Recorder
from fincore.eventstore.subscription import Subscription
from fincore.eventstore.watch import StreamWatch
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Connection, Pool
from fincore.write.payments.command import Command
from fincore.write.payments.idempotent_requests import Decision, IdempotentRequests, Refused, Responded
from fincore.write.payments.outcome_wait import OutcomeWait
from fincore.write.payments.response_cache import ResponseCache
from fixtures.commits import MERCHANT, PROVENANCE, JobTakingWriter, append, created, new_stream
from fixtures.counters import (
    COUNTER_EVENTS,
    COUNTER_SHAPES,
    COUNTERS,
    Counter,
    CounterEvent,
    CounterId,
    Raised,
    Started,
    new_counter_id,
)
from fixtures.traffic import store_pool

AnyEvent = ChargeEvent | CounterEvent
ALL_EVENTS: EventCodec[AnyEvent] = EventCodec({**EVENTS, **COUNTER_SHAPES}, UPCASTS)
SEEN = Job(kind="charge.follow", payload=b'{"counter":"raised"}')
BUSY = Refused("charge_busy")


@pytest.fixture
def enqueued() -> list[Job]:
    """The jobs that were written."""
    return []


@pytest.fixture
async def writer(pool: Pool, enqueued: list[Job]) -> AsyncIterator[Writer[AnyEvent]]:
    """One writer for both aggregates, as a process has one."""
    writer = JobTakingWriter(pool, enqueued.extend, ALL_EVENTS)
    running = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        writer.close()
        await running


@pytest.fixture
def counters(pool: Pool) -> EventLog[CounterEvent]:
    return EventLog(pool, COUNTER_EVENTS)


@pytest.fixture
def recorder(
    writer: Writer[AnyEvent], counters: EventLog[CounterEvent]
) -> Recorder[CounterId, Counter, CounterEvent]:
    def follow_up(_: CounterId, __: Counter, events: Sequence[CounterEvent]) -> tuple[Job, ...]:
        return tuple(SEEN for event in events if isinstance(event, Raised))

    return Recorder(COUNTERS, counters, writer, follow_up)


async def start(writer: Writer[AnyEvent], at: int = 0) -> CounterId:
    counter_id = new_counter_id()
    started: Commit[CounterEvent] = Commit(
        provenance=PROVENANCE, stream_id=COUNTERS.stream_of(counter_id), events=(NewEvent(Started(at)),)
    )
    assert await writer.commit(started) == Committed()
    return counter_id


class NoLog(EventLog[CounterEvent]):
    """A log that must not be read."""

    def __init__(self) -> None:
        """Without a database."""

    async def load(self, stream_id: StreamId) -> list[RecordedEvent[CounterEvent]]:
        raise AssertionError(f"{stream_id} was read")


def raise_by(
    amount: int, reference: str | None = None
) -> Callable[[Counter], tuple[CounterEvent, ...] | str]:
    def decide(counter: Counter) -> tuple[CounterEvent, ...] | str:
        if counter.value + amount > 100:
            return "a counter ends at 100"
        return (Raised(amount, None if reference is None else PspReference(reference)),)

    return decide


async def test_recorder_records_on_a_counter_with_its_jobs(
    writer: Writer[AnyEvent], recorder: Recorder[CounterId, Counter, CounterEvent], enqueued: list[Job]
) -> None:
    counter_id = await start(writer, at=5)
    assert await recorder.record(counter_id, raise_by(2), PROVENANCE) == Recorded((Raised(2),))
    assert await recorder.load(counter_id) == Counter(2, 7)
    assert enqueued == [SEEN]
    assert await recorder.record(counter_id, raise_by(94), PROVENANCE) == "a counter ends at 100"
    assert await recorder.record(new_counter_id(), raise_by(1), PROVENANCE) == NotFound()
    assert await recorder.load(counter_id) == Counter(2, 7)


async def test_recorder_decides_again_after_a_conflict(
    writer: Writer[AnyEvent], recorder: Recorder[CounterId, Counter, CounterEvent]
) -> None:
    counter_id = await start(writer)
    recorded = await asyncio.gather(
        *(recorder.record(counter_id, raise_by(1), PROVENANCE) for _ in range(10))
    )
    assert recorded == [Recorded((Raised(1),))] * 10
    assert await recorder.load(counter_id) == Counter(11, 10)


async def test_recorder_decides_on_what_its_caller_has_read(
    writer: Writer[AnyEvent], recorder: Recorder[CounterId, Counter, CounterEvent]
) -> None:
    counter_id = await start(writer)
    read = await recorder.load(counter_id)
    recorder_without_log = Recorder(COUNTERS, NoLog(), writer, lambda *_: ())
    recorded = await recorder_without_log.record(counter_id, raise_by(1), PROVENANCE, known=read)
    assert recorded == Recorded((Raised(1),))


@pytest.mark.parametrize("amount", [0, 1, 100], ids=["no_event", "an_event", "a_refusal"])
async def test_recorder_reads_again_where_its_caller_read_earlier(
    amount: int, writer: Writer[AnyEvent], recorder: Recorder[CounterId, Counter, CounterEvent]
) -> None:
    """No event, an event or a refusal decided on the old state: each is decided again on the new one."""
    counter_id = await start(writer, at=0)
    old = await recorder.load(counter_id)
    assert old is not None
    await recorder.record(counter_id, raise_by(1), PROVENANCE)

    def decide(counter: Counter) -> tuple[CounterEvent, ...] | str:
        if counter == old:
            return () if amount == 0 else raise_by(amount + 1)(counter) if amount == 100 else (Raised(50),)
        return (Raised(counter.value),)

    assert await recorder.record(counter_id, decide, PROVENANCE, known=old) == Recorded((Raised(1),))
    assert await recorder.load(counter_id) == Counter(3, 2)


async def test_reference_of_one_counter_is_refused_to_another(
    writer: Writer[AnyEvent], recorder: Recorder[CounterId, Counter, CounterEvent]
) -> None:
    first, second = await start(writer), await start(writer)
    assert isinstance(await recorder.record(first, raise_by(1, "step_1"), PROVENANCE), Recorded)
    assert isinstance(await recorder.record(first, raise_by(1, "step_1"), PROVENANCE), Recorded)
    refused = await recorder.record(second, raise_by(1, "step_1"), PROVENANCE)
    assert refused == ReferenceTaken(PspReference("step_1"), COUNTERS.stream_of(first))


class Tally:
    """A consumer of everything that happened."""

    name = "tally"

    def __init__(self) -> None:
        self.seen: list[AnyEvent] = []

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent[AnyEvent]]) -> None:
        del connection
        self.seen += [recorded.event for recorded in events]


async def test_one_consumer_reads_both_aggregates_in_order(
    dsn: str, pool: Pool, writer: Writer[AnyEvent]
) -> None:
    charge = created()
    await start(writer, at=1)
    assert await writer.commit(append(new_stream(), charge)) == Committed()
    await start(writer, at=2)
    tally = Tally()
    async with store_pool(dsn, "paymentdb") as target:
        subscription = Subscription(EventLog(pool, ALL_EVENTS), target, tally)
        while await subscription.advance():
            pass
    assert tally.seen == [Started(1), charge, Started(2)]


async def test_a_log_reads_no_event_of_another_aggregate(
    pool: Pool, writer: Writer[AnyEvent], counters: EventLog[CounterEvent]
) -> None:
    counter_id = await start(writer)
    (unreadable,) = await EventLog(pool, CHARGE_EVENTS).load_logged(COUNTERS.stream_of(counter_id))
    assert isinstance(unreadable, UnreadableEvent)
    assert unreadable.reason == "no reader for event counter.started version 1"
    assert [one.event for one in await counters.load(COUNTERS.stream_of(counter_id))] == [Started(0)]


def asked(key: str, *, wait_seconds: float = 0.0, fingerprint: bytes = b"raise by 1") -> Command:
    return Command(
        merchant_id=MERCHANT,
        livemode=False,
        actor="key_1",
        request_id=RequestId("req_1"),
        idempotency_key=key,
        fingerprint=fingerprint,
        wait_seconds=wait_seconds,
    )


class Raises:
    """Requests that raise a counter by one, as a service of its own would have them."""

    def __init__(
        self,
        writer: Writer[AnyEvent],
        recorder: Recorder[CounterId, Counter, CounterEvent],
        outcomes: OutcomeWait[Counter],
    ) -> None:
        self.requests = IdempotentRequests[AnyEvent](
            writer=writer, clock=SystemClock(), responses=ResponseCache()
        )
        self._recorder = recorder
        self._outcomes = outcomes

    async def respond(
        self, command: Command, counter_id: CounterId, *, final_at: int = 0
    ) -> Responded | Refused:
        stream_id = COUNTERS.stream_of(counter_id)

        async def decide() -> Decision[Counter, AnyEvent] | Refused:
            before = await self._recorder.load(counter_id)
            if before is None:
                return Refused("charge_not_found")
            after = COUNTERS.evolve(before, Raised(1))
            return Decision(
                stream_id=stream_id,
                expected_version=before.version,
                events=(Raised(1),),
                jobs=(),
                state=after,
                show=lambda counter: RenderedResponse(200, b"%d" % counter.value),
                is_final=lambda counter: counter.value >= final_at,
            )

        return await self.requests.respond(command, decide, self._outcomes, busy=BUSY, on=stream_id)


@pytest.fixture
async def raises(
    writer: Writer[AnyEvent],
    recorder: Recorder[CounterId, Counter, CounterEvent],
    counters: EventLog[CounterEvent],
) -> AsyncIterator[Raises]:
    watch = StreamWatch(counters)
    watching = asyncio.create_task(watch.run())
    try:
        yield Raises(writer, recorder, OutcomeWait(COUNTERS, counters, watch))
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


def body(responded: Responded | Refused) -> bytes:
    assert isinstance(responded, Responded)
    return responded.response.body


async def test_request_on_a_counter_is_carried_out_once_a_key(
    writer: Writer[AnyEvent], recorder: Recorder[CounterId, Counter, CounterEvent], raises: Raises
) -> None:
    counter_id = await start(writer)
    attempts: list[Awaitable[Responded | Refused]] = [
        raises.respond(asked(key), counter_id) for key in ("a", "b", "a")
    ]
    assert [body(one) for one in await asyncio.gather(*attempts)] == [b"1", b"2", b"1"]
    other = asked("a", fingerprint=b"another request")
    assert await raises.respond(other, counter_id) == Refused("idempotency_key_reused")
    assert await recorder.load(counter_id) == Counter(3, 2)
    assert await raises.respond(asked("c"), new_counter_id()) == Refused("charge_not_found")


async def test_request_waits_for_the_outcome_of_a_counter(
    writer: Writer[AnyEvent], recorder: Recorder[CounterId, Counter, CounterEvent], raises: Raises
) -> None:
    counter_id = await start(writer)
    waiting = asyncio.create_task(raises.respond(asked("a", wait_seconds=30.0), counter_id, final_at=51))
    while await recorder.load(counter_id) == Counter(1, 0):
        await asyncio.sleep(0)
    assert isinstance(await recorder.record(counter_id, raise_by(50), PROVENANCE), Recorded)
    assert body(await waiting) == b"51"
    assert body(await raises.respond(asked("a"), counter_id)) == b"51"
