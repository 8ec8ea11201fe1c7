"""Whether the kept cards that a charge names can be charged, as far as the vault shows without a key."""

from typing import NamedTuple, Protocol

from fincore.domain.ids import CardId, MerchantId
from fincore.domain.payment_method import KeptCard
from fincore.domain.route_plan import PaymentMethodChoice
from fincore.write.payments.acceptance import ChargeCommand
from fincore.write.payments.charge_request import method_param
from fincore.write.payments.idempotent_requests import Refused
from fincore.write.vault.kept_cards import KeptCardFacts


class FindsKeptCards(Protocol):
    """Finds what may be shown of kept cards."""

    async def find(self, merchant_id: MerchantId, card_id: CardId, *, livemode: bool) -> KeptCardFacts | None:
        """A card of a merchant, deleted or not."""
        ...


class TellsEnabled(Protocol):
    """Tells which merchants may send card numbers: only cards of those are charged."""

    async def includes(self, merchant_id: MerchantId, *, livemode: bool) -> bool:
        """Whether a merchant may, in a mode."""
        ...


class KeptCardLookup(NamedTuple):
    """What tells whether a kept card can be charged."""

    cards: FindsKeptCards
    enabled: TellsEnabled


async def kept_card_refusal(
    lookup: KeptCardLookup | None, command: ChargeCommand, offered: tuple[PaymentMethodChoice, ...]
) -> Refused | None:
    """Why a kept card among what a request offers cannot be charged; None where each can, or there is none.

    A card of another merchant, or of the other mode, is unknown. `lookup` is None where nothing could charge one.
    """
    for place, choice in enumerate(offered):
        card = choice.payment_method
        if not isinstance(card, KeptCard):
            continue
        param = f"{method_param(command.request, place)}.card"
        if lookup is None:
            return Refused("vault_not_configured", param=param)
        found = await lookup.cards.find(command.merchant_id, card.card_id, livemode=command.livemode)
        if found is None:
            return Refused("card_not_found", param=param)
        if found.deleted_at is not None:
            return Refused("card_deleted", param=param)
        if not await lookup.enabled.includes(command.merchant_id, livemode=command.livemode):
            return Refused("raw_cards_not_enabled", param=param)
    return None
