"""What became of a charge in the end, in the words by which staff weigh a risk rule: one table. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from fincore.domain.charge import Charge
from fincore.domain.money import Money
from fincore.write.risk.outcomes import DECLINES

Result = Literal[
    "fraud",
    "disputed",
    "refunded",
    "refunded_in_part",
    "good",
    "declined",
    "failed",
    "blocked",
    "declined_by_staff",
    "unpaid",
    "open",
    "unreadable",
]

RESULTS: Final[Mapping[Result, str]] = MappingProxyType(
    {
        "fraud": "disputed as fraud, or the card's bank warned of fraud",
        "disputed": "disputed for another reason, or for one that is not known; also an inquiry, and a dispute that was won",
        "refunded": "all that was captured was given back",
        "refunded_in_part": "a part of it was given back",
        "good": "captured, and none of the above so far",
        "declined": "the PSP or the bank refused this means of payment",
        "failed": "it failed otherwise: no PSP was reached, or none could carry it out",
        "blocked": "blocked by the rules of then: what it would have become is not known",
        "declined_by_staff": "staff declined it in a review",
        "unpaid": "canceled or expired, and nothing was captured",
        "open": "not decided yet, or authorized and not captured",
        "unreadable": "this version of FinCore cannot read what became of it",
    }
)
"""Every result. The first that applies counts, so that each charge has one."""


def result_of(charge: Charge) -> Result:
    """The result of a charge as it stands now."""
    if charge.fraud_warnings or any(dispute.category == "fraud" for dispute in charge.disputes):
        return "fraud"
    if charge.disputes:
        return "disputed"
    if charge.captured_minor > 0:
        if not charge.refunded_minor:
            return "good"
        return "refunded" if charge.refunded_minor >= charge.captured_minor else "refunded_in_part"
    if charge.review_decided is not None and charge.review_decided.decision == "declined":
        return "declined_by_staff"
    if charge.status == "failed":
        code = None if charge.failure is None else charge.failure.code
        if code == "blocked_by_risk":
            return "blocked"
        return "declined" if code in DECLINES else "failed"
    if charge.status in ("canceled", "expired", "succeeded"):
        return "unpaid"
    return "open"


def money_of(charge: Charge) -> Money:
    """The money of a charge: what was captured, or what was asked for where nothing was."""
    return Money(charge.captured_minor or charge.amount.amount_minor, charge.amount.currency)
