"""What the text in the search box may be."""

from unicodedata import decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.backoffice.search_readings import (
    QUERY_CHARACTERS_MAX,
    READINGS,
    AmountReading,
    Readings,
    readings_of,
)
from fincore.domain.currency import Currency
from fincore.domain.ids import new_charge_id, new_dispute_id, new_refund_id
from fincore.domain.money import AMOUNT_MINOR_MAX
from fixtures.card_numbers import PASTED, PUBLISHED

EUR = (Currency("eur"),)


def amounts_in(text: str, currency: str) -> set[int]:
    """The amounts that a text may be in a currency."""
    return {
        one.amount_minor
        for one in readings_of(text).amounts
        if not one.currencies or currency in one.currencies
    }


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    readings = readings_of(text)
    assert all(0 < one.amount_minor <= AMOUNT_MINOR_MAX for one in readings.amounts)
    assert readings.metadata is None or "\0" not in readings.metadata


@given(st.from_regex(r"[€$a-z]{0,3} ?[0-9.,' ]{1,40} ?[€$a-z]{0,3}", fullmatch=True))
def test_any_amount_is_read_without_an_error(text: str) -> None:
    assert len(readings_of(text).amounts) <= 8


@pytest.mark.parametrize("kind", READINGS)
def test_each_example_is_read_as_what_it_shows(kind: str) -> None:
    assert getattr(readings_of(READINGS[kind][1]), "amounts" if kind == "amount" else kind)  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "currency", "amounts"),
    [
        ("19.99", "usd", {1999}),
        ("19,99 EUR", "eur", {1999}),
        ("19,99 EUR", "usd", set()),
        ("19.99", "jpy", set()),
        ("19.99", "kwd", {19_990}),
        ("1999", "usd", {1999, 199_900}),
        ("1999", "jpy", {1999}),
        ("1,999", "usd", {199_900}),
        ("1,999", "kwd", {1_999_000, 1999}),
        ("1.999,50 €", "eur", {199_950}),
        ("1 999,50", "eur", {199_950}),
        ("1'999.50", "chf", {199_950}),
        ("1’999.50", "chf", {199_950}),  # noqa: RUF001 -- as Swiss people write it
        ("$20", "cad", {20, 2000}),
        ("¥500", "jpy", {500}),
        ("usd 5 eur", "usd", set()),
        ("0", "usd", set()),
        ("1.2.3", "usd", set()),
        ("9" * 31, "usd", set()),
        ("-5", "usd", set()),
    ],
)
def test_an_amount_is_read_as_people_write_it(text: str, currency: str, amounts: set[int]) -> None:
    assert amounts_in(text, currency) == amounts


def test_four_digits_are_a_card_and_an_amount() -> None:
    for text in ("4242", "**** 4242", "•••• 4242", "x4242", " 4242 ", "٤٢٤٢"):
        assert readings_of(text).last4 == "4242"
    assert AmountReading(4242) in readings_of("4242").amounts
    for text in ("424", "42424", "4 242", "pi_4242"):
        assert readings_of(text).last4 is None


@pytest.mark.parametrize("text", [*PUBLISHED, *PASTED])
def test_a_card_number_is_read_as_its_last_digits_alone(text: str) -> None:
    for pasted in (text, f"card {text}"):
        last4 = readings_of(pasted).last4
        assert last4 is not None
        assert "".join(str(decimal(one)) for one in text if one.isdecimal()).endswith(last4)
        assert readings_of(pasted) == Readings(last4=last4)


def test_an_id_is_read_as_that_id_alone() -> None:
    charge_id, refund_id, dispute_id = new_charge_id(), new_refund_id(), new_dispute_id()
    assert readings_of(f" {charge_id}\n") == Readings(charge_id=charge_id)
    assert readings_of(refund_id) == Readings(refund_id=refund_id)
    assert readings_of(dispute_id) == Readings(dispute_id=dispute_id)
    assert readings_of(charge_id[:-1]).reference == charge_id[:-1]


def test_a_text_that_is_too_long_or_empty_is_nothing() -> None:
    for text in ("", "  ", "\0\x07", "a" * (QUERY_CHARACTERS_MAX + 1), "a" * 10_000_000):
        assert readings_of(text) == Readings()


def test_words_with_spaces_are_neither_address_nor_reference() -> None:
    assert readings_of("order 17 b") == Readings(metadata="order 17 b")
    assert readings_of("a\0b") == Readings(metadata="a b")
