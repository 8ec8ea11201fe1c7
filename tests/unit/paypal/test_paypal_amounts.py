"""Money as PayPal's decimal texts, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.domain.currency import Currency, exponent_of
from fincore.domain.money import AMOUNT_MINOR_MAX, Money
from fincore.write.psp.limits import NotTaken
from fincore.write.psp.paypal.amounts import (
    PAYPAL_DECIMALS,
    Inexpressible,
    PayPalMoney,
    from_paypal,
    to_paypal,
)
from fincore.write.psp.paypal.limits import HONOR_SECONDS, PAYPAL_LIMITS


def money(amount_minor: int, currency: str) -> Money:
    return Money(amount_minor, Currency(currency))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (money(1999, "usd"), PayPalMoney("USD", "19.99")),
        (money(5, "eur"), PayPalMoney("EUR", "0.05")),
        (money(500, "jpy"), PayPalMoney("JPY", "500")),
        (money(10_000, "huf"), PayPalMoney("HUF", "100")),
        (money(300, "twd"), PayPalMoney("TWD", "3")),
        (money(999_999_999_999_999, "usd"), PayPalMoney("USD", "9999999999999.99")),
    ],
)
def test_paypal_amount_is_decimal_text_in_major_units(given: Money, told: PayPalMoney) -> None:
    assert to_paypal(given) == told
    assert from_paypal(told) == given


@pytest.mark.parametrize(
    "amount", [money(15_050, "huf"), money(150, "twd"), money(5120, "kwd"), money(0, "usd")]
)
def test_money_paypal_cannot_take_is_inexpressible(amount: Money) -> None:
    """HUF and TWD must be whole, KWD has three decimals and is not taken at all."""
    assert isinstance(to_paypal(amount), Inexpressible)
    assert isinstance(PAYPAL_LIMITS.refusal_of(amount), NotTaken)


@pytest.mark.parametrize(
    ("reported", "read"),
    [
        (PayPalMoney("USD", "19.9"), money(1990, "usd")),
        (PayPalMoney("USD", ".50"), money(50, "usd")),
        (PayPalMoney("USD", "0.00"), money(0, "usd")),
        (PayPalMoney("JPY", "500.00"), money(500, "jpy")),
        (PayPalMoney("JPY", ".0"), money(0, "jpy")),
        (PayPalMoney("HUF", "100.00"), money(10_000, "huf")),
    ],
)
def test_paypal_amount_with_fewer_or_zero_digits_is_read(reported: PayPalMoney, read: Money) -> None:
    assert from_paypal(reported) == read


@pytest.mark.parametrize(
    "reported",
    [
        PayPalMoney("USD", "-1.00"),
        PayPalMoney("USD", "+1.00"),
        PayPalMoney("USD", "1,00"),
        PayPalMoney("USD", "1e2"),
        PayPalMoney("USD", " 1"),
        PayPalMoney("USD", "1\n"),
        PayPalMoney("USD", "1."),
        PayPalMoney("USD", "."),
        PayPalMoney("USD", ""),
        PayPalMoney("USD", "٣"),
        PayPalMoney("USD", "1.001"),
        PayPalMoney("JPY", "1.5"),
        PayPalMoney("HUF", "1.50"),
        PayPalMoney("USD", "9" * 19),
        PayPalMoney("usd", "1.00"),
        PayPalMoney("KWD", "1.000"),
        PayPalMoney("XXX", "1.00"),
    ],
)
def test_amount_paypal_would_not_write_is_not_read(reported: PayPalMoney) -> None:
    assert isinstance(from_paypal(reported), Inexpressible)


@given(st.sampled_from(sorted(PAYPAL_DECIMALS)), st.integers(1, AMOUNT_MINOR_MAX // 100))
def test_money_within_limits_survives_way_to_paypal_and_back(currency: Currency, units: int) -> None:
    amount = Money(units * 10 ** (exponent_of(currency) - PAYPAL_DECIMALS[currency]), currency)
    assert PAYPAL_LIMITS.refusal_of(amount) is None
    told = to_paypal(amount)
    assert isinstance(told, PayPalMoney)
    assert from_paypal(told) == amount


def test_paypal_limits_name_every_currency_it_takes() -> None:
    assert PAYPAL_LIMITS.amounts.keys() == PAYPAL_DECIMALS.keys()
    zero = {code for code, decimals in PAYPAL_DECIMALS.items() if decimals == 0}
    assert zero == {"huf", "jpy", "twd"}
    assert len(PAYPAL_DECIMALS) == 24


def test_paypal_keys_are_repeated_only_while_paypal_keeps_them() -> None:
    """Six hours for orders, 45 days for captures, voids and refunds."""
    safe = {name: limits.key_safe_seconds for name, limits in PAYPAL_LIMITS.operations.items()}
    assert safe["authorize"] == safe["complete"] < 6 * 3_600
    assert safe["capture"] == safe["cancel"] == safe["refund"] < 45 * 86_400


def test_paypal_hold_lives_29_days_of_which_three_are_honored() -> None:
    assert PAYPAL_LIMITS.hold_seconds == 29 * 86_400
    assert HONOR_SECONDS == 3 * 86_400


def test_amount_beyond_any_payment_is_not_read() -> None:
    """The books count in 64 bits: one absurd fee must not stop the ledger of all charges."""
    assert from_paypal(PayPalMoney("USD", "9999999999999.99")) == Money(999_999_999_999_999, Currency("usd"))
    assert isinstance(from_paypal(PayPalMoney("USD", "10000000000000.00")), Inexpressible)
