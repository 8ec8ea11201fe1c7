"""Payouts and settlement files in the log: recorded once by several processes at a time, and passed over by what follows charges."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from fincore.audit.invariants import check_all
from fincore.bootstrap.databases import Databases, open_stores
from fincore.domain.clock import SystemClock
from fincore.domain.ids import new_run_id, payout_of, payout_stream_of
from fincore.domain.log_events import LOG_EVENTS, LogEvent
from fincore.domain.refusal import Refusal
from fincore.domain.stream_names import stream_name, stream_named
from fincore.eventstore.log import EventLog
from fincore.eventstore.recorder import NotFound
from fincore.notify.fan_out import FanOut
from fincore.postgres.pool import Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.projectionist.projectionist import Projectionist
from fincore.read.projectionist.rebuild import verify
from fincore.write.risk.outcome_counter import OutcomeCounter
from fixtures.commits import NOON, PROVENANCE, append, captured, claiming, created, new_stream
from fixtures.notify import notifying
from fixtures.settlement import (
    ACCOUNT,
    BANK,
    Settlement,
    file_accepted,
    kind_total,
    payout_report,
    settling,
)
from fixtures.traffic import follow, running_writer, store_pool

LINES = (kind_total("payment", 20_000, -640, lines=2), kind_total("refund", -4_000, 34))


@pytest.fixture
async def settlement(pool: Pool) -> AsyncIterator[Settlement]:
    async with settling(pool) as settlement:
        yield settlement


@pytest.fixture
def log(pool: Pool) -> EventLog[LogEvent]:
    return EventLog(pool, LOG_EVENTS, name_of=stream_name)


async def types_of(log: EventLog[LogEvent], name: str) -> list[str]:
    """The types of the events about a payout or a file."""
    return [LOG_EVENTS.type_of(one.event) for one in await log.load(stream_named(name))]


async def test_payout_reported_by_several_processes_is_recorded_once(
    pool: Pool, log: EventLog[LogEvent]
) -> None:
    reports = [
        payout_report("in_transit", psp_reference="po_1", day=0),
        payout_report("paid", psp_reference="po_1"),
    ]
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(settling(pool)) for _ in range(3)]
        await asyncio.gather(*(one.report(report) for one in processes for report in reports))
        payout = await processes[0].payouts.load(ACCOUNT.payout_id(reports[0].psp_reference))
    assert payout is not None
    assert payout.status == "paid"
    assert await types_of(log, payout.payout_id) == ["payout.created", "payout.paid"]
    assert payout_of(payout_stream_of(payout.payout_id)) == payout.payout_id


async def test_report_that_contradicts_a_payout_writes_nothing(
    settlement: Settlement, log: EventLog[LogEvent]
) -> None:
    await settlement.report(payout_report("paid", psp_reference="po_1"))
    canceled = payout_report("canceled", psp_reference="po_1", day=2)
    refused = await settlement.payouts.record(ACCOUNT, canceled, PROVENANCE, bank_account=BANK)
    assert isinstance(refused, Refusal)
    assert await types_of(log, ACCOUNT.payout_id(canceled.psp_reference)) == ["payout.created", "payout.paid"]


async def test_file_read_by_several_processes_is_recorded_once(pool: Pool, log: EventLog[LogEvent]) -> None:
    run_id = new_run_id()
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(settling(pool)) for _ in range(3)]
        (file_id,) = set(await asyncio.gather(*(one.read_file(*LINES) for one in processes)))
        await asyncio.gather(*(one.match(file_id, LINES[0], run_id=run_id) for one in processes))
        await processes[0].match(file_id, LINES[1])
        file = await processes[0].files.load(file_id)
    assert file is not None
    assert (file.totals, [one for _, one in file.matches]) == (LINES, list(LINES))
    assert await types_of(log, file_id) == [
        "settlement_file.accepted",
        "settlement_file.totalled",
        "settlement_file.totalled",
        "settlement_file.matched",
        "settlement_file.matched",
    ]


async def test_match_of_a_file_that_was_never_read_writes_nothing(settlement: Settlement) -> None:
    file_id = file_accepted(LINES).file_id
    matched = await settlement.files.match(file_id, new_run_id(), LINES, PROVENANCE, occurred_at=NOON)
    assert matched == NotFound()
    assert await settlement.files.load(file_id) is None


async def test_parsers_that_disagree_do_not_both_write(
    settlement: Settlement, log: EventLog[LogEvent]
) -> None:
    accepted = file_accepted(LINES)
    others = (kind_total("payment", 20_001, -640, lines=2), LINES[1])
    results = await asyncio.gather(
        settlement.files.accept(accepted, LINES, PROVENANCE),
        settlement.files.accept(accepted, others, PROVENANCE),
    )
    assert sorted(type(one).__name__ for one in results) == ["Recorded", "Refusal"]
    assert len(await types_of(log, accepted.file_id)) == 3


async def test_followers_of_the_log_pass_settlement_by(
    pool: Pool,
    owner_pool: Pool,
    databases: Databases,
    log: EventLog[LogEvent],
    settlement: Settlement,
) -> None:
    """Views, books, merchants' webhooks and counters of risk: none stops, none is parked, and every invariant holds."""
    dsn = databases.eventstore
    async with notifying(dsn, pool) as notify:
        await notify.listen("https://shop.example/hooks")
    for day in (1, 2):
        await settlement.report(payout_report("paid", day=day), payout_report("in_transit", -500, day=0))
        file_id = await settlement.read_file(*LINES, kind_total("opening", day, lines=0))
        await settlement.match(file_id, LINES[0])
    async with running_writer(pool) as writer:
        stream = new_stream()
        assert await writer.commit(claiming(append(stream, created(), captured())))
    for schema, consumer in (
        ("paymentdb", Projectionist()),
        ("ledgerdb", LedgerService()),
        ("notify", FanOut(SystemClock())),
        ("risk", OutcomeCounter()),
    ):
        async with store_pool(dsn, schema) as target:
            assert await follow(log, target, consumer, batch_events_max=7) > 0
            assert await target.fetchval("select count(*) from parked_streams") == 0
    async with open_stores(databases, application_name="tests-settlement") as stores:
        broken = [
            (one.invariant.name, one.violations, one.unchecked)
            for one in await check_all(stores)
            # These files have events and no lines: no run of reconciliation read them.
            if not one.holds and one.invariant.name != "settlement_events_have_lines"
        ]
    assert broken == []
    rebuilt, differences = await verify(log, owner_pool)
    assert (differences, rebuilt.parked) == ([], {})
