"""The port through which a worker gets tokens of kept cards."""

from typing import Protocol

import msgspec

from fincore.domain.ids import ChargeId
from fincore.domain.outcome import Failure, Retryable
from fincore.domain.payment_method import CardToken


class CardRefused(msgspec.Struct, frozen=True):
    """The card cannot be charged: the PSP refused it while it was made into a token, or it is not in the vault any more."""

    failure: Failure


class CardEdgeAway(msgspec.Struct, frozen=True):
    """The card edge gave no answer that counts, so nothing was charged. Another account would fare the same."""

    reason: str


class CardTokens(Protocol):
    """Gets tokens."""

    async def token(
        self, charge_id: ChargeId, attempt: int
    ) -> CardToken | CardRefused | Retryable | CardEdgeAway:
        """A token of the card of a charge at the account of its attempt: the same one each time it is asked for.

        Retryable: the account at the PSP could not be used. It raises for nothing that the card edge, the PSP or the network does.
        """
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


class NoCardEdge:
    """A `CardTokens` where no card edge is configured."""

    async def token(self, _charge_id: ChargeId, _attempt: int) -> CardEdgeAway:
        """None."""
        return CardEdgeAway(
            "this worker knows no card edge: set FINCORE_CARD_EDGE_URL and FINCORE_CARD_EDGE_TOKEN_SECRET"
        )

    async def close(self) -> None:
        """Nothing is open."""
