"""Money prints as people write it, and never mixes currencies."""

import pytest

from fincore.domain.currency import EXPONENTS, Currency, exponent_of, parse_currency
from fincore.domain.errors import CurrenciesDiffer
from fincore.domain.money import Money


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (1999, "usd", "19.99 USD"),
        (5, "eur", "0.05 EUR"),
        (-250, "usd", "-2.50 USD"),
        (1_234_567, "jpy", "1,234,567 JPY"),
        (5124, "kwd", "5.124 KWD"),
        (0, "usd", "0.00 USD"),
    ],
)
def test_an_amount_prints_in_major_units(amount_minor: int, currency: str, text: str) -> None:
    assert str(Money(amount_minor, Currency(currency))) == text


def test_amounts_of_one_currency_add_and_subtract() -> None:
    ten, three = Money(1000, Currency("usd")), Money(300, Currency("usd"))
    assert ten + three == Money(1300, Currency("usd"))
    assert ten - three == Money(700, Currency("usd"))


def test_amounts_of_two_currencies_do_not() -> None:
    with pytest.raises(CurrenciesDiffer, match="usd with eur"):
        Money(1, Currency("usd")) + Money(1, Currency("eur"))


def test_iso_4217_has_the_exponents_that_psps_disagree_about() -> None:
    exponents = {code: exponent_of(Currency(code)) for code in ("isk", "ugx", "mga", "huf", "twd", "kwd")}
    assert exponents == {"isk": 0, "ugx": 0, "mga": 2, "huf": 2, "twd": 2, "kwd": 3}


def test_a_code_of_any_case_is_read_and_an_unknown_one_is_not() -> None:
    assert parse_currency("USD") == "usd"
    assert parse_currency("xxx") is None
    assert all(len(code) == 3 and code.islower() for code in EXPONENTS)
