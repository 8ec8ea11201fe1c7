"""What the text in the search box may be: one table of readings, tried side by side, without a syntax to learn. Pure.

A text that holds a card number is read as its last four digits and as nothing else: a number is not looked up anywhere.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import msgspec

from fincore.domain.card_number import holds_card_number
from fincore.domain.currency import EXPONENTS, Currency, parse_currency
from fincore.domain.errors import InvalidId
from fincore.domain.ids import (
    ChargeId,
    CheckoutSessionId,
    DisputeId,
    EventId,
    PayoutId,
    RefundId,
    parse_charge_id,
    parse_checkout_session_id,
    parse_dispute_id,
    parse_event_id,
    parse_payout_id,
    parse_refund_id,
)
from fincore.domain.money import AMOUNT_MINOR_MAX

QUERY_CHARACTERS_MAX: Final = 200

ReadingKind = Literal[
    "charge_id",
    "refund_id",
    "dispute_id",
    "checkout_session_id",
    "payout_id",
    "event_id",
    "last4",
    "amount",
    "email",
    "reference",
    "metadata",
]

READINGS: Final[Mapping[ReadingKind, tuple[str, str]]] = MappingProxyType(
    {
        "charge_id": ("the id of a charge", "ch_01kab5m5wvfb9v1c2m5hfv0d2e"),
        "refund_id": ("the id of a refund", "re_01kab5m5wvfb9v1c2m5hfv0d2e"),
        "dispute_id": ("the id of a dispute", "dp_01kab5m5wvfb9v1c2m5hfv0d2e"),
        "checkout_session_id": ("the id of a checkout session", "cos_01kab5m5wvfb9v1c2m5hfv0d2e"),
        "payout_id": ("the id of a payout", "po_01kab5m5wvfb9v1c2m5hfv0d2e"),
        "event_id": ("the id of an event", "evt_01kab5m5wvfb9v1c2m5hfv0d2e"),
        "last4": ("four digits: the last ones of a card, also of a whole card number", "**** 4242"),
        "amount": (
            "an amount, in the major unit of any currency or of the one named; a whole number also in the minor unit",
            "19,99 EUR",
        ),
        "email": ("the customer's address, or how it begins", "ada@example.com"),
        "reference": (
            "an id at a PSP of a payment, refund or dispute, or how it begins",
            "pi_3MtwBwLkdIwHu7ix",
        ),
        "metadata": ("a value of a charge's metadata, such as an order number, or how it begins", "A-1007"),
    }
)
"""Each reading: what it takes the text for, and an example. They are tried and shown in this order."""


class AmountReading(msgspec.Struct, frozen=True):
    """An amount in minor units, in one of some currencies; in any where none is named."""

    amount_minor: int
    currencies: tuple[Currency, ...] = ()


class Readings(msgspec.Struct, frozen=True, kw_only=True):
    """What a text may be; a reading that does not apply is None, or empty."""

    charge_id: ChargeId | None = None
    refund_id: RefundId | None = None
    dispute_id: DisputeId | None = None
    checkout_session_id: CheckoutSessionId | None = None
    payout_id: PayoutId | None = None
    event_id: EventId | None = None
    last4: str | None = None
    amounts: tuple[AmountReading, ...] = ()
    email: str | None = None
    reference: str | None = None
    metadata: str | None = None


class _Number(NamedTuple):
    """A decimal number: `digits` with so many of them after the point."""

    digits: int
    decimals: int


_IDS: Final[tuple[tuple[str, Callable[[str], object]], ...]] = (
    ("charge_id", parse_charge_id),
    ("refund_id", parse_refund_id),
    ("dispute_id", parse_dispute_id),
    ("checkout_session_id", parse_checkout_session_id),
    ("payout_id", parse_payout_id),
    ("event_id", parse_event_id),
)
_LAST4: Final = re.compile(r"[\s*•.x#…-]*([0-9]{4})")
_AMOUNT: Final = re.compile(
    r"(?P<before>[a-z]{3}|[€$£¥])?\s?(?P<number>[0-9](?:[0-9 .,']{0,30}[0-9])?)\s?(?P<after>[a-z]{3}|[€$£¥])?"
)
_APOSTROPHE: Final = "\N{RIGHT SINGLE QUOTATION MARK}"
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(?:([ .,'])[0-9]{3}(?:\1[0-9]{3})*)?")
_SYMBOLS: Final[Mapping[str, tuple[Currency, ...]]] = MappingProxyType(
    {
        "€": (Currency("eur"),),
        "£": (Currency("gbp"),),
        "¥": (Currency("jpy"), Currency("cny")),
        "$": (),  # of a dozen countries
    }
)
_OF_EXPONENT: Final[Mapping[int, tuple[Currency, ...]]] = MappingProxyType(
    {
        exponent: tuple(sorted(code for code, digits in EXPONENTS.items() if digits == exponent))
        for exponent in sorted(set(EXPONENTS.values()))
    }
)
_REFERENCE_CHARACTERS_MIN: Final = 4
_EMAIL_CHARACTERS_MIN: Final = 2
_DECIMALS_MAX: Final = 3


def readings_of(text: str) -> Readings:
    """All that a text may be; it may be nothing. Never raises."""
    read = _plain(text)
    if not read or len(read) > QUERY_CHARACTERS_MAX:
        return Readings()
    if holds_card_number(read):
        return Readings(last4="".join(filter(str.isdecimal, read))[-4:])
    for field, parse in _IDS:
        try:
            return msgspec.structs.replace(Readings(), **{field: parse(read)})
        except InvalidId:
            continue
    last4 = _LAST4.fullmatch(read.lower())
    has_space = " " in read
    return Readings(
        last4=last4[1] if last4 else None,
        amounts=tuple(_amounts(read.lower())),
        email=read if not has_space and len(read) >= _EMAIL_CHARACTERS_MIN else None,
        reference=read if not has_space and len(read) >= _REFERENCE_CHARACTERS_MIN else None,
        metadata=read,
    )


def _plain(text: str) -> str:
    """The text without spaces around it, control characters and typographic apostrophes, with the digits of other scripts as ours."""
    digits = (
        str(unicodedata.decimal(one)) if one.isdecimal() else one for one in text[: QUERY_CHARACTERS_MAX * 2]
    )
    printable = "".join(one if unicodedata.category(one)[0] != "C" else " " for one in digits)
    return " ".join(printable.replace(_APOSTROPHE, "'").split())


def _amounts(text: str) -> Iterator[AmountReading]:
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return
    currencies: set[Currency] | None = None
    for word in filter(None, (found["before"], found["after"])):
        code = parse_currency(word)
        meant = set(_SYMBOLS.get(word, () if code is None else (code,)))
        if meant:
            currencies = meant if currencies is None else currencies & meant
        elif word not in _SYMBOLS:
            return
    if currencies is not None and not currencies:
        return
    seen: set[AmountReading] = set()
    for reading in _readings_of_number(found["number"], currencies):
        if reading not in seen and 0 < reading.amount_minor <= AMOUNT_MINOR_MAX:
            seen.add(reading)
            yield reading


def _readings_of_number(text: str, currencies: set[Currency] | None) -> Iterator[AmountReading]:
    if text.isdecimal():
        yield AmountReading(int(text), tuple(sorted(currencies or ())))
    for number in _numbers(text):
        for exponent, of_exponent in _OF_EXPONENT.items():
            meant = of_exponent if currencies is None else tuple(sorted(currencies & set(of_exponent)))
            # The minor unit of a whole number is read above.
            is_read = exponent == 0 and text.isdecimal()
            if meant and number.decimals <= exponent and not is_read:
                yield AmountReading(number.digits * 10 ** (exponent - number.decimals), meant)


def _numbers(text: str) -> Iterator[_Number]:
    """A number as people write it: `1,999` may be a thousand and more, or have three decimals."""
    whole, point, decimals = max(
        (text.rpartition(mark) for mark in ".,"), key=lambda parts: len(parts[0]) if parts[1] else -1
    )
    if text.isdecimal() or _THOUSANDS.fullmatch(text):
        yield _Number(int("".join(filter(str.isdecimal, text))), 0)
    has_decimals = point and decimals.isdecimal() and len(decimals) <= _DECIMALS_MAX
    if has_decimals and (whole.isdecimal() or _THOUSANDS.fullmatch(whole)):
        yield _Number(int("".join(filter(str.isdecimal, whole + decimals))), len(decimals))
