"""Adjustments in the log: recorded once by several processes at a time, booked, and passed over by what follows charges."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from fincore.audit.invariants import check_all
from fincore.bootstrap.databases import Databases, open_stores
from fincore.domain.adjustment_events import ADJUSTMENT_EVENTS
from fincore.domain.clock import SystemClock
from fincore.domain.ids import RunId, adjustment_id_of, adjustment_stream_of
from fincore.domain.log_events import LOG_EVENTS, LogEvent
from fincore.domain.refusal import Refusal
from fincore.domain.stream_names import stream_name
from fincore.eventstore.log import EventLog
from fincore.eventstore.recorder import NotFound, Recorded
from fincore.eventstore.writer import Writer
from fincore.notify.fan_out import FanOut
from fincore.postgres.pool import Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledger.rebuild import verify as verify_ledger
from fincore.read.projectionist.projectionist import Projectionist
from fincore.read.projectionist.rebuild import verify as verify_views
from fincore.write.risk.outcome_counter import OutcomeCounter
from fincore.write.settlement.adjustments import AdjustmentRecorder
from fixtures.adjustments import booked, taken_back
from fixtures.commits import PROVENANCE, no_jobs
from fixtures.notify import notifying
from fixtures.traffic import follow, store_pool


@asynccontextmanager
async def recording(pool: Pool) -> AsyncIterator[AdjustmentRecorder]:
    writer: Writer[LogEvent] = Writer(pool, no_jobs, LOG_EVENTS)
    running = asyncio.create_task(writer.run())
    try:
        yield AdjustmentRecorder(EventLog(pool, ADJUSTMENT_EVENTS), writer)
    finally:
        writer.close()
        await running


@pytest.fixture
def log(pool: Pool) -> EventLog[LogEvent]:
    return EventLog(pool, LOG_EVENTS, name_of=stream_name)


async def test_adjustment_of_several_processes_is_recorded_once(pool: Pool, log: EventLog[LogEvent]) -> None:
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(recording(pool)) for _ in range(3)]
        results = await asyncio.gather(*(one.book(booked(), PROVENANCE) for one in processes))
        assert all(isinstance(one, Recorded) for one in results)
        await asyncio.gather(*(one.reverse(taken_back(), PROVENANCE) for one in processes))
        adjustment = await processes[0].load(booked().adjustment_id)
    assert adjustment is not None
    assert (adjustment.booked, adjustment.reversed) == (booked(), taken_back())
    stream = await log.load(adjustment_stream_of(booked().adjustment_id))
    assert [LOG_EVENTS.type_of(one.event) for one in stream] == ["adjustment.booked", "adjustment.reversed"]


async def test_adjustments_that_disagree_do_not_both_write(pool: Pool) -> None:
    async with recording(pool) as one, recording(pool) as other:
        results = await asyncio.gather(
            one.book(booked(), PROVENANCE), other.book(booked(gross_minor=-1), PROVENANCE)
        )
    assert sorted(type(result).__name__ for result in results) == ["Recorded", "Refusal"]


async def test_reversal_of_what_was_never_booked_writes_nothing(pool: Pool) -> None:
    async with recording(pool) as adjustments:
        assert await adjustments.reverse(taken_back(), PROVENANCE) == NotFound()
        await adjustments.book(booked(), PROVENANCE)
        await adjustments.reverse(taken_back(), PROVENANCE)
        again = await adjustments.reverse(taken_back(by="mallory"), PROVENANCE)
    assert isinstance(again, Refusal)


async def test_followers_of_the_log_pass_adjustments_by(
    pool: Pool, owner_pool: Pool, databases: Databases, log: EventLog[LogEvent]
) -> None:
    """Views, books, merchants' webhooks and counters of risk: none stops, none is parked, and a rebuild makes the same ledger."""
    async with notifying(databases.eventstore, pool) as notify:
        await notify.listen("https://shop.example/hooks")
    async with recording(pool) as adjustments:
        for adjusts in ("clearing", "balance", "opening"):
            event = booked(
                adjustment_id=adjustment_id_of(run_id=RunId("run_1"), subject=adjusts, generation=1),
                kind="adjustment",
                adjusts=adjusts,
                fee_minor=30 if adjusts == "clearing" else 0,
            )
            assert isinstance(await adjustments.book(event, PROVENANCE), Recorded)
            await adjustments.reverse(taken_back(event), PROVENANCE)
    for schema, consumer in (
        ("paymentdb", Projectionist()),
        ("ledgerdb", LedgerService()),
        ("notify", FanOut(SystemClock())),
        ("risk", OutcomeCounter()),
    ):
        async with store_pool(databases.eventstore, schema) as target:
            assert await follow(log, target, consumer, batch_events_max=2) > 0
            assert await target.fetchval("select count(*) from parked_streams") == 0
    async with open_stores(databases, application_name="tests-adjustments") as stores:
        broken = [
            (one.invariant.name, one.violations, one.unchecked)
            for one in await check_all(stores)
            # No person decided these: they are in the log alone.
            if not one.holds and one.invariant.name != "adjustments_are_told"
        ]
    assert broken == []
    assert (await verify_ledger(log, owner_pool)).first_id is None
    rebuilt, differences = await verify_views(log, owner_pool)
    assert (differences, rebuilt.parked) == ([], {})
