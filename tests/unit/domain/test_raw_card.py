"""A raw card is checked in words, counts a day beyond its last month, and never shows itself."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from fincore.domain.card_ranges import CARD_RANGES
from fincore.domain.payment_method import CardInstrument
from fincore.domain.raw_card import BRAND_WORDS, EXPIRY_YEARS_MAX, RawCard, card_flaw, instrument_of_card
from fincore.domain.secret import Secret

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
NUMBER = "4242424242424242"


def card(number: str = NUMBER, month: int = 12, year: int = 2034, cvc: str = "123") -> RawCard:
    return RawCard(
        number=Secret(number),
        expiry_month=month,
        expiry_year=year,
        cvc=Secret(cvc),
        holder=Secret("Ada Byron"),
    )


@pytest.mark.parametrize(
    ("number", "cvc", "brand"),
    [
        (NUMBER, "123", "visa"),
        ("5555555555554444", "123", "mastercard"),
        ("378282246310005", "1234", "amex"),
        ("6011111111111117", "123", "discover"),
        ("3530111333300000", "123", "jcb"),
    ],
)
def test_card_without_flaw_tells_brand_and_last_digits(number: str, cvc: str, brand: str) -> None:
    assert card_flaw(card(number, cvc=cvc), NOW) is None
    assert instrument_of_card(card(number)) == CardInstrument(
        brand=brand, last4=number[-4:], expiry_month=12, expiry_year=2034
    )


@pytest.mark.parametrize(
    ("month", "year", "ends"),
    [(11, 2026, datetime(2026, 12, 1, tzinfo=UTC)), (12, 2026, datetime(2027, 1, 1, tzinfo=UTC))],
)
def test_card_counts_one_day_beyond_its_last_month(month: int, year: int, ends: datetime) -> None:
    last = ends + timedelta(days=1)
    assert card_flaw(card(month=month, year=year), last - timedelta(seconds=1)) is None
    assert card_flaw(card(month=month, year=year), last) is not None


@pytest.mark.parametrize(
    ("number", "cvc", "field"),
    [
        (NUMBER.translate({ord("4"): "\uff14"}), "123", "number"),
        (NUMBER, "\u0661\u0662\u0663", "cvc"),
        (NUMBER, "\u00b2\u00b3\u00b9", "cvc"),
        ("", "123", "number"),
        (NUMBER, "", "cvc"),
    ],
)
def test_digits_of_other_scripts_are_none_of_a_card(number: str, cvc: str, field: str) -> None:
    """Python takes them for digits; a PSP does not, and would be sent something else than what was checked."""
    flaw = card_flaw(card(number, cvc=cvc), NOW)
    assert flaw is not None
    assert flaw.field == field
    assert "digits" in flaw.detail


@pytest.mark.parametrize(("years", "is_good"), [(EXPIRY_YEARS_MAX, True), (EXPIRY_YEARS_MAX + 1, False)])
def test_card_may_expire_so_many_years_ahead(years: int, *, is_good: bool) -> None:
    assert (card_flaw(card(year=NOW.year + years), NOW) is None) is is_good


@pytest.mark.parametrize(("month", "year", "field"), [(10, 2026, "expiry_month"), (12, 2025, "expiry_year")])
def test_expired_card_names_the_field_at_fault(month: int, year: int, field: str) -> None:
    flaw = card_flaw(card(month=month, year=year), NOW)
    assert flaw is not None
    assert (flaw.field, flaw.detail) == (field, "The card has expired.")


def test_raw_card_never_shows_itself() -> None:
    shown = f"{card()!r} {card()}"
    for part in (NUMBER, NUMBER[:6], "123", "Ada"):
        assert part not in shown
    with pytest.raises(TypeError):
        msgspec.json.encode(card())


def test_words_for_brands_are_of_known_networks() -> None:
    assert BRAND_WORDS.keys() <= {one.network for one in CARD_RANGES}
