"""A consumer of the log in a process of its own, so that its memory is its own.

Follows the log to its end and tells how long that took: reads a `Consumption` as JSON from standard input and prints a
`Consumed`.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterable
from typing import Final, Literal

import msgspec
import psutil
import uvloop

from bench.cpu import memory_peak_mib
from fincore.bootstrap.roles import collect_garbage_seldom
from fincore.domain.events import CHARGE_EVENTS, ChargeCaptured, ChargeEvent
from fincore.domain.ids import EventId, StreamId
from fincore.eventstore.consumer import Consumer
from fincore.eventstore.inapplicable_events import readable
from fincore.eventstore.log import EventLog, LoggedEvent
from fincore.eventstore.subscription import BATCH_EVENTS_MAX, Subscription
from fincore.postgres.pool import Pool, create_pool
from fincore.read.ledger.ledger_service import BATCH_EVENTS_MAX as LEDGER_BATCH_EVENTS_MAX
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledger.rebuild import verify as verify_ledger
from fincore.read.projectionist.projectionist import Projectionist
from fincore.read.projectionist.rebuild import rebuild

TIMEOUT_SECONDS: Final = 600.0


class Consumption(msgspec.Struct, frozen=True, kw_only=True):
    """Which consumer, against which database; `rebuild` builds the projection anew beside the live one.

    `ledger-rebuild` builds the ledger anew, once it has followed the log, and compares the two. `row_at_a_time` posts that many captures, each in a transaction of its own, instead of following the log.
    """

    dsn: str
    consumer: Literal["projectionist", "ledger", "rebuild", "ledger-rebuild"]
    row_at_a_time: int = 0


class Consumed(msgspec.Struct, frozen=True, kw_only=True):
    """What it took. Memory is resident, in MiB: early on, and at its peak."""

    events: int
    seconds: float
    memory_early_mib: float
    memory_peak_mib: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds


def consume(consumption: Consumption) -> Consumed:
    """Run a consumer in a process of its own."""
    output = subprocess.run(
        [sys.executable, "-m", "bench.consume"],
        input=msgspec.json.encode(consumption),
        stdout=subprocess.PIPE,
        timeout=TIMEOUT_SECONDS,
        check=True,
    ).stdout
    return msgspec.json.decode(output, type=Consumed)


async def _run(consumption: Consumption) -> Consumed:
    if consumption.consumer in ("rebuild", "ledger-rebuild"):
        return await _rebuild(consumption.dsn, is_ledger=consumption.consumer == "ledger-rebuild")
    schema = "paymentdb" if consumption.consumer == "projectionist" else "ledgerdb"
    consumer = Projectionist() if consumption.consumer == "projectionist" else LedgerService()
    source = await create_pool(consumption.dsn, application_name="bench-log", role="fincore_service")
    target = await create_pool(
        consumption.dsn,
        application_name=f"bench-{consumer.name}",
        role="fincore_service",
        extra_settings={"search_path": schema},
    )
    try:
        if consumption.row_at_a_time:
            return await _one_by_one(
                EventLog(source, CHARGE_EVENTS), target, consumer, consumption.row_at_a_time
            )
        return await _follow(EventLog(source, CHARGE_EVENTS), source, target, consumer)
    finally:
        source.terminate()
        target.terminate()


class _WatchedLog(EventLog[ChargeEvent]):
    """A log that notes how much memory its reader holds once a tenth of it was read."""

    def __init__(self, pool: Pool, events: int) -> None:
        super().__init__(pool, CHARGE_EVENTS)
        self.events = events
        self.early_mib = 0.0
        self._left_of_tenth = events // 10

    async def read_streams_after(
        self, stream_id: StreamId, version: int, *, until: tuple[int, int], limit: int
    ) -> list[LoggedEvent[ChargeEvent]]:
        return self._watched(await super().read_streams_after(stream_id, version, until=until, limit=limit))

    async def load_events(self, event_ids: Iterable[EventId]) -> list[LoggedEvent[ChargeEvent]]:
        return self._watched(await super().load_events(event_ids))

    def _watched(self, batch: list[LoggedEvent[ChargeEvent]]) -> list[LoggedEvent[ChargeEvent]]:
        self._left_of_tenth -= len(batch)
        if self._left_of_tenth <= 0 and not self.early_mib:
            self.early_mib = _resident_mib()
        return batch


async def _rebuild(dsn: str, *, is_ledger: bool) -> Consumed:
    owner = await create_pool(dsn, application_name="bench-rebuild")
    try:
        log = _WatchedLog(owner, await owner.fetchval("select count(*) from eventstore.events"))
        began, cpu_began = time.perf_counter(), time.process_time()
        if is_ledger:
            compared = await verify_ledger(log, owner)
            if compared.first_id is not None or not compared.entries:
                raise AssertionError(f"the ledger is not what the log makes of it: {compared}")
        else:
            await rebuild(log, owner)
        return _consumed(log.events, began, cpu_began, log.early_mib)
    finally:
        owner.terminate()


async def _follow(
    log: EventLog[ChargeEvent], source: Pool, target: Pool, consumer: Consumer[ChargeEvent]
) -> Consumed:
    in_log = int(await source.fetchval("select count(*) from eventstore.events"))
    # As the role runs it.
    batch_events_max = LEDGER_BATCH_EVENTS_MAX if isinstance(consumer, LedgerService) else BATCH_EVENTS_MAX
    subscription = Subscription(log, target, consumer, batch_events_max=batch_events_max)
    await subscription.checkpoint()
    early_mib = 0.0
    events = 0
    began, cpu_began = time.perf_counter(), time.process_time()
    while applied := await subscription.advance():
        events += applied
        if not early_mib and events >= in_log // 10:
            early_mib = _resident_mib()
    return _consumed(events, began, cpu_began, early_mib)


async def _one_by_one(
    log: EventLog[ChargeEvent], target: Pool, consumer: Consumer[ChargeEvent], count: int
) -> Consumed:
    events = readable(await log.read_after(0, 0, limit=3 * count))
    captures = [recorded for recorded in events if isinstance(recorded.event, ChargeCaptured)][:count]
    early_mib = _resident_mib()
    began, cpu_began = time.perf_counter(), time.process_time()
    for capture in captures:
        async with target.acquire() as connection, connection.transaction():
            await consumer.apply(connection, [capture])
    return _consumed(len(captures), began, cpu_began, early_mib)


def _resident_mib() -> float:
    return float(psutil.Process().memory_info().rss / 1024**2)


def _consumed(events: int, began: float, cpu_began: float, early_mib: float) -> Consumed:
    return Consumed(
        events=events,
        seconds=time.perf_counter() - began,
        memory_early_mib=early_mib,
        memory_peak_mib=memory_peak_mib(psutil.Process().pid),
        cpu_seconds=time.process_time() - cpu_began,
    )


def main() -> None:
    """Entry point of the consumer's process."""
    consumption = msgspec.json.decode(sys.stdin.buffer.read(), type=Consumption)
    if consumption.consumer not in ("rebuild", "ledger-rebuild"):
        collect_garbage_seldom()  # as the roles do, and the command does not
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        consumed = runner.run(_run(consumption))
    sys.stdout.buffer.write(msgspec.json.encode(consumed))


if __name__ == "__main__":
    main()
