"""What PSPs told of the card behind a token when it paid before or was declined: facts for rules about the next charge. Pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, timedelta
from hashlib import blake2b
from typing import Final, NamedTuple, Protocol

from fincore.domain.events import ChargeCreated, ChargeEvent, ChargeRerouted
from fincore.domain.ids import MerchantId
from fincore.domain.payment_method import CardInstrument, name_of
from fincore.domain.recorded_event import RecordedEvent

KEPT_FOR: Final = timedelta(days=400)
"""How long the facts of a token are kept after a PSP told any of them: a yearly payment finds them."""

_NAME_BYTES: Final = 16


class CardTold(NamedTuple):
    """The facts that the event with a version told of the card behind a token, and the day on which they lapse.

    `instrument` is the hash that stands for the token.
    """

    version: int
    instrument: bytes
    card: CardInstrument
    lapses_on: date

    def after(self, before: "CardTold | None") -> "CardTold":
        """The same with the facts that it lacks, as they were told of the card before."""
        if before is None:
            return self
        return self._replace(
            card=completed(self.card, before.card), lapses_on=max(self.lapses_on, before.lapses_on)
        )


class EarlierCards(Protocol):
    """What PSPs told of cards before."""

    async def find(self, instrument: bytes) -> CardInstrument | None:
        """The facts of the card behind a token, by the hash of it; None where no PSP told any. Raises `StoreUnavailable`."""
        ...


def instrument_of(name: str, *, merchant_id: MerchantId, livemode: bool) -> bytes:
    """What stands for the name of a payment method: a hash that is other for each merchant and mode, 16 bytes."""
    text = f"{merchant_id}\0{livemode:d}\0instrument\0{name}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_NAME_BYTES).digest()


def card_told(event: ChargeEvent) -> CardInstrument | None:
    """The facts of a card that an event tells and rules may read; None where it tells none."""
    instrument = getattr(event, "instrument", None)
    if not isinstance(instrument, CardInstrument):
        return None
    card = completed(instrument, None)
    return None if card == CardInstrument() else card


def cards_told(stream: Sequence[RecordedEvent[ChargeEvent]]) -> Iterator[CardTold]:
    """What the events of a charge, from the first one on, tell of the cards behind its tokens.

    An event tells of the payment method that the charge had then: at another account the charge is paid by another token.
    """
    created = stream[0].event
    if not isinstance(created, ChargeCreated):
        raise TypeError("the first event of a charge is charge.created")
    name = name_of(created.payment_method)
    for recorded in stream:
        if isinstance(recorded.event, ChargeRerouted):
            name = name_of(recorded.event.payment_method)
        card = card_told(recorded.event)
        if card is not None and name:
            instrument = instrument_of(name, merchant_id=created.merchant_id, livemode=created.livemode)
            lapses_on = (recorded.recorded_at.astimezone(UTC) + KEPT_FOR).date()
            yield CardTold(recorded.version, instrument, card, lapses_on)


def completed(card: CardInstrument | None, earlier: CardInstrument | None) -> CardInstrument:
    """The facts of a card, and where it lacks one, what was told of it earlier."""
    first, then = card or CardInstrument(), earlier or CardInstrument()
    return CardInstrument(
        brand=first.brand or then.brand,
        country=first.country or then.country,
        funding=first.funding or then.funding,
        fingerprint=first.fingerprint or then.fingerprint,
    )
