"""What is read as the parent of a trace, and what is not."""

from random import Random

import pytest

from fincore.domain.card_number import holds_card_number
from fincore.observability.tracing.trace_context import (
    TRACEPARENT_CHARACTERS_MAX,
    TraceContext,
    chosen_among,
    new_span_id,
    new_trace_id,
    read_traceparent,
    traceparent_of,
)

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize(
    ("text", "is_sampled"),
    [
        (SAMPLED, True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-fe", False),
        (f"00-{TRACE}-{SPAN}-ff", True),
        (f"cc-{TRACE}-{SPAN}-01", True),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-brings", True),
    ],
)
def test_header_in_the_form_of_the_standard_is_read(text: str, *, is_sampled: bool) -> None:
    assert read_traceparent(text) == TraceContext(int(TRACE, 16), int(SPAN, 16), is_sampled)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        SAMPLED[:-1],
        f"{SAMPLED}-more",
        f"{SAMPLED} ",
        f" {SAMPLED}",
        SAMPLED.upper(),
        SAMPLED.replace("-", "_"),
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}g-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-0x",
        f"cc-{TRACE}-{SPAN}-01more",
        f"cc-{TRACE}-{SPAN}-01-{'x' * TRACEPARENT_CHARACTERS_MAX}",
        f"00-{TRACE}-{SPAN}-0\N{ARABIC-INDIC DIGIT ONE}",
    ],
)
def test_malformed_header_is_not_read(text: str) -> None:
    assert read_traceparent(text) is None


@pytest.mark.parametrize(
    "text",
    [
        f"00-4242424242424242aaaaaaaaaaaaaaaa-{SPAN}-01",
        f"00-aaaa378282246310005aaaaaaaaaaaaa-{SPAN}-01",
        f"00-{TRACE}-4242424242424242-01",
    ],
)
def test_header_that_hides_a_card_number_is_not_read(text: str) -> None:
    assert read_traceparent(text) is None


def test_header_that_is_written_is_read_as_it_was() -> None:
    context = TraceContext(1, 2, is_sampled=True)
    assert read_traceparent(traceparent_of(context)) == context


def test_own_ids_are_never_taken_for_card_numbers() -> None:
    """As they stand in rows: an id of a span is too short to be known as hexadecimal."""
    random = Random(20)
    for _ in range(20_000):
        context = TraceContext(new_trace_id(random), new_span_id(random), is_sampled=True)
        text = traceparent_of(context)
        assert read_traceparent(text) == context, text
        assert not holds_card_number(f'{{"traceparent": "{text}"}}'), text


def test_stored_spans_of_traces_not_chosen_are_left_out() -> None:
    stored = [None, SAMPLED, f"00-{TRACE}-{SPAN}-00", "broken-01"]
    assert list(chosen_among(stored)) == [TraceContext(int(TRACE, 16), int(SPAN, 16), is_sampled=True)]
