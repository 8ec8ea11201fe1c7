"""Which spans are exported: by a draw at the start of a trace, by what callers may add, and because something went wrong."""

import asyncio
import random
from collections.abc import Iterator

import pytest

from fincore.observability.tracing import tracer
from fincore.observability.tracing.span import LINKS_MAX, NO_SPAN, Span, current
from fincore.observability.tracing.trace_context import TraceContext, read_traceparent
from fixtures.spans import BEGAN_NS, FixedClock

SAMPLED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UNSAMPLED = SAMPLED[:-1] + "0"


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def exported() -> Iterator[list[Span]]:
    exported: list[Span] = []
    yield exported
    tracer.uninstall()


def install(exported: list[Span], rate: float, *, callers: float = 0, clock: Clock | None = None) -> None:
    share = tracer.CallersShare(callers, clock or Clock())
    tracer.install(tracer.Tracer(rate, share, exported.append, FixedClock(), random=random.Random(7)))


def test_without_a_tracer_nothing_is_traced() -> None:
    assert tracer.begin("commit", "commit") is NO_SPAN
    with tracer.begin_for_caller("request", "GET /", [SAMPLED]) as span:
        span.set("fincore.psp", "stripe")
        span.fail("broken")
        assert current() is NO_SPAN


def test_rate_decides_how_many_traces_are_exported(exported: list[Span]) -> None:
    install(exported, 0.25)
    for _ in range(4_000):
        with tracer.begin_for_caller("request", "GET /", []):
            pass
    assert 850 < len(exported) < 1_150


def test_spans_inside_share_the_choice_of_their_trace(exported: list[Span]) -> None:
    install(exported, 0.5)
    for _ in range(200):
        with tracer.begin_for_caller("request", "GET /", []), tracer.begin("commit", "commit"):
            pass
    commits = {one.context.trace_id: one for one in exported if one.sort == "commit"}
    requests = {one.context.trace_id: one for one in exported if one.sort == "request"}
    assert commits.keys() == requests.keys()
    assert 0 < len(requests) < 200
    assert all(commits[trace].parent_id == requests[trace].context.span_id for trace in requests)


@pytest.mark.parametrize("header", [SAMPLED, UNSAMPLED])
def test_caller_cannot_force_its_traces_to_be_exported(exported: list[Span], header: str) -> None:
    install(exported, 0.0)
    for _ in range(100):
        with tracer.begin_for_caller("request", "GET /", [header]):
            pass
    assert exported == []


def test_caller_cannot_keep_its_traces_from_being_exported(exported: list[Span]) -> None:
    install(exported, 1.0)
    with tracer.begin_for_caller("request", "GET /", [UNSAMPLED]) as span:
        pass
    assert exported == [span]
    caller = read_traceparent(UNSAMPLED)
    assert caller is not None
    assert (exported[0].context.trace_id, exported[0].parent_id) == (caller.trace_id, caller.span_id)


def test_callers_get_their_share_a_second_and_no_more(exported: list[Span]) -> None:
    clock = Clock()
    install(exported, 0.0, callers=3, clock=clock)

    def ask(header: str) -> int:
        before = len(exported)
        for _ in range(50):
            with tracer.begin_for_caller("request", "GET /", [header]):
                pass
        return len(exported) - before

    assert (ask(SAMPLED), ask(SAMPLED), ask(UNSAMPLED)) == (3, 0, 0)
    clock.now += 1.0
    assert ask(SAMPLED) == 3
    clock.now += 3_600.0
    assert ask(SAMPLED) == 3


@pytest.mark.parametrize("headers", [[], ["malformed"], [SAMPLED, SAMPLED]])
def test_trace_begins_where_the_header_cannot_be_read(exported: list[Span], headers: list[str]) -> None:
    install(exported, 1.0)
    with tracer.begin_for_caller("request", "GET /", headers):
        pass
    assert exported[0].parent_id is None
    assert f"{exported[0].context.trace_id:032x}" not in SAMPLED


def test_choice_of_an_earlier_process_counts(exported: list[Span]) -> None:
    install(exported, 0.0)
    with tracer.begin_after("job", "job charge.authorize", SAMPLED):
        pass
    with tracer.begin_after("job", "job charge.authorize", UNSAMPLED):
        pass
    assert len(exported) == 1


def test_failure_exports_the_spans_around_it(exported: list[Span]) -> None:
    install(exported, 0.0)
    with tracer.begin_after("job", "job charge.authorize", UNSAMPLED) as job:
        with tracer.begin("commit", "commit"):
            pass
        with tracer.begin("psp_call", "psp authorize") as call:
            call.fail("unknown", why="unknown")
    assert exported == [call, job]
    assert [(one.kept, one.is_failed) for one in exported] == [("unknown", True), ("unknown", False)]


@pytest.mark.parametrize("headers", [[], [UNSAMPLED]], ids=["own trace", "caller's trace"])
@pytest.mark.parametrize("is_asked_first", [False, True], ids=["drawn later", "drawn before"])
def test_span_that_is_not_made_yet_is_in_the_trace_around_it(
    exported: list[Span], headers: list[str], *, is_asked_first: bool
) -> None:
    install(exported, 0.0)
    with tracer.begin_for_caller("request", "GET /", headers) as outer, tracer.begin("job", "job") as job:
        assert isinstance(outer, Span)
        assert isinstance(job, Span)
        before = [outer.context, job.context] if is_asked_first else []
        traceparent = job.traceparent_inside()
        made = job.inside("commit", "commit", traceparent, began=0.0)
        assert made.context == read_traceparent(traceparent)
        assert (made.context.trace_id, made.parent_id) == (outer.context.trace_id, job.context.span_id)
        assert len({one.context.span_id for one in (outer, job, made)}) == 3
        assert before in ([], [outer.context, job.context])
        assert not made.is_chosen
        if headers:
            assert UNSAMPLED.split("-")[1] in traceparent


def test_error_that_leaves_a_span_fails_it(exported: list[Span]) -> None:
    install(exported, 0.0)
    with pytest.raises(ZeroDivisionError), tracer.begin("commit", "commit"):
        _ = 1 / 0
    assert exported[0].attributes["error.type"] == "ZeroDivisionError"


def test_cancellation_is_no_failure(exported: list[Span]) -> None:
    install(exported, 0.0)
    with pytest.raises(asyncio.CancelledError), tracer.begin("commit", "commit"):
        raise asyncio.CancelledError
    assert exported == []
    assert current() is NO_SPAN


def test_slow_span_is_exported_unless_it_waited(
    exported: list[Span], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(exported, 0.0)
    now = 0.0
    monkeypatch.setattr("fincore.observability.tracing.span.time.perf_counter", lambda: now)
    for waits, seconds in ((False, 0.99), (False, 1.0), (True, 20.0)):
        began = now
        with tracer.begin_for_caller("request", "GET /", []) as span:
            if waits:
                span.wait()
            now = began + seconds
    assert [(one.kept, one.seconds, one.is_failed) for one in exported] == [("slow", 1.0, False)]


def test_span_over_many_is_exported_for_a_chosen_one(exported: list[Span]) -> None:
    install(exported, 1.0)
    for is_sampled in (False, True):
        with tracer.begin_for_many("batch", "commit batch") as span:
            span.link([TraceContext(1, 2, is_sampled)])
    assert [one.links[0].is_sampled for one in exported] == [True]
    assert exported[0].parent_id is None


def test_links_beyond_the_bound_are_counted(exported: list[Span]) -> None:
    install(exported, 0.0)
    with tracer.begin_for_many("batch", "commit batch") as span:
        span.link(TraceContext(1, number, is_sampled=True) for number in range(1, LINKS_MAX + 4))
    assert (len(exported[0].links), exported[0].links_left_out) == (LINKS_MAX, 3)


def test_clock_is_read_once_for_spans_inside_one_another(
    exported: list[Span], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(exported, 1.0)
    now = 50.0
    monkeypatch.setattr("fincore.observability.tracing.span.time.perf_counter", lambda: now)
    with tracer.begin_for_caller("request", "GET /", []) as request:
        now += 0.25
        with tracer.begin("commit", "commit") as commit:
            now += 0.5
        # The clock stands still in this test: a second look at it would place the request later.
        now += 0.125
    assert isinstance(request, Span)
    assert isinstance(commit, Span)
    assert request.began_ns == BEGAN_NS - 750_000_000
    assert commit.began_ns == request.began_ns + 250_000_000
    assert (request.seconds, commit.seconds) == (0.875, 0.5)
