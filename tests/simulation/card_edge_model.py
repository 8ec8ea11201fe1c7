"""The card edge, as the API and the workers meet it: cards that are kept until they are deleted, and tokens of them."""

from datetime import datetime, timedelta
from typing import Final

from fincore.domain.charge_fold import fold
from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import CardId, ChargeId, MerchantId, stream_of
from fincore.domain.outcome import Retryable
from fincore.domain.payment_method import CardToken, KeptCard
from fincore.eventstore.log import EventLog
from fincore.write.card_tokens.port import CardEdgeAway, CardRefused
from fincore.write.vault.kept_cards import KeptCardFacts
from fixtures.card_tokens import ACCOUNT_AWAY, AWAY, DELETED
from simulation.errands import gate

_CARD: Final = "card_"


def card_of(token: str) -> CardId:
    """The kept card that becomes this token at each account."""
    return CardId(f"{_CARD}{token}")


class CardEdgeModel:
    """A `CardTokens`, a `FindsKeptCards`, a `TellsEnabled`. Every card that is asked for is kept, unless it was deleted."""

    def __init__(self, log: EventLog[ChargeEvent], clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._away_until: datetime | None = None
        self._deleted_at: datetime | None = None
        self.accounts_away = 0
        """For so many calls the account at the PSP makes no token."""

    def goes_away(self, seconds: float) -> None:
        self._away_until = self._clock.now() + timedelta(seconds=seconds)

    def comes_back(self) -> None:
        self._away_until, self.accounts_away = None, 0

    def deletes_all(self) -> None:
        self._deleted_at = self._clock.now()

    async def token(
        self, charge_id: ChargeId, _attempt: int
    ) -> CardToken | CardRefused | Retryable | CardEdgeAway:
        await gate("card token")
        charge = fold(recorded.event for recorded in await self._log.load(stream_of(charge_id)))
        assert charge is not None
        assert isinstance(charge.payment_method, KeptCard)
        if self._away_until is not None and self._clock.now() < self._away_until:
            return AWAY
        if self.accounts_away:
            self.accounts_away -= 1
            return ACCOUNT_AWAY
        if self._deleted_at is not None:
            return DELETED
        await gate("card token answered")
        return CardToken(charge.payment_method.card_id.removeprefix(_CARD))

    async def close(self) -> None:
        """Nothing is open."""

    async def find(self, _merchant_id: MerchantId, card_id: CardId, *, livemode: bool) -> KeptCardFacts:
        """Every card is kept."""
        return KeptCardFacts(
            card_id=card_id,
            livemode=livemode,
            brand="visa",
            first6="424242",
            last4="4242",
            expiry_month=12,
            expiry_year=2034,
            kept_at=self._clock.now(),
        )

    async def includes(self, _merchant_id: MerchantId, *, livemode: bool) -> bool:
        """Every merchant may, in both modes."""
        del livemode
        return True
