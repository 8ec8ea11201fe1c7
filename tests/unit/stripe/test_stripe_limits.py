"""The amounts Stripe can be asked for, by currency, and what is refused before a charge is accepted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.domain.currency import ACTIVE_CURRENCIES, Currency
from fincore.domain.money import AMOUNT_MINOR_MAX, Money
from fincore.write.psp.stripe.amounts import to_stripe
from fincore.write.psp.stripe.limits import STRIPE_LIMITS
from psp_sandbox.stripe.currencies import MINIMUM_AMOUNT, check_amount
from psp_sandbox.stripe.errors import Refusal

STRIPE_KEEPS_KEYS_SECONDS = 24 * 3_600
REFUSED = [
    (99_999_999, "usd", None, ""),
    (100_000_000, "usd", "amount_too_large", "The PSP takes no more than 999,999.99 USD in one payment."),
    (100_000_000, "idr", None, ""),
    (999_999_999_999, "idr", None, ""),
    (
        1_000_000_000_000,
        "idr",
        "amount_too_large",
        "The PSP takes no more than 9,999,999,999.99 IDR in one payment.",
    ),
    (0, "usd", "amount_too_small", "The PSP takes no less than 0.01 USD."),
    (-5, "usd", "amount_too_small", "The PSP takes no less than 0.01 USD."),
    (5, "kwd", "amount_too_small", "The PSP takes no less than 0.010 KWD."),
    (5124, "kwd", "amount_not_expressible", "The PSP takes KWD only in multiples of 10 minor units."),
    (99_999_990, "kwd", None, ""),
    (550, "mga", "amount_not_expressible", "The PSP takes MGA only in multiples of 100 minor units."),
    (9_999_999_900, "mga", None, ""),
    (
        10_000_000_000,
        "mga",
        "amount_too_large",
        "The PSP takes no more than 99,999,999.00 MGA in one payment.",
    ),
    (1, "isk", None, ""),
    (999_999, "isk", None, ""),
    (1_000_000, "isk", "amount_too_large", "The PSP takes no more than 999,999 ISK in one payment."),
    (100, "ghs", "currency_not_supported", "The PSP takes no payments in GHS."),
    (100, "bgn", "currency_not_supported", "The PSP takes no payments in BGN."),
]


@pytest.mark.parametrize(("amount_minor", "currency", "code", "detail"), REFUSED)
def test_stripe_limits_of_a_currency_decide_what_is_refused(
    amount_minor: int, currency: str, code: str | None, detail: str
) -> None:
    refusal = STRIPE_LIMITS.refusal_of(Money(amount_minor, Currency(currency)))
    assert (refusal and refusal.code, refusal.detail if refusal else "") == (code, detail)


@given(st.sampled_from(sorted(ACTIVE_CURRENCIES)), st.integers(-10, AMOUNT_MINOR_MAX + 10))
def test_amount_within_limits_is_expressible_at_stripe(currency: Currency, amount_minor: int) -> None:
    money = Money(amount_minor, currency)
    if STRIPE_LIMITS.refusal_of(money) is None:
        amount = to_stripe(money)
        assert isinstance(amount, int)
        if amount >= MINIMUM_AMOUNT.get(currency, 1):
            check_amount(amount, currency)


@pytest.mark.parametrize("currency", sorted(STRIPE_LIMITS.amounts))
def test_amount_max_of_each_currency_is_the_largest_accepted(currency: Currency) -> None:
    bounds = STRIPE_LIMITS.amounts[currency]
    most = to_stripe(Money(bounds.max_minor, currency))
    above = to_stripe(Money(bounds.max_minor + bounds.step_minor, currency))
    assert isinstance(most, int)
    assert isinstance(above, int)
    check_amount(most, currency)
    with pytest.raises(Refusal) as refused:
        check_amount(above, currency)
    assert refused.value.detail.code == "amount_too_large"
    assert bounds.max_minor <= AMOUNT_MINOR_MAX


def test_stripe_keys_are_given_up_before_stripe_forgets_them() -> None:
    """Stripe keeps a key for 24 hours at least. A call that begins with the last safe second is over by then."""
    for limits in STRIPE_LIMITS.operations.values():
        assert limits.key_safe_seconds + limits.call_timeout_seconds < STRIPE_KEEPS_KEYS_SECONDS
