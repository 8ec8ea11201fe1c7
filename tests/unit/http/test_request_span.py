"""Which requests go on in the trace of their caller, and what their spans tell."""

import random
from collections.abc import Iterator

import pytest

from fincore.domain.ids import RequestId
from fincore.http.request_span import request_span, tell_response
from fincore.observability.tracing import tracer
from fincore.observability.tracing.span import Span
from fixtures.spans import FixedClock

CALLER = "4bf92f3577b34da6a3ce929d0e0e4736"
HEADERS = [
    (b"authorization", b"Bearer sk_test_secret"),
    (b"traceparent", f"00-{CALLER}-00f067aa0ba902b7-01".encode()),
]


@pytest.fixture
def exported() -> Iterator[list[Span]]:
    exported: list[Span] = []
    share = tracer.CallersShare(0, lambda: 0.0)
    tracer.install(tracer.Tracer(0.0, share, exported.append, FixedClock(), random=random.Random(3)))
    yield exported
    tracer.uninstall()


def answered(status: int, *, is_authenticated: bool = True, has_waited: bool = False) -> Span:
    span = request_span("POST", "/v1/charges", HEADERS, RequestId("req_1"), is_authenticated=is_authenticated)
    assert isinstance(span, Span)
    with span:
        tell_response(status, has_waited=has_waited)
    return span


@pytest.mark.parametrize("is_authenticated", [True, False])
def test_caller_trace_goes_on_where_a_key_is_taken(exported: list[Span], *, is_authenticated: bool) -> None:
    span = answered(200, is_authenticated=is_authenticated)
    assert (f"{span.context.trace_id:032x}" == CALLER) is is_authenticated
    assert (span.parent_id is not None) is is_authenticated
    assert exported == []


@pytest.mark.parametrize(
    ("status", "is_kept"), [(201, False), (422, False), (429, False), (500, True), (503, True)]
)
def test_answer_is_a_failure_only_by_our_own_fault(
    exported: list[Span], status: int, *, is_kept: bool
) -> None:
    span = answered(status)
    assert exported == ([span] if is_kept else [])
    assert span.attributes["http.response.status_code"] == status


def test_span_holds_the_route_and_no_header(exported: list[Span]) -> None:
    span = answered(500)
    assert span.name == "POST /v1/charges"
    assert span.attributes == {
        "http.request.method": "POST",
        "http.route": "/v1/charges",
        "fincore.request_id": "req_1",
        "http.response.status_code": 500,
        "error.type": "500",
    }


def test_exemplar_names_traces_that_are_exported(exported: list[Span]) -> None:
    for rate, expected in ((0.0, None), (1.0, {"trace_id": CALLER})):
        share = tracer.CallersShare(0, lambda: 0.0)
        tracer.install(tracer.Tracer(rate, share, exported.append, FixedClock()))
        span = request_span("GET", "/v1/charges", HEADERS, RequestId("req_1"), is_authenticated=True)
        with span:
            assert tell_response(200, has_waited=False) == expected
