"""A line of a settlement file: one movement of the balance that a PSP or a bank holds for us, in one shape for all. Pure."""

from datetime import datetime
from typing import Final

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.settlement_events import LineKind

REFERENCE_CHARACTERS_MAX: Final = 255
"""The most characters that an id at a PSP or a bank may have."""


class SettlementLine(msgspec.Struct, frozen=True, gc=False):
    """One line. A million of them are made in seconds, so that each is small, flat and outside the garbage collector."""

    number: int
    """Of the line in the file, from 1, as an editor shows it; of the first one where a record takes several."""
    kind: LineKind
    psp_type: str
    """The PSP's own word: PayPal's event code, Stripe's reporting category, a bank's code."""
    psp_reference: str
    """The line's own id: PayPal's transaction id, Stripe's balance transaction, the bank's entry."""
    references: tuple[str, ...]
    """What the line is about in the PSP's words, the best first: source, capture, payment intent, charge, order."""
    parent_reference: str | None
    """The payment, refund or chargeback that a refund, a dispute or a fee is about."""
    our_reference: str | None
    """The id of ours, `ch_...` or `re_...`, that we sent with the payment or the refund; None for any other text."""
    currency: Currency
    gross_minor: int
    """Signed, from our side: what comes to us is positive."""
    fee_minor: int
    """Signed, from our side: what the PSP takes is negative. The balance moves by the sum of the two."""
    occurred_at: datetime
    """When the PSP says that it moved the balance, by UTC."""
    payout_reference: str | None
    """The payout that carries the line to our bank, where the file says it."""
    bank_reference: str | None
    """What the bank's statement has for the same money, where the file says it."""
    presentment: Money | None
    """What the customer paid or got back, where it was in another currency: signed as the gross amount is."""
    group: str | None
    """The same for all lines of one conversion; where its lines name each other, each has the `psp_reference` of the other one."""

    @property
    def net_minor(self) -> int:
        """By how much the line moves the balance."""
        return self.gross_minor + self.fee_minor
