"""The card that paid or was refused, as Stripe shows it. Pure.

A fact of another shape than documented is left out as unknown: it says nothing of the money, so it never makes a payment
unreadable. The shapes leave no place for a card number.
"""

from typing import Annotated, Final, TypeVar

import msgspec

from fincore.domain.card_number import without_card_numbers
from fincore.domain.payment_method import CardInstrument
from fincore.write.psp.stripe.wire import CardFacts, PaymentMethodShown, StripeCharge, StripeError

T = TypeVar("T")

_WORD: Final = msgspec.json.Decoder(Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,32}\Z")])
_LAST4: Final = msgspec.json.Decoder(Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}\Z")])
_MONTH: Final = msgspec.json.Decoder(Annotated[int, msgspec.Meta(ge=1, le=12)])
_YEAR: Final = msgspec.json.Decoder(Annotated[int, msgspec.Meta(ge=2000, le=2199)])
_COUNTRY: Final = msgspec.json.Decoder(Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\Z")])
_NAME: Final = msgspec.json.Decoder(Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9]{1,64}\Z")])
_PAYMENT_METHOD: Final = msgspec.json.Decoder(PaymentMethodShown)


def instrument_of_charge(charge: StripeCharge | str | None) -> CardInstrument | None:
    """The card of a charge that was expanded; None where there is none, or nothing is known of its card."""
    details = charge.payment_method_details if isinstance(charge, StripeCharge) else None
    if details is None or details.card is None:
        return None
    return _instrument(details.card, _name(details.card.network_transaction_id))


def instrument_of_error(error: StripeError) -> CardInstrument | None:
    """The card of the attempt that an error is about; None where the error shows none."""
    shown = _fact(error.payment_method, _PAYMENT_METHOD)
    return _instrument(shown.card) if shown and shown.card else None


def _instrument(facts: CardFacts, network_transaction_id: str | None = None) -> CardInstrument | None:
    instrument = CardInstrument(
        brand=_fact(facts.brand, _WORD),
        last4=_fact(facts.last4, _LAST4),
        expiry_month=_fact(facts.exp_month, _MONTH),
        expiry_year=_fact(facts.exp_year, _YEAR),
        country=_fact(facts.country, _COUNTRY),
        funding=_fact(facts.funding, _WORD),
        fingerprint=_name(facts.fingerprint),
        network_transaction_id=network_transaction_id,
    )
    return None if instrument == _NOTHING_KNOWN else instrument


def _name(raw: msgspec.Raw) -> str | None:
    """A word of the PSP or the network; None for one that could be taken for a card number."""
    name = _fact(raw, _NAME)
    return name if name is None or without_card_numbers(name) == name else None


_NOTHING_KNOWN: Final = CardInstrument()


def _fact(raw: msgspec.Raw, decoder: msgspec.json.Decoder[T]) -> T | None:
    """The fact; None for null, and for what has not the documented shape."""
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
