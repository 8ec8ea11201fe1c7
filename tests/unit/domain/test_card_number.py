"""Card numbers are found in any text and grouping; other long numbers are left alone."""

import random
import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.domain import card_number as searched
from fincore.domain.card_number import (
    POSSIBLE_CARD_NUMBER,
    holds_card_number,
    passes_luhn,
    spans_of_card_numbers,
    without_card_numbers,
)
from fincore.domain.card_ranges import CARD_RANGES, DIGITS_MAX, DIGITS_MIN, lengths_of
from fixtures.card_numbers import NO_CARDS, PASTED, PUBLISHED


def luhn_completed(digits: str) -> str:
    """Digits and their check digit."""
    return next(f"{digits}{check}" for check in "0123456789" if passes_luhn(f"{digits}{check}"))


@st.composite
def card_numbers(draw: st.DrawFn) -> str:
    """Any number that some network issues."""
    issued = draw(st.sampled_from(CARD_RANGES))
    prefix = draw(st.integers(issued.first, issued.last))
    length = draw(st.sampled_from(sorted(issued.lengths)))
    rest = draw(st.text("0123456789", min_size=length - 7, max_size=length - 7))
    return luhn_completed(f"{prefix}{rest}")


SEPARATORS = st.text(" \t\n\r.-\xa0\u2009\u2013\u3000\u200b", max_size=3)
SCRIPTS = [0x30, 0x660, 0x6F0, 0x966, 0xFF10, 0x1D7CE]


@pytest.mark.parametrize("card", PUBLISHED)
@pytest.mark.parametrize("around", ["{}", "card {} please", '{{"number":"{}"}}', "a{}b", "{},"])
def test_a_published_card_is_found_and_masked(card: str, around: str) -> None:
    text = around.format(card)
    assert holds_card_number(text)
    assert without_card_numbers(text) == around.format("[card number]")


@pytest.mark.parametrize("card", PASTED)
def test_a_pasted_card_is_found_and_masked_whole(card: str) -> None:
    assert without_card_numbers(f"x {card}, y {card}") == "x [card number], y [card number]"


@given(st.data(), card_numbers())
def test_any_card_in_any_grouping_and_script_is_found(data: st.DataObject, card: str) -> None:
    zero = data.draw(st.sampled_from(SCRIPTS))
    gaps = data.draw(st.lists(SEPARATORS, min_size=len(card) - 1, max_size=len(card) - 1))
    pasted = "".join(chr(zero + int(digit)) + gap for digit, gap in zip(card, [*gaps, ""], strict=True))
    assert holds_card_number(pasted)
    assert without_card_numbers(f"<{pasted}>") == "<[card number]>"
    # What an encoder of JSON makes of it is found as well.
    escaped = pasted.encode("unicode_escape").decode()
    assert without_card_numbers(f"<{escaped}>") == "<[card number]>"


@given(st.text(st.characters() | st.sampled_from("0123456789 -.\\u%424242"), max_size=80), card_numbers())
def test_masked_text_holds_no_card_number(text: str, card: str) -> None:
    masked = without_card_numbers(f"{text} {card} {text}")
    assert card not in masked
    assert bool(spans_of_card_numbers(text)) == holds_card_number(text)
    assert (without_card_numbers(text) == text) != holds_card_number(text)


@given(st.text(st.characters() | st.sampled_from("0123456789 -.\\u%424242"), max_size=80), card_numbers())
def test_the_filter_lets_every_card_through(text: str, card: str) -> None:
    for one in (text, f"{text}{card}", card):
        assert re.search(POSSIBLE_CARD_NUMBER, one) or not holds_card_number(one)


@pytest.mark.parametrize("before", ["5 ", "52 ", "2026-", "4000 ", "4242 "])
@pytest.mark.parametrize("after", ["", " 5", " 52", "-4242", " 12"])
def test_other_numbers_beside_it_do_not_hide_it(before: str, after: str) -> None:
    assert holds_card_number(f"{before}4242424242424242{after}")
    assert holds_card_number(f"{before}3782 822463 10005{after}")


@pytest.mark.parametrize("text", NO_CARDS)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert not holds_card_number(text)
    assert without_card_numbers(text) == text


def test_13_digit_order_numbers_are_rarely_card_numbers() -> None:
    numbers = random.Random(13)
    refused = sum(holds_card_number(f"{numbers.randrange(10**12, 10**13)}") for _ in range(20_000))
    assert refused <= 20  # one in a thousand; nine in a hundred thousand are to be expected


@given(st.integers(10**11, 10**19 - 1))
def test_a_number_is_a_card_where_its_network_issues_it(number: int) -> None:
    text = str(number)
    issued = any(
        known.first <= int(text[:6]) <= known.last and len(text) in known.lengths for known in CARD_RANGES
    )
    assert (len(text) in lengths_of(int(text[:6]))) == issued
    assert holds_card_number(text) == (issued and passes_luhn(text))


def test_the_table_has_ranges_of_six_digits_and_known_lengths() -> None:
    for known in CARD_RANGES:
        assert 100_000 <= known.first <= known.last <= 999_999, known
        assert known.lengths, known
    assert (DIGITS_MIN, DIGITS_MAX) == (12, 19)


@pytest.mark.parametrize(
    "identifier",
    [
        "9dca4242424242424242bf1be2f0cd52",
        "pi_9DCA4242424242424242BF1BE2F0CD52",
        "ab424242-4242-4242-8424-abcdefabcdef",
        "24242424-2424-4242-8424-242a24242420",
    ],
)
def test_a_uuid_with_many_digits_is_no_card(identifier: str) -> None:
    assert not holds_card_number(identifier)
    assert without_card_numbers(f"{identifier} 4242424242424242") == f"{identifier} [card number]"


def test_digits_alone_are_no_uuid() -> None:
    assert holds_card_number("12345678-1234-1234-1234-4242424242424242")
    assert holds_card_number("x4242424242424242x")


def test_luhn_is_the_published_check() -> None:
    assert passes_luhn("79927398713")
    assert [n for n in range(10) if passes_luhn(f"7992739871{n}")] == [3]


HOSTILE = (
    "4 ",
    "4-",
    "4242 ",
    "4242424242424241 ",
    "4242424242424242 ",
    "1-",
    "9a",
    "ab424242-4242-4242-8424-abcdefabcdef ",
    "\\",
    "\\u",
    "\\u0034",
    "%",
    "%34",
    "%E4",
    "\u4e2d",
    "\uff14\u2009",
)


def lines_run(work: Callable[[], object]) -> int:
    """How many lines of Python some work runs."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("pattern", HOSTILE)
def test_the_search_is_linear_in_the_length_of_a_text(pattern: str) -> None:
    short, long = pattern * (500 // len(pattern)), pattern * (5_000 // len(pattern))
    for search in (holds_card_number, without_card_numbers):
        few, many = lines_run(lambda: search(short)), lines_run(lambda: search(long))  # noqa: B023 -- run at once
        assert many <= 11 * few


def test_every_pattern_of_the_search_is_linear() -> None:
    """Of one class of characters, or no match is longer than a bound: what is tried at a place does not grow."""
    patterns = [value for value in vars(searched).values() if isinstance(value, re.Pattern)]
    bounded = {pattern.pattern for pattern in patterns if not re.search(r"(?<!\\)[*+]|,\}", pattern.pattern)}
    unbounded = {pattern.pattern for pattern in patterns} - bounded
    assert len(patterns) >= 6
    # Each takes a whole run of one class and begins nowhere inside it.
    assert {r"\d+"} <= unbounded
    assert all(pattern == r"\d+" or "{32,}+" in pattern for pattern in unbounded)
