"""The Runtime API of tests, under AWS's own runtime interface client: what Lambda does with a handler that returns, fails, dies or takes too long."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from harness.lambda_runtime import LambdaFunction, lambda_function

TESTS = Path(__file__).parents[1]


@pytest.fixture
async def function(tmp_path: Path) -> AsyncIterator[LambdaFunction]:
    async with lambda_function(
        "fixtures.lambda_handlers.handle",
        {"PYTHONPATH": os.fspath(TESTS)},
        log=tmp_path / "lambda.log",
    ) as function:
        yield function


async def test_invocations_share_a_process_until_one_kills_it(function: LambdaFunction) -> None:
    first = await function.invoke({"do": "return"})
    assert first.returned["calls"] == 1
    assert 0 < first.returned["milliseconds_left"] <= 30_000
    failed = await function.invoke({"do": "fail"})
    assert (failed.error_type, failed.error_text) == ("ValueError", "as the event says")
    assert (await function.invoke({"do": "return"})).returned["calls"] == 3
    assert (await function.invoke({"do": "die"})).error_type == "Runtime.ExitError"
    assert (await function.invoke({"do": "return"})).returned["calls"] == 1
    assert (await function.invoke({"do": "sleep"}, timeout_seconds=0.2)).error_type == "Sandbox.Timedout"
    assert function.pid is None
    assert (await function.invoke({"do": "return"})).returned["calls"] == 1
    assert function.starts == 3
