"""The published names of test cards."""

import pytest

from psp_sandbox.stripe.cards import card_of_token
from psp_sandbox.stripe.outcomes import DECLINES

DECLINED = {
    "": "generic_decline",
    "InsufficientFunds": "insufficient_funds",
    "LostCard": "lost_card",
    "StolenCard": "stolen_card",
    "VelocityLimitExceeded": "card_velocity_exceeded",
    "ExpiredCard": "expired_card",
    "IncorrectCvc": "incorrect_cvc",
    "ProcessingError": "processing_error",
    "Fraudulent": "fraudulent",
}
"""What follows `pm_card_chargeDeclined`, the name that the Stripe CLI's triggers use -> the decline."""


@pytest.mark.parametrize("prefix", ["pm_card_chargeDeclined", "tok_chargeDeclined"])
@pytest.mark.parametrize("suffix", DECLINED)
def test_each_declined_card_is_known_without_its_brand(prefix: str, suffix: str) -> None:
    card = card_of_token(prefix + suffix)
    assert card is not None
    assert card.decline == DECLINED[suffix]
    assert card.decline in DECLINES


@pytest.mark.parametrize(
    "suffix", ["", "InsufficientFunds", "LostCard", "StolenCard", "VelocityLimitExceeded"]
)
def test_each_visa_name_is_the_same_card(suffix: str) -> None:
    assert card_of_token(f"pm_card_visa_chargeDeclined{suffix}") is card_of_token(
        f"pm_card_chargeDeclined{suffix}"
    )
