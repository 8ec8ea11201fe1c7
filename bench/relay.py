"""What it costs to carry the log to a stream: events a second and CPU time an event, beside following the log in PostgreSQL."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from bench.consume import Consumption, consume
from bench.cpu import CpuMeter
from bench.emulator import client_of, emulator
from bench.figures import Figure, show
from bench.history import write_history
from bench.jobs import measure_jobs
from bench.store import Store
from fincore.aws.kinesis_stream import KINESIS_LIMITS, KinesisStream
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import create_pool
from fincore.relay.event_call import ShardOf, StreamLimits
from fincore.relay.event_relay import EventRelay
from fincore.relay.event_sink import EventSink
from fincore.relay.relay_checkpoints import RelayCheckpoints
from fincore.relay.stream_record import StreamRecord
from fincore.relay.undecoded import UNDECODED_EVENTS

CHARGES: Final = 20_000
MERCHANTS: Final = 100
SHARDS: Final = 64
"""So many that the limits of a shard slow nothing down."""
STREAM: Final = "events"


class _Carried(NamedTuple):
    """What it took to carry a log: CPU seconds of the relay's process, of PostgreSQL and of the emulator."""

    events: int
    seconds: float
    own: float
    postgresql: float
    emulator: float

    @property
    def rate(self) -> float:
        return self.events / self.seconds

    def microseconds(self, cpu_seconds: float) -> float:
        return cpu_seconds / self.events * 1e6


class _Nowhere:
    """A sink that takes everything at once: what is left is the relay itself."""

    limits: StreamLimits = KINESIS_LIMITS

    async def put(self, records: Sequence[StreamRecord]) -> frozenset[int]:  # noqa: ARG002 -- the port names it
        """Take all records."""
        return frozenset()

    async def shards(self) -> ShardOf:
        """One shard for each key, so that none is ever full."""
        return lambda key: key


def measure(store: Store) -> None:
    """Carry a log to nowhere and to the emulator of Kinesis, and follow it; then do jobs by messages."""
    dsn = store.fresh_database()
    events = asyncio.run(write_history(dsn, charges=CHARGES, merchants=MERCHANTS))
    followed = consume(Consumption(dsn=dsn, consumer="projectionist"))
    alone = asyncio.run(_carried(store, dsn, events, "nowhere", _Nowhere()))
    with emulator() as (url, pid):
        to_kinesis = asyncio.run(_to_kinesis(store, dsn, events, url, pid))
    followed_each = followed.cpu_seconds / followed.events * 1e6
    show(
        "Relay",
        f"A log of {events:,} events carried by one relay: to a sink that takes everything, and to the emulator of Kinesis with {SHARDS} shards on the same "
        "machine, so that its rate says little of AWS. Following the log is what the projectionist does in its own process. The CPU time "
        "of PostgreSQL and of the emulator is beside it.",
        [
            Figure(
                name="relay alone",
                value=alone.rate,
                unit="events/s",
                reference="following the log",
                reference_value=followed.rate,
            ),
            Figure(
                name="relay to the emulator of Kinesis",
                value=to_kinesis.rate,
                unit="events/s",
                reference="following the log",
                reference_value=followed.rate,
            ),
            Figure(
                name="CPU of an event, relay alone",
                value=alone.microseconds(alone.own),
                unit="us",
                reference="following the log",
                reference_value=followed_each,
                lower_is_better=True,
            ),
            Figure(
                name="CPU of an event, relay with the client of Kinesis",
                value=to_kinesis.microseconds(to_kinesis.own),
                unit="us",
                reference="following the log",
                reference_value=followed_each,
                lower_is_better=True,
            ),
        ],
        [
            f"CPU of PostgreSQL for an event: {to_kinesis.microseconds(to_kinesis.postgresql):.1f} us",
            f"CPU of the emulator for an event: {to_kinesis.microseconds(to_kinesis.emulator):.1f} us",
        ],
    )
    jobs = measure_jobs(store)
    show(
        "A charge carried by Kinesis and SQS",
        f"What it takes to have the {events / CHARGES:g} events of a paid charge carried to Kinesis and its job done by SQS, in FinCore and PostgreSQL, and to have the job done from "
        "PostgreSQL, where consumers read the log and nothing is carried.",
        [
            Figure(
                name="CPU of carrying a charge",
                value=to_kinesis.microseconds(to_kinesis.own + to_kinesis.postgresql) * events / CHARGES
                + jobs.by_sqs,
                unit="us",
                reference="embedded",
                reference_value=jobs.from_postgresql,
                lower_is_better=True,
            )
        ],
    )


async def _to_kinesis(store: Store, dsn: str, events: int, url: str, pid: int) -> _Carried:
    async with client_of("kinesis", url) as client:
        await client.create_stream(StreamName=STREAM, ShardCount=SHARDS)
        return await _carried(store, dsn, events, "kinesis", KinesisStream(client, STREAM), emulator=pid)


async def _carried(
    store: Store, dsn: str, events: int, name: str, sink: EventSink, *, emulator: int | None = None
) -> _Carried:
    """Carry the whole log with a checkpoint of its own. Raises `AssertionError` where events are missing."""
    pool = await create_pool(dsn, application_name="bench-relay", role="fincore_service")
    try:
        relay = EventRelay(
            EventLog(pool, UNDECODED_EVENTS), RelayCheckpoints(pool), sink, sink_name=f"bench:{name}"
        )
        processes = {"postgresql": [store.pid], "emulator": [] if emulator is None else [emulator]}
        meter, began, own = CpuMeter(processes), time.monotonic(), time.process_time()
        carried = 0
        while sent := await relay.advance():
            carried += sent
        seconds, own = time.monotonic() - began, time.process_time() - own
        use = meter.use()
    finally:
        pool.terminate()
    if carried != events:
        raise AssertionError(f"the relay carried {carried} of {events} events")
    return _Carried(events, seconds, own, use.seconds["postgresql"], use.seconds["emulator"])
