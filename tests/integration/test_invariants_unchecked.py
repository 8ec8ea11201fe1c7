"""An invariant that cannot be checked says so, and the others are checked; traffic beside a check breaks none."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import asyncpg
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from fincore.audit.auditor import Auditor
from fincore.audit.invariants import INVARIANTS, check_all
from fincore.audit.invariants.check_result import CheckResult, result_of, summary
from fincore.audit.invariants.invariant import Invariant, Violation
from fincore.audit.invariants.view_equals_fold import VIEW_EQUALS_FOLD
from fincore.bootstrap.databases import Databases, Stores, open_stores
from fincore.cli.installation import exit_code_of
from fincore.domain.clock import SystemClock
from fincore.domain.events import CHARGE_EVENTS
from fincore.domain.ids import StreamId
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.projectionist.projectionist import Projectionist
from fincore.write.queue.port import JobInspection
from fixtures.commits import append, captured, created, new_stream
from fixtures.traffic import follow, refunded, refunding, running_writer


class Scene(NamedTuple):
    """One charge that is paid, followed by every consumer."""

    stores: Stores
    owner: Pool
    paid: StreamId

    async def set_amount(self, json: str) -> None:
        """Let the capture say another amount, behind every trigger's back."""
        async with self.owner.acquire() as connection:
            await connection.execute("set session_replication_role = replica")
            await connection.execute(
                "update eventstore.events set data = jsonb_set(data, '{amount_minor}', $1::jsonb) "
                "where stream_id = $2 and type = 'charge.captured'",
                json,
                self.paid,
            )
            await connection.execute("set session_replication_role = origin")


@pytest.fixture
async def scene(databases: Databases, owner_pool: Pool) -> AsyncIterator[Scene]:
    async with open_stores(databases, application_name="tests-unchecked") as stores:
        paid = new_stream()
        async with running_writer(stores.eventstore) as writer:
            await writer.commit(append(paid, created(), captured()))
        await follow(EventLog(stores.eventstore, CHARGE_EVENTS), stores.paymentdb, Projectionist())
        await follow(EventLog(stores.eventstore, CHARGE_EVENTS), stores.ledgerdb, LedgerService())
        yield Scene(stores, owner_pool, paid)


def by_name(results: Sequence[CheckResult]) -> dict[str, CheckResult]:
    return {result.invariant.name: result for result in results}


async def test_amount_above_64_bits_is_reported_by_invariants(scene: Scene) -> None:
    await scene.set_amount(str(2**63))
    results = by_name(await check_all(scene.stores))
    assert [name for name, result in results.items() if result.unchecked] == []
    (violation,) = results["refunded_within_captured"].violations
    assert str(2**63) in violation.what
    assert results["money_events_have_entries"].is_broken


async def test_unreadable_event_leaves_other_invariants_checked(scene: Scene) -> None:
    await scene.set_amount('"a lot"')
    results = by_name(await check_all(scene.stores))
    unchecked = [name for name, result in results.items() if result.unchecked]
    assert {"every_event_reaches_every_consumer", "refunded_within_captured"} <= set(unchecked)
    assert results["view_equals_fold"].is_broken
    assert results["entries_balance"].holds
    told = results["refunded_within_captured"].sentence
    assert told.startswith("UNCHECKED  refunded_within_captured: ")
    assert "InvalidTextRepresentationError (SQLSTATE 22P02)" in told
    assert "a lot" not in told
    found = list(results.values())
    assert exit_code_of(found) == 1
    assert (
        f"{len(unchecked)} of {len(INVARIANTS)} invariants could not be checked: {', '.join(unchecked)}"
        in summary(found, 3)
    )


async def test_audit_round_reports_what_it_could_not_check(scene: Scene) -> None:
    await scene.set_amount('"a lot"')
    measured = asyncio.Event()

    async def fails() -> None:
        raise RuntimeError("no figure")

    async def succeeds() -> None:
        measured.set()

    audit = Auditor(
        scene.stores, SystemClock(), interval_seconds=3_600, beside={"shaky": fails, "steady": succeeds}
    )
    began = datetime.now(UTC).timestamp()
    with capture_logs() as logs:
        assert await audit.round() > 0
    assert measured.is_set()
    checked = {
        name: figure("fincore_laws_checked_timestamp_seconds", what=name) or 0.0
        for name in ("shaky", "steady", "refunded_within_captured", "entries_balance")
    }
    assert {name for name, at in checked.items() if at >= began} == {"steady", "entries_balance"}
    assert [figure("fincore_audit_unchecked", what=name) for name in ("shaky", "steady")] == [1.0, 0.0]
    assert figure("fincore_audit_unchecked", what="refunded_within_captured") == 1.0
    assert figure("fincore_audit_unchecked", what="entries_balance") == 0.0
    told = {entry.get("invariant") or entry.get("figure") for entry in logs if entry["log_level"] == "error"}
    assert {"refunded_within_captured", "shaky"} <= told


async def test_invariant_check_that_times_out_is_unchecked(scene: Scene) -> None:
    async def wait_for_ever(_: object) -> list[Violation]:
        await asyncio.Event().wait()
        raise AssertionError("it never happens")

    slow = Invariant("slow", "It is checked in time.", wait_for_ever)
    result = await result_of(slow, scene.stores, seconds_max=0.01)
    assert (result.holds, result.is_broken) == (False, False)
    assert "not done within 0.01 s" in result.sentence
    assert summary([result], 3) == "1 of 1 invariants could not be checked: slow"


@pytest.mark.parametrize(("broken", "unchecked", "exit_code"), [(0, 0, 0), (1, 0, 1), (1, 1, 1), (0, 1, 3)])
def test_check_exit_code_separates_broken_from_unchecked(broken: int, unchecked: int, exit_code: int) -> None:
    """2 is for wrong arguments."""
    invariant = Invariant("any", "It holds.", INVARIANTS[0].check)
    results = [CheckResult(invariant)]
    results += [CheckResult(invariant, violations=(Violation("row", "is wrong"),))] * broken
    results += [CheckResult(invariant, unchecked="the store is away")] * unchecked
    assert exit_code_of(results) == exit_code


async def test_invariant_of_unreachable_store_is_unchecked(scene: Scene) -> None:
    async def ask_a_dead_server(_: object) -> list[Violation]:
        raise ConnectionRefusedError

    result = await result_of(Invariant("away", "It is there.", ask_a_dead_server), scene.stores)
    assert result.unchecked is not None


class Interrupted:
    """An event store on which something happens just before each read of the log."""

    def __init__(self, pool: Pool, happen: Callable[[], Awaitable[None]]) -> None:
        self._pool = pool
        self._happen = happen

    async def fetch(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        await self._happen()
        return await self._pool.fetch(statement, *arguments)


class BesideTraffic(NamedTuple):
    """Stores as an invariant takes them."""

    eventstore: Any
    paymentdb: Pool
    ledgerdb: Pool
    jobs: JobInspection


async def test_view_that_moves_during_the_check_is_no_violation(scene: Scene) -> None:
    versions = 2

    async def refund_a_little() -> None:
        nonlocal versions
        asked = refunding(10)
        async with running_writer(scene.stores.eventstore) as writer:
            await writer.commit(append(scene.paid, asked, refunded(asked), expected_version=versions))
        versions += 2
        await follow(
            EventLog(scene.stores.eventstore, CHARGE_EVENTS), scene.stores.paymentdb, Projectionist()
        )

    stores = BesideTraffic(
        Interrupted(scene.stores.eventstore, refund_a_little),
        scene.stores.paymentdb,
        scene.stores.ledgerdb,
        scene.stores.jobs,
    )
    assert await VIEW_EQUALS_FOLD.check(stores) == []
    assert versions > 2


def figure(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)
