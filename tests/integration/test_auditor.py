"""The invariants on a schedule: what breaks one shows in the metrics and in the log, round after round."""

import asyncio

from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from fincore.audit.auditor import Auditor
from fincore.audit.invariants import INVARIANTS
from fincore.bootstrap.databases import Databases, open_stores
from fincore.domain.clock import SystemClock
from fincore.domain.events import CHARGE_EVENTS
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledgerdb.clearing import measure_unclear, unclear_balances
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.commits import captured, created
from fixtures.traffic import fates, follow, live, refunded, refunding, running_writer
from fixtures.waiting import eventually


async def test_audit_round_sets_metric_per_invariant_and_logs_broken(
    databases: Databases, owner_pool: Pool
) -> None:
    async with open_stores(databases, application_name="tests-audit") as stores:
        log = EventLog(stores.eventstore, CHARGE_EVENTS)
        async with running_writer(stores.eventstore) as writer:
            await live(writer, fates())
        await follow(log, stores.paymentdb, Projectionist())
        await follow(log, stores.ledgerdb, LedgerService())
        audit = Auditor(stores, SystemClock(), interval_seconds=3_600)
        assert await audit.round() == 0
        assert [_violations(invariant.name) for invariant in INVARIANTS] == [0.0] * len(INVARIANTS)

        await owner_pool.execute("update paymentdb.charges set captured_minor = captured_minor + 1")
        with capture_logs() as logs:
            assert await audit.round() == 1
        assert _violations("view_equals_fold") > 0
        told = [entry for entry in logs if entry["event"] == "audit.invariant_broken"]
        assert told
        assert {entry["invariant"] for entry in told} == {"view_equals_fold"}


async def test_audit_rounds_repeat_until_stopped(databases: Databases) -> None:
    rounds = 0

    async def counted() -> None:
        nonlocal rounds
        rounds += 1

    async def enough() -> bool:
        return rounds >= 2

    async with open_stores(databases, application_name="tests-audit") as stores:
        audit = Auditor(stores, SystemClock(), interval_seconds=0.0, beside={"rounds": counted})
        running = asyncio.create_task(audit.run())
        await eventually(enough)
        audit.stop()
        await running


async def test_clearing_account_that_is_not_at_zero_is_measured(databases: Databases) -> None:
    refund = refunding(400)
    stories = [(created(), captured(), refund, refunded(refund)), (created(), captured())]
    async with open_stores(databases, application_name="tests-audit") as stores:
        async with running_writer(stores.eventstore) as writer:
            await live(writer, stories)
        await follow(EventLog(stores.eventstore, CHARGE_EVENTS), stores.ledgerdb, LedgerService())
        (unclear,) = await unclear_balances(stores.ledgerdb)
        assert unclear.account == "psp:stripe:test:clearing:usd"
        assert (unclear.psp, unclear.psp_account, unclear.balance_minor) == ("stripe", "test", 1_600)
        await measure_unclear(stores.ledgerdb)
        labels = {"mode": "test", "account": unclear.account, "psp": "stripe", "psp_account": "test"}
        assert REGISTRY.get_sample_value("fincore_clearing_unclear_minor", labels) == 1_600


def _violations(invariant: str) -> float:
    value = REGISTRY.get_sample_value("fincore_law_violations", {"law": invariant})
    assert value is not None
    return value
