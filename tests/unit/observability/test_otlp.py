"""Spans in protobuf, as OpenTelemetry's own code reads them."""

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as OtlpSpan

from fincore.observability.tracing.otlp import REFUSED, export_request
from fincore.observability.tracing.span import Span
from fincore.observability.tracing.span_sorts import SORTS, Attribute, AttributeValue, SortName
from fincore.observability.tracing.trace_context import TraceContext
from fixtures.spans import a_span


def read(*spans: Span) -> list[OtlpSpan]:
    request = ExportTraceServiceRequest.FromString(export_request({"service.name": "fincore-api"}, spans))
    (of_resource,) = request.resource_spans
    assert [(one.key, one.value.string_value) for one in of_resource.resource.attributes] == [
        ("service.name", "fincore-api")
    ]
    (of_scope,) = of_resource.scope_spans
    assert of_scope.scope.name == "fincore"
    return list(of_scope.spans)


def test_span_is_read_as_it_was_written() -> None:
    span = a_span("psp_call", "psp authorize", number=0x00F067AA0BA902B7, parent_id=0x1122334455667788)
    span.began_ns, span.seconds = 1_700_000_000_123_456_789, 0.25
    span.set("fincore.psp", "stripe")
    span.set("http.response.status_code", 402)
    span.link([TraceContext(1 << 127, 1 << 63, is_sampled=True)])
    span.links_left_out = 300
    span.fail("unknown", why="unknown")
    (found,) = read(span)
    assert found.trace_id.hex() == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert (found.span_id.hex(), found.parent_span_id.hex()) == ("00f067aa0ba902b7", "1122334455667788")
    assert (found.name, found.kind) == ("psp authorize", OtlpSpan.SPAN_KIND_CLIENT)
    assert found.start_time_unix_nano == 1_700_000_000_123_456_789
    assert found.end_time_unix_nano - found.start_time_unix_nano == 250_000_000
    assert {one.key: one.value.string_value or one.value.int_value for one in found.attributes} == {
        "fincore.psp": "stripe",
        "http.response.status_code": 402,
        "error.type": "unknown",
        "fincore.kept": "unknown",
    }
    (link,) = found.links
    assert (link.trace_id.hex(), link.span_id.hex(), link.flags) == ("8" + "0" * 31, "8" + "0" * 15, 1)
    assert (found.dropped_links_count, found.status.code, found.flags) == (300, 2, 1)


@pytest.mark.parametrize("sort", SORTS)
def test_kind_of_each_sort_is_one_of_opentelemetry(sort: SortName) -> None:
    (found,) = read(a_span(sort))
    assert OtlpSpan.SpanKind.Name(found.kind) == f"SPAN_KIND_{SORTS[sort].kind.upper()}"


@pytest.mark.parametrize("value", [0, 1, 127, 128, 2**31, 2**63 - 1, -1, -(2**63)])
def test_whole_number_is_kept_at_each_size(value: int) -> None:
    span = a_span()
    span.set("fincore.commit.events", value)
    assert read(span)[0].attributes[0].value.int_value == value


@pytest.mark.parametrize(
    "value",
    [
        "Ada Lovelace",
        "ada@example.com",
        "https://example.com/?token=secret",
        "4242424242424242",
        "ch_4242424242424242",
        "4242-4242-4242-4242",
        "x" * 129,
        "",
        "line\nline",
        "größer",
        'say "what"',
    ],
)
def test_free_text_is_refused_as_a_value(value: str) -> None:
    span = a_span()
    span.set("fincore.psp", value)
    assert read(span)[0].attributes[0].value.string_value == REFUSED


def test_attribute_that_is_not_listed_is_left_out() -> None:
    span = a_span()
    span.attributes[cast("Attribute", "customer.email")] = "someone"
    assert list(read(span)[0].attributes) == []


@pytest.mark.parametrize("name", ["GET /v1/charges?card=4242", "POST /ä", "x" * 201])
def test_name_that_is_no_route_or_word_is_refused(name: str) -> None:
    assert read(a_span(name=name))[0].name == REFUSED


@given(
    value=st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.from_regex(r"[a-z.]{1,20}", fullmatch=True),
    links=st.lists(st.tuples(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1)), max_size=50),
)
def test_any_value_and_links_are_read_as_written(value: AttributeValue, links: list[tuple[int, int]]) -> None:
    span = a_span()
    span.set("fincore.job.id", value)
    span.link(TraceContext(*link, is_sampled=False) for link in links)
    (found,) = read(span)
    read_value = found.attributes[0].value
    assert getattr(read_value, read_value.WhichOneof("value") or "") == value
    assert [(int(one.trace_id.hex(), 16), int(one.span_id.hex(), 16)) for one in found.links] == links
