"""The published names of test cards."""

import pytest

from psp_sandbox.stripe.cards import CARDS, card_of_token, on_file, passes_luhn
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


@pytest.mark.parametrize(
    ("name", "country", "brand", "funding"),
    [
        ("us", "US", "visa", "credit"),
        ("de", "DE", "visa", "credit"),
        ("gb", "GB", "visa", "credit"),
        ("gb_debit", "GB", "visa", "debit"),
        ("gb_mastercard", "GB", "mastercard", "credit"),
        ("ae_mastercard", "AE", "mastercard", "credit"),
        ("jp", "JP", "visa", "credit"),
        ("th_debit", "TH", "visa", "debit"),
        ("br", "BR", "visa", "credit"),
    ],
)
def test_a_card_by_country_pays_and_names_its_country(
    name: str, country: str, brand: str, funding: str
) -> None:
    card = card_of_token(f"pm_card_{name}")
    assert card is not None
    assert card is card_of_token(f"tok_{name}")
    assert (card.country, card.brand, card.funding, card.decline) == (country, brand, funding, None)
    assert card.authentication == "supported"


def test_each_number_and_token_is_of_one_card() -> None:
    numbers = [card.number for card in CARDS]
    tokens = [token for card in CARDS for token in card.tokens]
    assert len(set(numbers)) == len(numbers)
    assert len(set(tokens)) == len(tokens)
    assert all(passes_luhn(number) for number in numbers)


def test_token_of_a_country_is_a_card_of_that_country() -> None:
    named = [(token.removeprefix("pm_card_")[:2], card) for card in CARDS for token in card.tokens]
    by_country = [(code, card) for code, card in named if code.upper() == card.country]
    assert len(by_country) >= 55


def test_card_on_file_has_a_fingerprint_of_its_own() -> None:
    found = {on_file(card, exp_month=8, exp_year=2027, cvc_given=True).fingerprint for card in CARDS}
    assert len(found) == len(CARDS)
    assert all(len(one) == 16 and one.isalnum() for one in found)
