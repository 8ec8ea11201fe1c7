"""Stripe's published test cards (docs.stripe.com/testing): the table is `cards.json`, one card a line."""

import hashlib
import secrets
import string
from functools import lru_cache
from importlib import resources
from typing import Literal

import msgspec
from msgspec.structs import replace

from psp_sandbox.stripe.wire import CardChecks, CardOnFile, Networks, ThreeDSecureUsage

Authentication = Literal[
    "supported",
    "required",
    "required_on_session",
    "optional",
    "optional_unavailable",
    "unavailable",
    "frictionless",
    "unsupported",
]
"""What 3-D Secure does with the card. `unavailable`: it is required and its lookup fails. `required_on_session`:
the card is set up for off-session payments. `optional`: a challenge comes only if the merchant asks for one."""

Refunding = Literal["fails_later", "succeeds", "succeeds_later"]
"""What becomes of a refund to the card."""

Disputing = Literal["early_fraud_warning", "fraudulent", "inquiry", "product_not_received"]
"""What the cardholder does about a charge some time after it."""

_FINGERPRINT_KEY = secrets.token_bytes(32)
_FINGERPRINT_CHARS = string.ascii_letters + string.digits
_FINGERPRINT_LENGTH = 16


class Card(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """One test card and what becomes of a payment with it. `decline` names a row of `outcomes.DECLINES`.

    `attaches` is false for a card that cannot be attached to a customer. `bypasses_pending`: the money is available at once.
    """

    number: str
    tokens: tuple[str, ...]
    brand: str
    country: str
    funding: str = "credit"
    decline: str | None = None
    authentication: Authentication = "supported"
    risk: Literal["normal", "elevated", "highest"] = "normal"
    checks: CardChecks = CardChecks()
    disputing: Disputing | None = None
    refunding: Refunding = "succeeds"
    attaches: bool = True
    bypasses_pending: bool = False

    def __repr__(self) -> str:
        """Never the number."""
        return f"Card({self.brand} ****{self.number[-4:]})"


def _published() -> tuple[Card, ...]:
    text = resources.files("psp_sandbox.stripe").joinpath("cards.json").read_bytes()
    return msgspec.json.decode(text, type=tuple[Card, ...])


CARDS = _published()
_BY_NUMBER = {card.number: card for card in CARDS}
_BY_TOKEN = {token: card for card in CARDS for token in card.tokens}
_BY_TOKEN |= {token.replace("pm_card_", "tok_"): card for token, card in _BY_TOKEN.items()}
_BY_TOKEN |= {token.replace("tok_visa_charge", "tok_charge"): card for token, card in _BY_TOKEN.items()}


def card_of_token(token: str) -> Card | None:
    """The card behind `pm_card_visa` or `tok_visa`."""
    return _BY_TOKEN.get(token)


def card_of_number(number: str) -> Card | None:
    """The test card with this number; any other number is not a test card."""
    return _BY_NUMBER.get(number)


def passes_luhn(number: str) -> bool:
    """Whether the check digit fits (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - the digits of a two-digit product
    return total % 10 == 0


@lru_cache(maxsize=1_024)
def on_file(card: Card, *, exp_month: int, exp_year: int, cvc_given: bool) -> CardOnFile:
    """What a payment method shows of the card. Shared between payment methods: it is immutable."""
    cvc_check = (card.checks.cvc_check or "pass") if cvc_given else None
    return CardOnFile(
        brand=card.brand,
        checks=replace(card.checks, cvc_check=cvc_check),
        country=card.country,
        display_brand=card.brand,
        exp_month=exp_month,
        exp_year=exp_year,
        fingerprint=_fingerprint(card.number),
        funding=card.funding,
        last4=card.number[-4:],
        networks=Networks(available=(card.brand,)),
        three_d_secure_usage=ThreeDSecureUsage(supported=card.authentication != "unsupported"),
    )


def _fingerprint(number: str) -> str:
    """Equal for equal numbers while the process runs; without the key it tells nothing of the number."""
    digest = hashlib.blake2b(number.encode(), digest_size=_FINGERPRINT_LENGTH, key=_FINGERPRINT_KEY).digest()
    return "".join(_FINGERPRINT_CHARS[byte % len(_FINGERPRINT_CHARS)] for byte in digest)
