"""What a merchant sends to have a card kept, and what may be wrong with it. Pure."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from fincore.cardedge.card_fields import ExpiryMonth, ExpiryYear, Holder, Number, holder_flaw
from fincore.domain.raw_card import RawCard, card_flaw
from fincore.domain.secret import MASK, Secret
from fincore.write.payments.flaw import Flaw
from fincore.write.raw_cards.number_hmac import NumberHmac

CARD: Final = "card"
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


class CardToKeep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A card by its number, without its security code: that is never kept."""

    number: Number
    expiry_month: ExpiryMonth
    expiry_year: ExpiryYear
    holder: Holder | None = None

    def __repr__(self) -> str:
        """Nothing of the card."""
        return f"CardToKeep({MASK!r})"


class KeepCardRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The card to keep."""

    card: Annotated[CardToKeep, Meta(description="The card, without its security code.")]


def checked_card(request: KeepCardRequest, now: datetime) -> RawCard | Flaw:
    """The card of a request, or the first thing that is wrong with it."""
    sent = request.card
    card = RawCard(
        number=Secret(sent.number),
        expiry_month=sent.expiry_month,
        expiry_year=sent.expiry_year,
        cvc=None,
        holder=None if sent.holder is None else Secret(sent.holder),
    )
    flaw = card_flaw(card, now)
    if flaw is not None:
        return Flaw(code="field_invalid", param=f"{CARD}.{flaw.field}", detail=flaw.detail)
    return holder_flaw(sent.holder, f"{CARD}.holder") or card


def fingerprints_of(method: str, path: str, card: RawCard, hmac: NumberHmac) -> tuple[bytes, ...]:
    """What two requests with one key must have in common: expiry, holder, and the number as an HMAC. The present one comes first.

    A second one is what the request was known by under the HMAC key before, while there is one.
    """
    holder = None if card.holder is None else card.holder.reveal()

    def fingerprint(number_hmac: str) -> bytes:
        facts = _ENCODER.encode([number_hmac, card.expiry_month, card.expiry_year, holder])
        return sha256(b"%s %s\n%s" % (method.encode(), path.encode(), facts)).digest()

    made = (hmac.of(card.number), hmac.before_of(card.number))
    return tuple(fingerprint(one) for one in made if one is not None)
