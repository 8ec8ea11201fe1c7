"""A collector that is slow, refuses or is away costs a role nothing but the count of spans that are lost."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager

import pytest

from fincore.observability.tracing.exporter import REQUEST_SPANS_MAX, Exporter
from fincore.observability.tracing.metrics import SPANS
from fincore.observability.tracing.span import Span
from fixtures.otlp_receiver import OtlpReceiver
from fixtures.spans import a_span
from fixtures.waiting import eventually


@pytest.fixture
def collector() -> Iterator[OtlpReceiver]:
    with OtlpReceiver() as collector:
        yield collector


class Counts:
    """What became of spans since the test began."""

    def __init__(self) -> None:
        self._before = self._now()

    @staticmethod
    def _now() -> Mapping[str, float]:
        return {str(result): counter._value.get() for result, counter in SPANS.items()}

    def since(self) -> dict[str, int]:
        return {
            result: int(count - self._before[result])
            for result, count in self._now().items()
            if count != self._before[result]
        }


def ended_spans(count: int) -> list[Span]:
    return [a_span(number=number) for number in range(1, count + 1)]


@asynccontextmanager
async def running(exporter: Exporter) -> AsyncIterator[None]:
    task = asyncio.create_task(exporter.run())
    try:
        yield
    finally:
        exporter.stop()
        await task


async def until(condition: Callable[[], bool]) -> None:
    async def holds() -> bool:
        return condition()

    await eventually(holds)


async def test_spans_are_exported_in_requests_of_a_bounded_size(collector: OtlpReceiver) -> None:
    counts, count = Counts(), 2 * REQUEST_SPANS_MAX + 3
    exporter = Exporter(collector.url + "/", {"service.name": "fincore-api"})
    async with running(exporter):
        for span in ended_spans(count):
            exporter.take(span)
        await until(lambda: len(collector.spans) == count)
    assert len(collector.bodies) == 3
    assert counts.since() == {"exported": count}


async def test_what_waits_at_the_end_is_exported(collector: OtlpReceiver) -> None:
    exporter = Exporter(collector.url, {"service.name": "fincore-api"})
    async with running(exporter):
        for span in ended_spans(5):
            exporter.take(span)
    assert len(collector.spans) == 5


async def test_spans_beyond_the_bound_are_counted_and_dropped(collector: OtlpReceiver) -> None:
    counts = Counts()
    exporter = Exporter(collector.url, {"service.name": "fincore-api"}, spans_waiting_max=10)
    for span in ended_spans(25):
        exporter.take(span)
    async with running(exporter):
        pass
    assert counts.since() == {"exported": 10, "queue_full": 15}


async def test_refused_spans_are_counted_and_not_sent_again(collector: OtlpReceiver) -> None:
    counts = Counts()
    collector.answer_status = 503
    exporter = Exporter(collector.url, {"service.name": "fincore-api"})
    async with running(exporter):
        for span in ended_spans(5):
            exporter.take(span)
        await until(lambda: counts.since() == {"collector_failed": 5})
        collector.answer_status = 200
        exporter.take(ended_spans(1)[0])
        await until(lambda: counts.since() == {"collector_failed": 5, "exported": 1})
    assert len(collector.spans) == 1


async def test_collector_that_is_away_costs_the_spans_alone() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        counts = Counts()
        exporter = Exporter(url, {"service.name": "fincore-api"})
        async with running(exporter):
            exporter.take(ended_spans(1)[0])
            await until(lambda: counts.since() == {"collector_failed": 1})


async def test_collector_that_hangs_does_not_hold_up_the_end(collector: OtlpReceiver) -> None:
    """The request under way is given up, and what waits behind it is counted."""
    counts = Counts()
    collector.released.clear()
    exporter = Exporter(
        collector.url, {"service.name": "fincore-api"}, timeout_seconds=3_600.0, finish_seconds_max=0.1
    )
    task = asyncio.create_task(exporter.run())
    for span in ended_spans(REQUEST_SPANS_MAX + 7):
        exporter.take(span)
    await asyncio.to_thread(collector.asked.wait)
    exporter.stop()
    async with asyncio.timeout(60):
        await task
    exporter.take(ended_spans(1)[0])
    assert counts.since() == {"stopped": REQUEST_SPANS_MAX + 8}
