"""A card of the vault as the card of a charge: opened only once the charge has a plan, with a record of it for each attempt."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import structlog

from fincore.domain.ids import CardId, ChargeId, MerchantId
from fincore.domain.payment_method import CardInstrument
from fincore.domain.raw_card import RawCard
from fincore.domain.route_plan import PlannedAttempt
from fincore.write.payments.idempotent_requests import Refused
from fincore.write.vault.accesses import Accesses
from fincore.write.vault.card_cipher import CardCipher
from fincore.write.vault.kept_cards import KeptCards
from fincore.write.vault.kept_rows import KeptRows, facts_flaw
from fincore.write.vault.sealed_card import CardUnreadable, Flaw

_PARAM: Final = "payment_method.card"
_log = structlog.get_logger(__name__)


class VaultReading(NamedTuple):
    """What opening a kept card takes."""

    cards: KeptCards
    rows: KeptRows
    accesses: Accesses
    cipher: CardCipher


class KeptCardSource:
    """A `CardSource` for a card that a merchant keeps in a mode."""

    def __init__(
        self, reading: VaultReading, card_id: CardId, merchant_id: MerchantId, *, livemode: bool
    ) -> None:
        self._vault = reading
        self._card_id = card_id
        self._merchant_id = merchant_id
        self._livemode = livemode

    async def instrument(self) -> CardInstrument | Refused:
        """What the vault shows of the card. `card_not_found` for a card of others, too."""
        card = await self._vault.cards.find(self._merchant_id, self._card_id, livemode=self._livemode)
        if card is None:
            return Refused("card_not_found", param=_PARAM)
        if card.deleted_at is not None:
            return Refused("card_deleted", param=_PARAM)
        return CardInstrument(
            brand=card.brand,
            last4=card.last4,
            expiry_month=card.expiry_month,
            expiry_year=card.expiry_year,
        )

    async def open(self, charge_id: ChargeId, attempts: Sequence[PlannedAttempt]) -> RawCard | Refused:
        """The card without a security code; `card_unreadable` where it is not what was kept, which is logged with the reason."""
        await self._vault.accesses.charged(self._card_id, charge_id, attempts)
        row = await self._vault.rows.find(self._card_id)
        if row is None:
            return Refused("card_deleted", param=_PARAM)
        try:
            card = self._vault.cipher.open(row.sealed, row.identity)
        except CardUnreadable as error:
            return self._unreadable(error.flaw)
        flaw = facts_flaw(row, card)
        return card if flaw is None else self._unreadable(flaw)

    def _unreadable(self, flaw: Flaw) -> Refused:
        _log.error("vault.card_unreadable", card_id=self._card_id, flaw=flaw)
        return Refused("card_unreadable", param=_PARAM)
