"""What each role is made of. A role is one process; it runs until it is told to stop, and then finishes its work."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final, Literal, assert_never, get_args

import structlog

from fincore.bootstrap.databases import Databases, Stores, open_stores, require_migrated
from fincore.bootstrap.merchants_door import merchants_door
from fincore.bootstrap.psps import gateways, webhooks
from fincore.domain.clock import SystemClock
from fincore.eventstore.log import EventLog
from fincore.eventstore.metrics import COMMITS_WAITING, CONSUMER_LAG
from fincore.eventstore.subscription import Consumer, Subscription
from fincore.eventstore.writer import Enqueue, Writer
from fincore.observability.ops_server import OpsServer, Probe
from fincore.postgres.pool import CONNECTION_ERRORS, Pool, is_reachable
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.projectionist.projectionist import Projectionist
from fincore.settings import Settings
from fincore.write.queue.metrics import JOBS
from fincore.write.queue.pgqueuer import PgQueuerQueue
from fincore.write.worker.housekeeping import Housekeeping
from fincore.write.worker.worker import Worker, chores

Role = Literal["api", "worker", "projectionist", "ledger"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

SAMPLE_INTERVAL_SECONDS: Final = 2.0
"""How often lags and depths are measured for `/metrics`."""

_log = structlog.get_logger(__name__)


async def run_role(role: Role, settings: Settings, databases: Databases, *, stop_at_eof: bool) -> None:
    """Run one role until SIGTERM, Ctrl-C or, where asked for, the end of standard input."""
    stop = _stop_signal(stop_at_eof=stop_at_eof)
    await require_migrated(databases)
    async with open_stores(databases, application_name=f"fincore-{role}") as stores:
        ops = _ops_server(role, settings, stores)
        port = await ops.start()
        _log.info("role.started", role=role, pid=os.getpid(), ops_port=port)
        try:
            match role:
                case "api":
                    await _run_api(settings, stores, stop)
                case "worker":
                    await _run_worker(settings, stores, stop)
                case "projectionist":
                    await _run_consumer(stores, stores.paymentdb, Projectionist(), stop)
                case "ledger":
                    await _run_consumer(stores, stores.ledgerdb, LedgerService(), stop)
                case _:
                    assert_never(role)
        finally:
            await ops.stop()
        _log.info("role.stopped", role=role)


async def _run_api(settings: Settings, stores: Stores, stop: asyncio.Event) -> None:
    queue = PgQueuerQueue(stores.eventstore)
    async with running_writer(stores.eventstore, queue.enqueue) as writer:
        await merchants_door(settings, stores, writer, stop)


async def _run_worker(settings: Settings, stores: Stores, stop: asyncio.Event) -> None:
    clock = SystemClock()
    queue = PgQueuerQueue(
        stores.eventstore, heartbeat_timeout_seconds=settings.worker_heartbeat_timeout_seconds
    )
    psp_gateways = gateways(settings, clock)
    async with running_writer(stores.eventstore, queue.enqueue) as writer:
        worker = Worker(
            queue=queue,
            pool=stores.eventstore,
            log=EventLog(stores.eventstore),
            writer=writer,
            gateways=psp_gateways,
            webhooks=webhooks(settings),
            clock=clock,
            housekeeping=Housekeeping(stores.eventstore, chores(writer, queue), clock),
            concurrency=settings.worker_concurrency,
        )

        async def measure() -> None:
            for status, count in (await queue.depths()).items():
                JOBS.labels(status).set(count)

        try:
            async with sampled(measure):
                await _until(stop, worker.run(), worker.stop)
        finally:
            for gateway in psp_gateways.values():
                await gateway.close()


async def _run_consumer(stores: Stores, target: Pool, consumer: Consumer, stop: asyncio.Event) -> None:
    subscription = Subscription(EventLog(stores.eventstore), target, consumer)

    async def measure() -> None:
        CONSUMER_LAG.labels(consumer.name).set(await subscription.lag_seconds())

    async with sampled(measure):
        await _until(stop, subscription.run(), subscription.stop)


@contextlib.asynccontextmanager
async def running_writer(pool: Pool, enqueue: Enqueue) -> AsyncIterator[Writer]:
    """The write door of this process; at the end it writes what still waits."""
    writer = Writer(pool, enqueue)
    COMMITS_WAITING.set_function(lambda: writer.commits_waiting)
    running = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        writer.close()
        await running


@contextlib.asynccontextmanager
async def sampled(measure: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Measure something for `/metrics` every few seconds; a database that is away is waited for."""

    async def sample() -> None:
        while True:
            with contextlib.suppress(*CONNECTION_ERRORS):
                await measure()
            await asyncio.sleep(SAMPLE_INTERVAL_SECONDS)

    sampling = asyncio.create_task(sample())
    try:
        yield
    finally:
        sampling.cancel()


async def _until(stop: asyncio.Event, work: Awaitable[None], finish: Callable[[], None]) -> None:
    """Run `work`; when told to stop, ask it to finish and wait for it."""
    running = asyncio.ensure_future(work)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    finish()
    await running


def _ops_server(role: Role, settings: Settings, stores: Stores) -> OpsServer:
    def probe(pool: Pool) -> Probe:
        return lambda: is_reachable(pool)

    needs: Mapping[Role, tuple[str, ...]] = {
        "api": ("eventstore", "paymentdb"),
        "worker": ("eventstore",),
        "projectionist": ("eventstore", "paymentdb"),
        "ledger": ("eventstore", "ledgerdb"),
    }
    return OpsServer(
        role=role,
        host=settings.host,
        port=settings.ops_port and settings.ops_port + ROLES.index(role),
        probes={name: probe(getattr(stores, name)) for name in needs[role]},
    )


def _stop_signal(*, stop_at_eof: bool) -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if stop_at_eof:
        descriptor = sys.stdin.fileno()

        def read() -> None:
            if not os.read(descriptor, 1024):
                loop.remove_reader(descriptor)
                stop.set()

        loop.add_reader(descriptor, read)
    return stop
