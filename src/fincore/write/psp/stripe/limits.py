"""What Stripe takes (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts): eight digits, twelve for IDR."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fincore.domain.currency import ACTIVE_CURRENCIES, Currency, exponent_of
from fincore.write.psp.limits import AmountBounds, PspLimits
from fincore.write.psp.stripe.amounts import STRIPE_EXPONENTS, THREE_DECIMALS

DIGITS_MAX: Final = 8
DIGITS_MAX_BY_CURRENCY: Final[Mapping[Currency, int]] = MappingProxyType({Currency("idr"): 12})
"""Digits of an amount in Stripe's minor units, where they are not `DIGITS_MAX`."""


def _bounds(currency: Currency) -> AmountBounds:
    """Stripe's bounds in our minor units, which are finer for MGA and coarser for ISK and UGX."""
    theirs, ours = STRIPE_EXPONENTS[currency], exponent_of(currency)
    step_minor: int = 10 if theirs == THREE_DECIMALS else 10 ** max(ours - theirs, 0)
    most = 10 ** DIGITS_MAX_BY_CURRENCY.get(currency, DIGITS_MAX) - 1
    most_minor = most * 10 ** max(ours - theirs, 0) // 10 ** max(theirs - ours, 0)
    return AmountBounds(
        min_minor=step_minor, max_minor=most_minor - most_minor % step_minor, step_minor=step_minor
    )


STRIPE_LIMITS: Final = PspLimits(
    amounts=MappingProxyType(
        {currency: _bounds(currency) for currency in sorted(STRIPE_EXPONENTS.keys() & ACTIVE_CURRENCIES)}
    )
)
"""For new charges: in a currency that has ended, what was charged once can only be captured and refunded."""
