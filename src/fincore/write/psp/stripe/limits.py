"""Stripe's limits: amounts, and for how long its promises hold.

Sources: docs.stripe.com/currencies#minimum-and-maximum-charge-amounts (eight digits, twelve for IDR),
docs.stripe.com/api/idempotent_requests, docs.stripe.com/search#data-freshness,
docs.stripe.com/payments/place-a-hold-on-a-payment-method.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from fincore.domain.currency import ACTIVE_CURRENCIES, Currency, exponent_of
from fincore.write.psp.limits import AmountBounds, OperationLimits, PspLimits
from fincore.write.psp.stripe.amounts import STRIPE_EXPONENTS, THREE_DECIMALS

DIGITS_MAX: Final = 8
DIGITS_MAX_BY_CURRENCY: Final[Mapping[Currency, int]] = MappingProxyType({Currency("idr"): 12})
"""Digits of an amount in Stripe's minor units, where they are not `DIGITS_MAX`."""

SEARCH_LAG_SECONDS: Final = 120.0
"""Stripe's search knows a payment within a minute, in an outage later. So after NotFound the call is repeated under the same
idempotency key, and never under another."""

_OPERATION: Final = OperationLimits(key_safe_seconds=23 * 3_600.0, call_timeout_seconds=90.0)
"""Stripe keeps idempotency keys for at least 24 hours, and finishes or drops a call in less than a minute and a half."""


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
    payment_method_types=frozenset({"card", "hosted_card", "kept_card"}),
    amounts=MappingProxyType(
        {currency: _bounds(currency) for currency in sorted(STRIPE_EXPONENTS.keys() & ACTIVE_CURRENCIES)}
    ),
    operations=MappingProxyType(
        {
            "authorize": msgspec.structs.replace(_OPERATION, search_lag_seconds=SEARCH_LAG_SECONDS),
            "complete": _OPERATION,
            "capture": _OPERATION,
            "cancel": _OPERATION,
            "refund": _OPERATION,
        }
    ),
    hold_seconds=7 * 86_400.0,
    held_types=frozenset({"card", "hosted_card", "kept_card"}),
    challenged_types=frozenset({"card", "hosted_card", "kept_card"}),
)
"""The amounts are for new charges: in a currency that has ended, what was charged once can only be captured and refunded.
A hold lasts seven days for most cards."""
