"""The relay role: the log to a stream outside PostgreSQL, and due jobs to a queue there. Each goes on while the other stands still."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Protocol

from fincore.bootstrap.databases import Stores
from fincore.bootstrap.processes import run_until, sampled
from fincore.bootstrap.settings import Settings
from fincore.domain.clock import AgeClock
from fincore.domain.errors import ConfigurationError
from fincore.eventstore.log import EventLog
from fincore.relay.event_relay import EventRelay
from fincore.relay.job_relay import JobRelay
from fincore.relay.metrics import EVENT_LAG, JOB_LAG
from fincore.relay.relay_checkpoints import RelayCheckpoints
from fincore.relay.undecoded import UNDECODED_EVENTS
from fincore.write.queue.dispatched_jobs import DispatchedJobs
from fincore.write.queue.job_claims import JobClaims
from fincore.write.queue.message_dead_letters import MessageDeadLetters


class _Carrier(Protocol):
    """What carries one thing until it is stopped."""

    async def run(self) -> None: ...
    def stop(self) -> None: ...


async def run(settings: Settings, stores: Stores, _: AgeClock, stop: asyncio.Event) -> None:
    """Carry events and jobs on until `stop`; then finish the calls under way."""
    if settings.event_stream is None and settings.job_queue is None:
        raise ConfigurationError(
            "FINCORE_EVENT_STREAM and FINCORE_JOB_QUEUE are empty: name the stream to which the log goes, or the queue to which jobs go"
        )
    async with _event_relay(settings, stores) as events, _job_carriers(settings, stores) as jobs:
        carriers: list[_Carrier] = [*events, *jobs]

        async def measure() -> None:
            for event_relay in events:
                EVENT_LAG.labels(_stream(settings.event_stream)).set(await event_relay.lag_seconds())
            for carrier in jobs:
                if isinstance(carrier, JobRelay):
                    JOB_LAG.labels(f"sqs:{settings.job_queue}").set(await carrier.lag_seconds())

        async def work() -> None:
            await asyncio.gather(*(carrier.run() for carrier in carriers))

        def finish() -> None:
            for carrier in carriers:
                carrier.stop()

        async with sampled("relay", measure):
            await run_until(stop, work(), finish)


def _stream(name: str | None) -> str:
    return f"kinesis:{name}"


@contextlib.asynccontextmanager
async def _event_relay(settings: Settings, stores: Stores) -> AsyncIterator[list[EventRelay]]:
    name = settings.event_stream
    if name is None:
        yield []
        return
    from fincore.bootstrap.event_stream import open_event_stream

    async with open_event_stream(settings, name) as stream:
        yield [
            EventRelay(
                EventLog(stores.eventstore, UNDECODED_EVENTS),
                RelayCheckpoints(stores.eventstore),
                stream,
                sink_name=_stream(name),
            )
        ]


@contextlib.asynccontextmanager
async def _job_carriers(
    settings: Settings, stores: Stores
) -> AsyncIterator[list[JobRelay | MessageDeadLetters]]:
    if settings.job_queue is None:
        yield []
        return
    from fincore.bootstrap.job_messages import open_job_messages

    timeout_seconds = settings.worker_heartbeat_timeout_seconds
    async with contextlib.AsyncExitStack() as stack:
        queue = await stack.enter_async_context(open_job_messages(settings, settings.job_queue))
        carriers: list[JobRelay | MessageDeadLetters] = [
            JobRelay(DispatchedJobs(stores.queue, heartbeat_timeout_seconds=timeout_seconds), queue)
        ]
        if settings.job_dead_letters is not None:
            letters = await stack.enter_async_context(open_job_messages(settings, settings.job_dead_letters))
            claims = JobClaims(
                stores.queue, heartbeat_timeout_seconds=timeout_seconds, delivered_again_seconds=0
            )
            carriers.append(MessageDeadLetters(claims, letters))
        yield carriers
