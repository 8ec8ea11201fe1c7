"""The payments the demo takes: who pays what, with which test card, what goes wrong, and what is done afterwards."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

CustomerAct = Literal["complete", "fail", "leave", "approve", "fail_instrument", "cancel"]
"""What a customer does: the buttons of the bank's page (3-D Secure), then those of PayPal's page."""

PAYPAL: Final = "paypal"
"""In place of a test card: the customer pays with PayPal."""


class Capture(NamedTuple):
    """The shop takes a part of what is held; the rest is released."""

    amount_minor: int


class Cancel(NamedTuple):
    """The shop gives the payment up."""


class Refund(NamedTuple):
    """The shop gives money back; `ends` is what becomes of it, `faults` is what goes wrong at the PSP."""

    amount_minor: int
    ends: str = "succeeded"
    faults: tuple[dict[str, Any], ...] = ()


class Evidence(NamedTuple):
    """The shop answers a dispute at the PSP; the sandbox's bank decides by this text. `ends` is its verdict."""

    text: str
    ends: str


Step = Capture | Cancel | Refund | Evidence


class Payment(NamedTuple):
    """One payment. `faults` are what goes wrong at the PSP; `sends` is how often the merchant sends the request.

    A fault of a call finds its payment by the payment method, so that method occurs once; a fault of a webhook finds
    it by the charge. With `customer` the customer is there and can be sent to the bank's page, or PayPal's: what they do
    there, each time that they are asked. `steps` are taken one after the other once the payment is made. `accounts`: the
    accounts that may carry it, in order, each with a token of its own; the default account where none is named. `known` is
    what the shop tells of the customer. `is_blocked`: rules of risk refuse it, and no PSP hears of it.
    """

    title: str
    payment_method: str
    amount_minor: int
    currency: str
    expected: str
    faults: tuple[dict[str, Any], ...] = ()
    capture: bool = True
    sends: int = 1
    customer: tuple[CustomerAct, ...] = ()
    steps: tuple[Step, ...] = ()
    accounts: tuple[str, ...] = ()
    known: Mapping[str, str] = MappingProxyType({})
    is_blocked: bool = False


PAYMENTS: Final = (
    Payment("a coffee", "pm_card_visa", 450, "usd", "succeeded"),
    Payment("a book", "pm_card_mastercard", 1999, "eur", "succeeded"),
    Payment("a train ticket", "pm_card_amex", 8900, "gbp", "succeeded"),
    Payment("a camera, in yen", "pm_card_jcb", 128_000, "jpy", "succeeded"),
    Payment("a carpet, in dinars", "pm_card_discover", 245_500, "kwd", "succeeded"),
    Payment("a deposit, held only", "pm_card_visa", 20_000, "usd", "authorized", capture=False),
    Payment("a declined card", "pm_card_visa_chargeDeclined", 2500, "usd", "failed"),
    Payment("insufficient funds", "pm_card_visa_chargeDeclinedInsufficientFunds", 99_900, "usd", "failed"),
    Payment("a lost card", "pm_card_visa_chargeDeclinedLostCard", 1200, "usd", "failed"),
    Payment("a stolen card", "pm_card_visa_chargeDeclinedStolenCard", 1200, "usd", "failed"),
    Payment("an expired card", "pm_card_chargeDeclinedExpiredCard", 700, "usd", "failed"),
    Payment("a wrong CVC", "pm_card_chargeDeclinedIncorrectCvc", 700, "usd", "failed"),
    Payment("a processing error", "pm_card_chargeDeclinedProcessingError", 700, "usd", "failed"),
    Payment(
        "a card over its limit", "pm_card_visa_chargeDeclinedVelocityLimitExceeded", 700, "usd", "failed"
    ),
    Payment("blocked as too risky", "pm_card_radarBlock", 50_000, "usd", "failed"),
    Payment("3-D Secure, no customer", "pm_card_authenticationRequired", 15_000, "eur", "failed"),
    Payment(
        "the PSP is busy (429)",
        "pm_card_visa_debit",
        1100,
        "usd",
        "succeeded",
        faults=({"kind": "rate_limited_429"},),
    ),
    Payment(
        "paid, the answer lost",
        "pm_card_mastercard_debit",
        6400,
        "usd",
        "succeeded",
        faults=({"kind": "timeout_after_apply"}, {"kind": "webhook_drop", "count": 5}),
    ),
    Payment(
        "never reached the PSP",
        "pm_card_mastercard_prepaid",
        6500,
        "usd",
        "succeeded",
        faults=({"kind": "timeout_before_apply"},),
    ),
    Payment(
        "the webhook comes twice",
        "pm_card_visa",
        3300,
        "usd",
        "succeeded",
        faults=({"kind": "webhook_duplicate", "count": 5},),
    ),
    Payment("the merchant retries", "pm_card_visa", 4200, "usd", "succeeded", sends=3),
)
"""Payments that are over once the PSP has answered."""

_SECURE: Final = "pm_card_threeDSecure2Required"

LONGER_PAYMENTS: Final = (
    Payment("a sofa, 3-D Secure", _SECURE, 89_000, "eur", "succeeded", customer=("complete",)),
    Payment("a thief fails 3-D Secure", _SECURE, 45_000, "eur", "failed", customer=("fail",)),
    Payment(
        "a customer walks away", _SECURE, 12_000, "eur", "canceled", customer=("leave",), steps=(Cancel(),)
    ),
    Payment(
        "a hotel, one night less",
        "pm_card_visa",
        32_000,
        "usd",
        "succeeded",
        capture=False,
        steps=(Capture(24_000),),
    ),
    Payment("a car, not rented", "pm_card_visa", 60_000, "usd", "canceled", capture=False, steps=(Cancel(),)),
    Payment(
        "three books, two returned",
        "pm_card_visa",
        5400,
        "usd",
        "succeeded",
        steps=(Refund(1800), Refund(1800)),
    ),
    Payment(
        "a refund that takes time",
        "pm_card_pendingRefund",
        7500,
        "usd",
        "succeeded",
        steps=(Refund(7500, "succeeded"),),
    ),
    Payment(
        "a refund that bounces",
        "pm_card_refundFail",
        2900,
        "usd",
        "succeeded",
        steps=(Refund(2900, "failed"),),
    ),
    Payment(
        "a refund, the answer lost",
        "pm_card_visa",
        3900,
        "usd",
        "succeeded",
        steps=(
            Refund(
                3900,
                faults=(
                    {"kind": "timeout_after_apply", "match": {"operation": "POST refunds"}},
                    {"kind": "webhook_drop", "count": 5},
                ),
            ),
        ),
    ),
    Payment(
        "a dispute, won",
        "pm_card_createDispute",
        8900,
        "usd",
        "succeeded",
        steps=(Evidence("winning_evidence", "won"),),
    ),
    Payment(
        "a dispute, lost",
        "pm_card_createDisputeProductNotReceived",
        4800,
        "usd",
        "succeeded",
        steps=(Evidence("losing_evidence", "lost"),),
    ),
)
"""Payments with a life after the PSP's answer."""

PAYPAL_PAYMENTS: Final = (
    Payment("a guitar", PAYPAL, 45_900, "eur", "succeeded", customer=("approve",)),
    Payment(
        "two lamps, one returned",
        PAYPAL,
        7800,
        "eur",
        "succeeded",
        customer=("approve",),
        steps=(Refund(3900),),
    ),
    Payment(
        "a table, held and sent",
        PAYPAL,
        32_000,
        "usd",
        "succeeded",
        capture=False,
        customer=("approve",),
        steps=(Capture(32_000),),
    ),
    Payment(
        "the first card declined",
        PAYPAL,
        2400,
        "usd",
        "succeeded",
        customer=("fail_instrument", "approve"),
    ),
    Payment("back to the cart", PAYPAL, 9900, "usd", "canceled", customer=("cancel",), steps=(Cancel(),)),
)
"""Payments that the customer approves on PayPal's page."""

AWAY: Final = "eu"
"""The account at Stripe that cannot be reached while the payments below are taken."""

FAILOVER_PAYMENTS: Final = tuple(
    Payment(f"a concert, seat {seat}", "pm_card_visa", 6_000, "usd", "succeeded", accounts=(AWAY, "test"))
    for seat in range(1, 13)
)
"""Payments with a token at each of two accounts: more than the calls after which a breaker opens."""

THIEF: Final = {"id": "cus_mallory", "ip": "203.0.113.66"}
_THIEF_ELSEWHERE: Final = THIEF | {"ip": "198.51.100.99"}
_PASS: Final = 3
"""Stolen cards that are tried before the rule of demo/risk.toml hits."""

CARD_TESTING: Final = tuple(
    Payment(
        f"stolen card no. {number}",
        f"pm_card_{card}",
        100,
        "usd",
        "succeeded" if number <= _PASS else "failed",
        known=THIEF,
        is_blocked=number > _PASS,
    )
    for number, card in enumerate(
        ("visa", "mastercard", "amex", "discover", "jcb", "diners", "unionpay", "visa_debit"), start=1
    )
)
"""Many small payments from one address, each with another card."""

LARGE_ORDER: Final = Payment(
    "twelve laptops",
    "pm_card_visa",
    1_290_000,
    "usd",
    "authorized",
    known={"id": "cus_grace", "ip": "198.51.100.7"},
)
"""A payment of a new customer that is large enough for a person to look at it."""

BLOCKED_CUSTOMER: Final = Payment(
    "a watch", "pm_card_visa", 4_500, "usd", "failed", known=_THIEF_ELSEWHERE, is_blocked=True
)
"""A payment of a customer who is on the list of staff by then."""

NEXT_DAY_PAYMENTS: Final = (
    Payment("a violin", PAYPAL, 61_000, "eur", "succeeded", customer=("approve",)),
    Payment("a bow", PAYPAL, 8_500, "eur", "succeeded", customer=("approve",)),
)
"""Payments after the first settlement day; PayPal's file states the last of them too low."""
