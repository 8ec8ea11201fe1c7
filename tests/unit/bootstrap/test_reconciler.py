"""What the role `reconciliation` makes of a run that fails: it lives on, and an outage is for the caller to repeat."""

import asyncpg
import pytest
from prometheus_client import REGISTRY

from fincore.bootstrap.reconciler import reconciled
from fincore.reconciliation.run import LedgerBehind, MatchNotRecorded, Reconciliation, RunResult

RESULT = RunResult(
    run_id="run_1",  # type: ignore[arg-type]
    files_booked=0,
    lines_matched=0,
    lines_open=0,
    breaks_opened=0,
    breaks_closed=0,
    breaks_open=0,
)


class GivenRuns(Reconciliation):
    """Runs that come out as the test says, the first first."""

    def __init__(self, *outcomes: RunResult | Exception) -> None:
        self._outcomes = iter(outcomes)

    async def run(self) -> RunResult | None:
        outcome = next(self._outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def counted(result: str) -> float:
    return REGISTRY.get_sample_value("fincore_reconciliation_runs_total", {"result": result}) or 0.0


@pytest.mark.parametrize(
    "error", [asyncpg.NumericValueOutOfRangeError("bigint"), ValueError("a defect"), MatchNotRecorded("no")]
)
async def test_failed_run_does_not_end_the_role(error: Exception) -> None:
    good, failed = counted("good"), counted("failed")
    kept: list[str] = []

    async def keep(reason: str) -> None:
        kept.append(reason)

    run = reconciled(GivenRuns(error, RESULT), keep)
    await run()
    assert (counted("good"), counted("failed")) == (good, failed + 1)
    assert len(kept) == 1
    await run()
    assert (counted("good"), counted("failed")) == (good + 1, failed + 1)


@pytest.mark.parametrize(
    "error",
    [
        LedgerBehind(),
        OSError("gone"),
        TimeoutError(),
        asyncpg.QueryCanceledError("secret"),
        asyncpg.CannotConnectNowError("starting"),
    ],
)
async def test_outages_in_a_row_are_repeated_counted_and_kept(error: Exception) -> None:
    kept: list[str] = []

    async def keep(reason: str) -> None:
        kept.append(reason)

    failed, interrupted = counted("failed"), counted("interrupted")
    run = reconciled(GivenRuns(error, error, RESULT, error), keep)
    with pytest.raises(type(error)):
        await run()
    assert kept == []
    with pytest.raises(type(error)):
        await run()
    (reason,) = kept
    assert "secret" not in reason
    await run()
    with pytest.raises(type(error)):
        await run()
    assert len(kept) == 1
    assert (counted("failed"), counted("interrupted")) == (failed, interrupted + 3)


@pytest.mark.parametrize("failure", [OSError("gone"), ValueError("a defect")])
async def test_outage_that_cannot_be_kept_is_still_raised(failure: Exception) -> None:
    async def keep(_: str) -> None:
        raise failure

    run = reconciled(GivenRuns(LedgerBehind(), LedgerBehind()), keep)
    for _ in range(2):
        with pytest.raises(LedgerBehind):
            await run()


async def test_failure_that_cannot_be_kept_does_not_end_the_role() -> None:
    async def keep(_: str) -> None:
        raise ValueError("a defect")

    failed = counted("failed")
    await reconciled(GivenRuns(MatchNotRecorded("no")), keep)()
    assert counted("failed") == failed + 1
