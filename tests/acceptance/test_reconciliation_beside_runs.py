"""kill -9 beside the runs of reconciliation: a day is sealed once, a notice made and sent, and a lost record derived as it was.

What comes to a place is killed there and started again; then it must be as if no process had died.
"""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from acceptance.failpoints.settlement import sources_file
from acceptance.test_reconciliation_failpoints import RUN, happened, one_day, repeated
from fincore.observability.failpoints import BESIDE_RUN_FAILPOINTS
from fincore.postgres.pool import create_pool
from fixtures.settlement_account import settlement
from fixtures.system import System
from fixtures.traffic import store_pool

REBUILD: Final = ("rebuild", "reconciliation")
RECORD: Final = (
    "break_parts",
    "adjustment_reversals",
    "adjustment_parts",
    "adjustments",
    "bank_matches",
    "matches",
    "matched_totals",
    "converted_totals",
    "matched_files",
    "open_lines",
    "open_items",
    "break_actions",
    "break_states",
    "breaks",
    "day_reports",
    "reports",
    "runs",
)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """An installation of which only the ledger runs at first, and two days of settlement in it."""
    folder: Path = tmp_path_factory.mktemp("sources")
    system = System(
        settings={
            "FINCORE_FAILPOINTS": "allowed",
            "FINCORE_ADJUSTMENT_LIMITS_MINOR": "usd:10000:1000000",
            "FINCORE_SETTLEMENT_SOURCES_FILE": str(sources_file(folder)),
            "FINCORE_OPS_TELL": "always",
        }
    )
    try:
        system.start_stores()
        system.start("ledger")
        asyncio.run(two_days(system))
        yield system
    finally:
        system.stop()


async def two_days(system: System) -> None:
    pool = await create_pool(system.dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(system.dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as account:
            of_paypal = account._replace(psp="paypal", psp_account="eu")  # type: ignore[arg-type]
            for day in [await happened(system, of_paypal, number) for number in (0, 1)]:
                await one_day(system, day, None)
    finally:
        pool.terminate()


def places(name: str) -> list[str]:
    return [one for one in BESIDE_RUN_FAILPOINTS if one.rpartition(".")[0] == name]


async def killed_and_repeated(system: System, place: str, *command: str) -> None:
    died = await asyncio.to_thread(system.fincore_dying_at, place, *command)
    assert died.code == -signal.SIGKILL, (place, died)
    await repeated(system, *command, at_once=2)


def set_back(system: System, *statements: str) -> None:
    """Change rows that are never changed otherwise."""
    system.execute("set local session_replication_role = replica", *statements)


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_day_that_dies_while_it_is_sealed_is_sealed_once(system: System) -> None:
    for days_ago, place in zip((2, 1), places("settlement_day"), strict=True):
        set_back(
            system,
            f"update reconciliation.runs set cut_off = cut_off - interval '{days_ago} days'"  # noqa: S608 -- a number of ours
            " where run_no > (select coalesce(max(last_run_no), 0) from reconciliation.day_reports)",
        )
        await killed_and_repeated(system, place, *RUN)
        sealed = system.rows("select day from reconciliation.day_reports order by day desc")
        assert len(sealed) == 3 - days_ago
        shown = await asyncio.to_thread(system.fincore, "reconcile", "report", f"--day={sealed[0][0]}")
        assert shown.code == 0, shown


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("place", [*places("settlement_notice"), *places("settlement_notice_sent")])
async def test_notice_of_a_role_that_dies_is_made_once_and_sent(system: System, place: str) -> None:
    system.start("reconciliation")
    system.until("all that was found is told", lambda: not untold(system))
    runs, told = runs_and_notices(system)
    system.arm("reconciliation", place)
    await repeated(system, *RUN, at_once=1)
    system.until("the role is dead", lambda: system.processes["reconciliation"].exit_code == -signal.SIGKILL)
    # What died while it sent holds its lease for a minute.
    system.execute(
        "update reconciliation.notice_deliveries set leased_until = now() - interval '1 hour' where leased_until is not null"
    )
    system.start("reconciliation")
    system.until("the run is told", lambda: not untold(system))
    assert system.terminate("reconciliation") == 0
    runs_after, told_after = runs_and_notices(system)
    assert runs_after - runs == told_after - told > 0


def untold(system: System) -> bool:
    """Whether a run is not told, or a notice not sent."""
    ((runs, waiting),) = system.rows(
        "select (select max(run_no) from reconciliation.reports) - (select run_no from reconciliation.told),"
        " (select count(*) from reconciliation.notice_deliveries where status <> 'sent')"
    )
    return bool(runs or waiting)


def runs_and_notices(system: System) -> tuple[int, int]:
    """How many runs have a report, and how many notices of runs there are."""
    ((runs, told),) = system.rows(
        "select (select count(*) from reconciliation.reports),"
        " (select count(*) from reconciliation.notices where notice ->> 'kind' = 'run')"
    )
    return runs, told


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("place", places("settlement_rebuild"))
async def test_rebuild_that_dies_is_continued_to_the_same_record(system: System, place: str) -> None:
    before = record(system)
    set_back(system, *map("delete from reconciliation.{}".format, RECORD))
    await killed_and_repeated(system, place, *REBUILD)
    assert record(system) == before
    checked = await asyncio.to_thread(system.fincore, "check")
    assert checked.code == 0, checked.stdout


def record(system: System) -> list[object]:
    """What the record says of runs that matched, without the numbers that the database gives."""
    return [
        system.rows(statement)
        for statement in (
            """select r.run_id, t.file_id, t.kind, t.currency, t.lines, t.gross_minor, t.fee_minor
                from reconciliation.matched_totals t join reconciliation.runs r using (run_no) order by 1, 2, 3, 4""",
            """select l.file_id, l.number, m.part, m.rule, m.entry_id
                from reconciliation.matches m join reconciliation.lines l using (line_no) order by 1, 2, 3""",
            "select adjustment_id, booked::text, decided_at from reconciliation.adjustments order by 1",
            "select class, amount_minor, status from reconciliation.breaks where line_no is not null order by 1, 2, 3",
        )
    ]
