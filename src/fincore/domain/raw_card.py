"""A card as a merchant sends it, number and all: it lives in memory only, and what is wrong with it is told without it. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import msgspec

from fincore.domain.card_number import passes_luhn
from fincore.domain.card_ranges import DIGITS_MAX, DIGITS_MIN, PREFIX_DIGITS, CardRange, networks_of
from fincore.domain.payment_method import CardInstrument
from fincore.domain.secret import Secret

EXPIRY_GRACE: Final = timedelta(days=1)
"""How long after the end of its last month, by our clock and in UTC, a card still counts: clocks differ, and so do time zones."""
EXPIRY_YEARS_MAX: Final = 50
"""How many years ahead of our clock a card may expire."""
_CVC_DIGITS: Final = 3
_CVC_DIGITS_OF: Final[Mapping[str, int]] = MappingProxyType({"American Express": 4})
_DECEMBER: Final = 12
_FIRST_DIGITS: Final = 6
_LAST_DIGITS: Final = 4
_DIGITS_HIDDEN_MIN: Final = 4

BRAND_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "American Express": "amex",
        "Diners Club": "diners",
        "Discover": "discover",
        "JCB": "jcb",
        "Mastercard": "mastercard",
        "UnionPay": "unionpay",
        "Visa": "visa",
    }
)
"""Network -> the word for it in instrument facts. A network without a word is not told."""

CardField = Literal["number", "expiry_month", "expiry_year", "cvc"]


class RawCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card by its number. `cvc` goes to the one call that makes a token, and is never kept: a card of the vault has None."""

    number: Secret
    expiry_month: int
    expiry_year: int
    cvc: Secret | None
    holder: Secret | None = None


class CardFlaw(NamedTuple):
    """What is wrong with a card: the field at fault, and a sentence about it that repeats nothing of the card."""

    field: CardField
    detail: str


def card_flaw(card: RawCard, now: datetime) -> CardFlaw | None:
    """The first thing that is wrong with a card, before any PSP sees it."""
    return _number_flaw(card.number.reveal()) or _cvc_flaw(card) or _expiry_flaw(card, now)


def instrument_of_card(card: RawCard) -> CardInstrument:
    """The facts of a card that no PSP has told yet: no part of its number but the last four digits."""
    number = card.number.reveal()
    networks = _networks(number)
    return CardInstrument(
        brand=BRAND_WORDS.get(networks[0].network) if networks else None,
        last4=number[-_LAST_DIGITS:],
        expiry_month=card.expiry_month,
        expiry_year=card.expiry_year,
    )


def first_digits(number: str) -> str | None:
    """The first six digits of a number, to tell its issuer; None for one so short that too few would stay hidden."""
    hidden = len(number) - _FIRST_DIGITS - _LAST_DIGITS
    return number[:_FIRST_DIGITS] if hidden >= _DIGITS_HIDDEN_MIN else None


def _number_flaw(number: str) -> CardFlaw | None:
    if not (number.isascii() and number.isdecimal() and DIGITS_MIN <= len(number) <= DIGITS_MAX):
        return CardFlaw(
            "number", f"Send the card number as {DIGITS_MIN} to {DIGITS_MAX} digits without spaces or dashes."
        )
    networks = _networks(number)
    if not networks:
        return CardFlaw("number", "No card network issues numbers that begin like this one.")
    lengths = sorted({length for one in networks for length in one.lengths})
    if len(number) not in lengths:
        names = " or ".join(dict.fromkeys(one.network for one in networks))
        return CardFlaw("number", f"A number of {names} has {_listed(lengths)} digits, not {len(number)}.")
    if not passes_luhn(number):
        return CardFlaw("number", "The check digit does not fit (Luhn): a digit of the number is wrong.")
    return None


def _cvc_flaw(card: RawCard) -> CardFlaw | None:
    if card.cvc is None:
        return None
    cvc, digits = card.cvc.reveal(), cvc_digits(card.number.reveal())
    if cvc.isascii() and cvc.isdecimal() and len(cvc) == digits:
        return None
    return CardFlaw("cvc", f"The security code of this brand has {digits} digits.")


def cvc_digits(number: str) -> int:
    """How many digits the security code of a card has, by its brand."""
    return max(
        (_CVC_DIGITS_OF.get(one.network, _CVC_DIGITS) for one in _networks(number)), default=_CVC_DIGITS
    )


def _expiry_flaw(card: RawCard, now: datetime) -> CardFlaw | None:
    if card.expiry_year > now.year + EXPIRY_YEARS_MAX:
        return CardFlaw("expiry_year", f"A card expires within {EXPIRY_YEARS_MAX} years.")
    year, month = card.expiry_year, card.expiry_month
    after = datetime(year + month // _DECEMBER, month % _DECEMBER + 1, 1, tzinfo=UTC)
    if now < after + EXPIRY_GRACE:
        return None
    field: CardField = "expiry_year" if year < now.year else "expiry_month"
    return CardFlaw(field, "The card has expired.")


def _networks(number: str) -> tuple[CardRange, ...]:
    return networks_of(int(number[:PREFIX_DIGITS]))


def _listed(lengths: list[int]) -> str:
    *others, last = map(str, lengths)
    return f"{', '.join(others)} or {last}" if others else last
