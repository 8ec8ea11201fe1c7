"""Stripe's minor units beside ISO 4217's."""

import pytest

from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.money import Money
from fincore.write.psp.stripe.amounts import STRIPE_EXPONENTS, Inexpressible, from_stripe, to_stripe


def money(amount_minor: int, currency: str) -> Money:
    return Money(amount_minor, Currency(currency))


SAME_BOTH_WAYS = [
    (money(1999, "usd"), 1999),
    (money(500, "jpy"), 500),
    (money(5, "isk"), 500),
    (money(5, "ugx"), 500),
    (money(500, "mga"), 5),
    (money(5120, "kwd"), 5120),
    (money(100, "huf"), 100),
    (money(12345, "huf"), 12345),
    (money(12345, "twd"), 12345),
]


@pytest.mark.parametrize(("ours", "stripes"), SAME_BOTH_WAYS)
def test_money_becomes_the_amount_stripe_counts_in_and_back(ours: Money, stripes: int) -> None:
    assert to_stripe(ours) == stripes
    assert from_stripe(stripes, ours.currency) == ours


@pytest.mark.parametrize(
    ("inexpressible", "sentence"),
    [
        (
            money(5124, "kwd"),
            "Stripe takes KWD only with 0 as the third decimal, and this is 5.124 KWD",
        ),
        (money(550, "mga"), "Stripe takes no fractions of MGA, and this is 5.50 MGA"),
        (money(1000, "iqd"), "Stripe takes no payments in IQD"),
    ],
)
def test_money_inexpressible_at_stripe_is_refused_with_reason(inexpressible: Money, sentence: str) -> None:
    assert to_stripe(inexpressible) == Inexpressible(sentence)


@pytest.mark.parametrize(("amount", "currency"), [(550, "isk"), (1, "ugx"), (1, "xyz"), (1, "iqd")])
def test_stripe_amount_too_fine_or_unknown_is_inexpressible(amount: int, currency: str) -> None:
    assert isinstance(from_stripe(amount, currency), Inexpressible)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [(10**15, "usd"), (-(10**15), "usd"), (10**13, "mga"), (10**40, "usd")],
)
def test_stripe_amount_beyond_any_payment_is_inexpressible(amount: int, currency: str) -> None:
    assert isinstance(from_stripe(amount, currency), Inexpressible)


def test_stripe_exponents_differ_from_iso_for_three_currencies() -> None:
    differing = {
        currency for currency, exponent in STRIPE_EXPONENTS.items() if EXPONENTS[currency] != exponent
    }
    assert differing == {"isk", "ugx", "mga"}


@pytest.mark.parametrize("currency", sorted(STRIPE_EXPONENTS))
def test_whole_units_survive_conversion_to_stripe_and_back(currency: Currency) -> None:
    seven_units = Money(7 * 10 ** EXPONENTS[currency], currency)
    amount = to_stripe(seven_units)
    assert isinstance(amount, int)
    assert from_stripe(amount, currency) == seven_units
