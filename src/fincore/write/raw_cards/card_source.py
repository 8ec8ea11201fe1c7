"""The port for where the card of a charge comes from: with the request, or out of the vault."""

from collections.abc import Sequence
from typing import Protocol

from fincore.domain.ids import ChargeId
from fincore.domain.payment_method import CardInstrument
from fincore.domain.raw_card import RawCard, instrument_of_card
from fincore.domain.route_plan import PlannedAttempt
from fincore.write.payments.idempotent_requests import Refused


class CardSource(Protocol):
    """Gives the card of one charge."""

    async def instrument(self) -> CardInstrument | Refused:
        """The facts of the card that may be shown; `Refused` where there is no such card to charge."""
        ...

    async def open(self, charge_id: ChargeId, attempts: Sequence[PlannedAttempt]) -> RawCard | Refused:
        """The card, for tokens at the accounts of some attempts."""
        ...


class SentCard:
    """A `CardSource`: the card that came with the request."""

    def __init__(self, card: RawCard) -> None:
        self._card = card

    async def instrument(self) -> CardInstrument:
        """As its number tells."""
        return instrument_of_card(self._card)

    async def open(self, _charge_id: ChargeId, _attempts: Sequence[PlannedAttempt]) -> RawCard:
        """The card itself."""
        return self._card
