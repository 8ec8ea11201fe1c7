"""Reconciliation as a function that a schedule invokes, under AWS's own runtime client: what is due is done once, also where an invocation is killed."""

import asyncio
from pathlib import Path
from typing import Final

import pytest
from harness.lambda_runtime import LambdaFunction, lambda_function

from fincore.postgres.pool import Pool
from fixtures.settlement_sources import DECLARED

HANDLER: Final = "fixtures.lambda_handlers.reconciliation_of_whole_files"
SCHEDULED: Final = {"source": "aws.events", "detail-type": "Scheduled Event"}
ACCOUNTS: Final = """
[[account]]
name = "eu"
psp = "paypal"
mode = "test"
client_id = "client"
client_secret = "env:PAYPAL_CLIENT_SECRET"
webhook_id = "webhook"
"""
TESTS: Final = Path(__file__).parents[1]
TURN: Final = "select pg_advisory_lock(hashtext('fincore.reconciliation.run'))"


class Files:
    """A source that is a folder, and an installation's settings for it."""

    def __init__(self, folder: Path, dsn: str, pool: Pool) -> None:
        self.offered = folder / "offered"
        self.offered.mkdir()
        accounts, sources = folder / "accounts.toml", folder / "sources.toml"
        accounts.write_text(ACCOUNTS)
        sources.write_text(DECLARED.format(folder=self.offered))
        self.log = folder / "log"
        self.settings = {
            "FINCORE_EVENTSTORE_DSN": dsn,
            "FINCORE_PSP_ACCOUNTS_FILE": str(accounts),
            "FINCORE_SETTLEMENT_SOURCES_FILE": str(sources),
            "FINCORE_SETTLEMENT_EVIDENCE": str(folder / "evidence"),
            "PAYPAL_CLIENT_SECRET": "secret",
            "PYTHONPATH": str(TESTS),
        }
        self._pool = pool

    def offer(self, name: str) -> None:
        """A file that is none of PayPal's: it is kept, and a run refuses it."""
        (self.offered / name).write_bytes(name.encode())

    async def be_due(self) -> None:
        """Let the time of the next look have come."""
        await self._pool.execute("update reconciliation.sources set looked_at = looked_at - interval '1 day'")

    async def let_go(self) -> None:
        """Let a minute have passed since a process died that looked."""
        await self._pool.execute(
            "update reconciliation.sources set leased_until = clock_timestamp() where leased_by is not null"
        )

    async def done(self) -> tuple[int, int]:
        """How many files are kept, and how many runs have ended."""
        arrived = await self._pool.fetchval("select count(*) from reconciliation.arrivals")
        runs = await self._pool.fetchval(
            "select count(*) from reconciliation.runs where finished_at is not null"
        )
        return arrived, runs

    async def tick(self, function: LambdaFunction, *, timeout_seconds: float | None = None) -> None:
        answer = await function.invoke(SCHEDULED, timeout_seconds=timeout_seconds)
        assert answer == (None, None, ""), self.log.read_text()


@pytest.fixture
def files(tmp_path: Path, dsn: str, owner_pool: Pool) -> Files:
    return Files(tmp_path, dsn, owner_pool)


async def test_each_invocation_does_what_is_due(files: Files) -> None:
    files.offer("STL-1.CSV")
    async with lambda_function(HANDLER, files.settings, log=files.log) as function:
        await files.tick(function)
        assert await files.done() == (1, 2)
        # EventBridge delivers at least once.
        await files.tick(function)
        assert await files.done() == (1, 2)
        files.offer("STL-2.CSV")
        await files.be_due()
        await files.tick(function)
        assert await files.done() == (2, 3)


@pytest.mark.long
async def test_invocations_at_once_fetch_each_file_once(files: Files) -> None:
    files.offer("STL-1.CSV")
    async with (
        lambda_function(HANDLER, files.settings, log=files.log) as first,
        lambda_function(HANDLER, files.settings, log=files.log) as second,
    ):
        for number in range(2, 6):
            await asyncio.gather(files.tick(first), files.tick(second))
            assert (await files.done())[0] == number - 1
            files.offer(f"STL-{number}.CSV")
            await files.be_due()


@pytest.mark.long
async def test_run_waits_for_the_turn_of_another_process(files: Files, owner_pool: Pool) -> None:
    async with lambda_function(HANDLER, files.settings, log=files.log) as function:
        async with owner_pool.acquire() as service:
            await service.execute(TURN)
            files.offer("STL-1.CSV")
            await files.tick(function)
            assert await files.done() == (1, 0)
            await service.execute("select pg_advisory_unlock_all()")
        await files.tick(function)
        assert await files.done() == (1, 1)


@pytest.mark.long
@pytest.mark.parametrize(
    "place",
    [
        "settlement_file.before",
        "settlement_file.after",
        "settlement_fetch.after",
        "evidence.after",
        "settlement_run.before",
        "settlement_run.after",
        "settlement_report.before",
        "settlement_notice_sent.before",
    ],
)
async def test_killed_invocation_is_continued(files: Files, tmp_path: Path, place: str) -> None:
    files.offer("STL-1.CSV")
    settings = files.settings | {"DIES_ONCE_AT": str(tmp_path / place)}
    async with lambda_function(HANDLER, settings, log=files.log) as function:
        assert (await function.invoke(SCHEDULED)).error_type == "Runtime.ExitError"
        await files.be_due()
        await files.let_go()
        await files.tick(function)
        assert (await files.done())[0] == 1
        assert (await files.done())[1] >= 1
        assert function.starts == 2


@pytest.mark.long
async def test_run_with_too_little_time_ends_by_itself_and_is_told(files: Files, owner_pool: Pool) -> None:
    """The step of the run that matches waits for a lock that another session has."""
    files.offer("STL-1.CSV")
    async with lambda_function(HANDLER, files.settings, log=files.log) as function:
        async with owner_pool.acquire() as other, other.transaction():
            await other.execute("select pg_advisory_xact_lock(hashtext('fincore.reconciliation.matching'))")
            await files.tick(function, timeout_seconds=8.0)
            assert await files.done() == (0, 0)
            reason = await owner_pool.fetchval("select reason from reconciliation.failed_runs")
            assert "all that an invocation has for it" in reason
            assert await owner_pool.fetchval(
                "select pg_try_advisory_xact_lock(hashtext('fincore.reconciliation.run'))"
            )
        await files.tick(function)
        assert await files.done() == (1, 2)
        assert function.starts == 1


@pytest.mark.long
async def test_evidence_on_the_disk_of_a_function_is_refused(files: Files) -> None:
    del files.settings["FINCORE_SETTLEMENT_EVIDENCE"]
    async with lambda_function(HANDLER, files.settings, log=files.log) as function:
        answer = await function.invoke(SCHEDULED)
        assert answer.error_type == "ConfigurationError"
        assert "FINCORE_SETTLEMENT_EVIDENCE is empty" in answer.error_text
