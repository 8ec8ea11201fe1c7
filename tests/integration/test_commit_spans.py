"""The span of a Commit in a trace that was not chosen: made where the Commit failed or was slow, with the id that was stored with it."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from fincore.domain.errors import Overloaded
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.eventstore.log import EventLog
from fincore.eventstore.writer import Writer
from fincore.observability.tracing import span, tracer
from fincore.observability.tracing.span import Span
from fincore.observability.tracing.trace_context import traceparent_of
from fincore.postgres.pool import Pool
from fixtures.commits import append, created, new_stream, no_jobs
from fixtures.spans import FixedClock


@pytest.fixture
def exported() -> Iterator[list[Span]]:
    exported: list[Span] = []
    share = tracer.CallersShare(0, lambda: 0.0)
    tracer.install(tracer.Tracer(0.0, share, exported.append, FixedClock(), random=random.Random(5)))
    yield exported
    tracer.uninstall()


@asynccontextmanager
async def running_writer(pool: Pool) -> AsyncIterator[Writer[ChargeEvent]]:
    writer = Writer(pool, no_jobs, CHARGE_EVENTS)
    task = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        writer.close()
        await task


async def test_commit_that_is_neither_slow_nor_failed_has_no_span(pool: Pool, exported: list[Span]) -> None:
    stream = new_stream()
    async with running_writer(pool) as writer:
        with tracer.begin_for_caller("request", "POST /v1/charges", []) as request:
            await writer.commit(append(stream, created(), expected_version=0))

    assert isinstance(request, Span)
    assert [one for one in exported if one.kept != "slow"] == []  # on a busy machine anything may be
    stored = await EventLog(pool, CHARGE_EVENTS).first_traceparent(stream)
    assert stored is not None
    assert stored.split("-")[1] == f"{request.context.trace_id:032x}"
    assert stored.endswith("-00")


async def test_slow_commit_has_the_span_that_was_stored(
    pool: Pool, exported: list[Span], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(span.SLOW_SECONDS, "commit", 0.0)
    stream = new_stream()
    async with running_writer(pool) as writer:
        with tracer.begin_for_caller("request", "POST /v1/charges", []) as request:
            await writer.commit(append(stream, created(), expected_version=0))

    commit = next(one for one in exported if one.sort == "commit")
    assert await EventLog(pool, CHARGE_EVENTS).first_traceparent(stream) == traceparent_of(commit.context)
    assert isinstance(request, Span)
    assert (commit.parent_id, commit.kept, request.kept) == (request.context.span_id, "slow", "slow")
    assert commit.attributes == {
        "fincore.commit.events": 1,
        "fincore.commit.jobs": 0,
        "fincore.commit.result": "committed",
    }
    assert commit.seconds > 0


async def test_commit_that_fails_has_a_span(pool: Pool, exported: list[Span]) -> None:
    writer = Writer(pool, no_jobs, CHARGE_EVENTS, commits_waiting_max=0)
    with pytest.raises(Overloaded), tracer.begin_for_caller("request", "POST /v1/charges", []):
        await writer.commit(append(new_stream(), created(), expected_version=0))

    assert [(one.sort, one.attributes["error.type"]) for one in exported] == [
        ("commit", "Overloaded"),
        ("request", "Overloaded"),
    ]
