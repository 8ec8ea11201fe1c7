"""The port for PSPs that make a token of a card without taking money. A PSP without such a call has no tokeniser."""

from typing import Protocol

from fincore.domain.outcome import Declined, PspAccount, PspName, Retryable, Unknown
from fincore.domain.payment_method import CardToken
from fincore.domain.raw_card import RawCard


class CardTokeniser(Protocol):
    """Makes tokens of cards at the accounts of one PSP."""

    name: PspName

    async def tokenise(
        self, psp_account: PspAccount, card: RawCard, *, idempotency_key: str | None = None
    ) -> CardToken | Declined | Retryable | Unknown:
        """A token that one account makes of a card. The number and the security code go into this one call, and nowhere else.

        With an `idempotency_key`, the same card gets the same token for as long as the PSP keeps keys.

        Declined: the PSP refused the card. Retryable and Unknown: there is no token, and repeating the call does no harm. It
        raises for nothing that the PSP or the network does.
        """
        ...

    async def close(self) -> None:
        """Close connections."""
        ...
