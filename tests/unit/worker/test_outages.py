"""A database that is away makes a job come back; anything else that goes wrong is for a person."""

import asyncpg
import pytest

from fincore.domain.errors import Overloaded, StoreUnavailable
from fincore.postgres.failures import OUTAGES
from fincore.write.queue.port import ClaimedJob, Done, JobId, JobResult, RetryIn
from fincore.write.worker.plumbing.handler_wrappers import repeated_after_outage

JOB = ClaimedJob(job_id=JobId("1"), kind="charge.authorize", payload=b"{}", attempt=1, may_have_run=False)


@pytest.mark.parametrize(
    "error",
    [
        StoreUnavailable("away"),
        Overloaded("the write queue"),
        ConnectionRefusedError("away"),
        TimeoutError("away"),
        asyncpg.ConnectionDoesNotExistError("away"),
        asyncpg.InternalClientError("cannot switch to state 11; another operation (2) is in progress"),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.TooManyConnectionsError("full"),
        asyncpg.AdminShutdownError("terminating"),
        asyncpg.ReadOnlySQLTransactionError("a standby"),
        asyncpg.DiskFullError("no space"),
        asyncpg.QueryCanceledError("statement timeout"),
        asyncpg.DeadlockDetectedError("deadlock"),
        asyncpg.InvalidPasswordError("rotated"),
        asyncpg.InvalidCatalogNameError("dropped"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_outage_is_a_reason_to_come_back(error: Exception) -> None:
    async def handle(_job: ClaimedJob) -> JobResult:
        raise error

    result = await repeated_after_outage(handle, draw=lambda: 0.25)(JOB)
    assert isinstance(result, RetryIn)
    assert result.delay_seconds == 0.5
    assert result.reason == str(error) or result.reason in OUTAGES.values()


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("x"), asyncpg.UndefinedTableError("x")])
async def test_a_defect_is_no_outage(error: Exception) -> None:
    async def handle(_job: ClaimedJob) -> JobResult:
        raise error

    with pytest.raises(type(error)):
        await repeated_after_outage(handle)(JOB)


async def test_a_result_passes_unchanged() -> None:
    async def handle(_job: ClaimedJob) -> JobResult:
        return Done()

    assert await repeated_after_outage(handle)(JOB) == Done()
