"""The payments the demo takes: who pays what, with which test card, and what the PSP will do about it."""

from typing import Any, Final, NamedTuple


class Payment(NamedTuple):
    """One payment. `faults` are what goes wrong at the PSP; `sends` is how often the merchant sends the request.

    A fault of a call finds its payment by the payment method, so that method occurs once; a fault of a webhook finds
    it by the charge.
    """

    title: str
    payment_method: str
    amount_minor: int
    currency: str
    expected: str
    faults: tuple[dict[str, Any], ...] = ()
    capture: bool = True
    sends: int = 1


PAYMENTS: Final = (
    Payment("a coffee", "pm_card_visa", 450, "usd", "succeeded"),
    Payment("a book", "pm_card_mastercard", 1999, "eur", "succeeded"),
    Payment("a train ticket", "pm_card_amex", 8900, "gbp", "succeeded"),
    Payment("a camera, in yen", "pm_card_jcb", 128_000, "jpy", "succeeded"),
    Payment("a carpet, in dinars", "pm_card_discover", 245_500, "kwd", "succeeded"),
    Payment("a hotel, held only", "pm_card_visa", 32_000, "usd", "authorized", capture=False),
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
    Payment("a bank that asks back", "pm_card_threeDSecure2Required", 15_000, "eur", "requires_action"),
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
