"""PayPal's limits: amounts, and for how long its promises hold. Pure.

Sources: PayPal's descriptions of the header PayPal-Request-Id in the APIs Orders v2 (six hours) and Payments v2 (45 days),
the issue MAX_VALUE_EXCEEDED of Orders v2, and developer.paypal.com/docs/checkout/standard/customize/authorization (29 days).
"""

from types import MappingProxyType
from typing import Final

from fincore.domain.currency import Currency, exponent_of
from fincore.domain.money import AMOUNT_MINOR_MAX
from fincore.write.psp.limits import AmountBounds, OperationLimits, PspLimits
from fincore.write.psp.paypal.amounts import PAYPAL_DECIMALS

DAY_SECONDS: Final = 86_400.0
ORDER_KEY_SAFE_SECONDS: Final = 5 * 3_600.0
"""PayPal keeps the keys of orders for six hours; one hour is left for clocks and calls under way."""
PAYMENT_KEY_SAFE_SECONDS: Final = 44 * DAY_SECONDS
"""PayPal keeps the keys of captures, reauthorizations and refunds for 45 days."""
CALL_TIMEOUT_SECONDS: Final = 120.0
HOLD_SECONDS: Final = 29 * DAY_SECONDS
HONOR_SECONDS: Final = 3 * DAY_SECONDS
"""For how long after an authorization, and after each reauthorization, PayPal promises that a capture succeeds."""


def _bounds(currency: Currency) -> AmountBounds:
    """What an account may take at once is less, depends on the account and its country, and only PayPal knows it."""
    step_minor: int = 10 ** (exponent_of(currency) - PAYPAL_DECIMALS[currency])
    return AmountBounds(
        min_minor=step_minor,
        max_minor=AMOUNT_MINOR_MAX - AMOUNT_MINOR_MAX % step_minor,
        step_minor=step_minor,
    )


_ORDER: Final = OperationLimits(
    key_safe_seconds=ORDER_KEY_SAFE_SECONDS, call_timeout_seconds=CALL_TIMEOUT_SECONDS
)
_PAYMENT: Final = OperationLimits(
    key_safe_seconds=PAYMENT_KEY_SAFE_SECONDS, call_timeout_seconds=CALL_TIMEOUT_SECONDS
)

PAYPAL_LIMITS: Final = PspLimits(
    payment_method_types=frozenset({"paypal", "paypal_vault"}),
    amounts=MappingProxyType({currency: _bounds(currency) for currency in sorted(PAYPAL_DECIMALS)}),
    operations=MappingProxyType(
        {
            "authorize": _ORDER,
            "complete": _ORDER,
            "capture": _PAYMENT,
            "cancel": _PAYMENT,
            "refund": _PAYMENT,
        }
    ),
    hold_seconds=HOLD_SECONDS,
    held_types=frozenset({"paypal", "paypal_vault"}),
)
"""PayPal cannot be searched for an order by our id, so that no search lags: what has no order id here is found by the same
call under the same key. A void takes no key; it is looked at before it is repeated, and can be carried out only once."""
