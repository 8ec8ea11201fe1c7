"""The currency tables of the domain, the gateway and the sandbox beside ISO 4217, as the package `iso4217` publishes it."""

import iso4217

from fincore.domain.currency import ACTIVE_CURRENCIES, EXPONENTS
from fincore.write.psp.stripe.amounts import STRIPE_EXPONENTS
from fincore.write.psp.stripe.limits import STRIPE_LIMITS
from psp_sandbox.stripe import currencies as sandbox

NOT_FOR_PAYMENTS = (
    "bov che chw clf cou mxv usn uyi uyw",  # funds and units of account
    "xad xag xau xba xbb xbc xbd xdr xpd xpt xsu xts xua xxx",  # metals, baskets, tests, no currency
)
ISO = {
    code: currency.exponent
    for currency in iso4217.Currency
    if (code := currency.code.lower()) not in " ".join(NOT_FOR_PAYMENTS).split()
}
ENDED = {"ang", "bgn"}
STRIPE_DIFFERS = {"isk": 2, "ugx": 2, "mga": 0}
"""Stripe's exponents that are not ISO 4217's (docs.stripe.com/currencies#special-cases)."""


def sandbox_exponent(currency: str) -> int:
    if currency in sandbox.ZERO_DECIMAL:
        return 0
    return 3 if currency in sandbox.THREE_DECIMAL else 2


def test_active_currencies_are_those_of_iso_4217() -> None:
    assert {code: EXPONENTS[code] for code in ACTIVE_CURRENCIES} == ISO


def test_historic_currencies_keep_their_exponent() -> None:
    assert set(EXPONENTS) - ACTIVE_CURRENCIES == ENDED
    assert {code: EXPONENTS[code] for code in set(EXPONENTS) - ACTIVE_CURRENCIES} == dict.fromkeys(ENDED, 2)


def test_gateway_currencies_have_the_exponents_stripe_counts_in() -> None:
    of_iso = ISO | dict.fromkeys(ENDED, 2) | STRIPE_DIFFERS
    assert {code: of_iso[code] for code in STRIPE_EXPONENTS} == STRIPE_EXPONENTS


def test_sandbox_takes_what_the_gateway_may_send() -> None:
    assert set(STRIPE_LIMITS.amounts) == sandbox.SUPPORTED
    assert {code: sandbox_exponent(code) for code in sandbox.SUPPORTED} == {
        code: STRIPE_EXPONENTS[code] for code in STRIPE_LIMITS.amounts
    }


def test_sandbox_minimums_are_of_currencies_it_takes() -> None:
    assert sandbox.MINIMUM_AMOUNT.keys() <= sandbox.SUPPORTED
    assert sandbox.MAX_AMOUNTS.keys() <= sandbox.SUPPORTED
