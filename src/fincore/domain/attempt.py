"""What an abandoned attempt may do: its states and the transition table. It lives in the stream of its charge.

A charge goes to one account at a time. An attempt is abandoned only when it is known not to have happened; if the PSP shows
money of it all the same, that money goes back.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, assert_never

import msgspec

from fincore.domain.events import (
    AttemptAuthorized,
    AttemptCaptured,
    AttemptEvent,
    AttemptFeeAssessed,
    AttemptFeeReturned,
    AttemptReleased,
    AttemptReversalFailed,
    AttemptReversed,
    ChargeRerouted,
    EventType,
    event_type,
)
from fincore.domain.fee_fields import fee_of
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference, SubReference
from fincore.domain.payment_method import PaymentMethod
from fincore.domain.payment_references import names_of, with_parts

AttemptStatus = Literal["abandoned", "captured", "authorized", "reversed", "released", "reversal_failed"]

ATTEMPT_TRANSITIONS: Final[Mapping[tuple[AttemptStatus, EventType], AttemptStatus]] = MappingProxyType(
    {
        ("abandoned", "charge.attempt_authorized"): "authorized",
        ("abandoned", "charge.attempt_captured"): "captured",
        ("abandoned", "charge.attempt_released"): "released",
        ("authorized", "charge.attempt_captured"): "captured",
        ("authorized", "charge.attempt_released"): "released",
        ("authorized", "charge.attempt_reversal_failed"): "reversal_failed",
        ("captured", "charge.attempt_fee_assessed"): "captured",
        ("captured", "charge.attempt_reversed"): "reversed",
        ("captured", "charge.attempt_reversal_failed"): "reversal_failed",
        ("reversed", "charge.attempt_fee_assessed"): "reversed",
        ("reversed", "charge.attempt_fee_returned"): "reversed",
        ("reversal_failed", "charge.attempt_fee_assessed"): "reversal_failed",
        ("reversal_failed", "charge.attempt_captured"): "captured",
        ("reversal_failed", "charge.attempt_reversed"): "reversed",
        ("reversal_failed", "charge.attempt_released"): "released",
    }
)
"""(state, event) -> next state of an abandoned attempt."""


class AbandonedAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt of a charge that another one followed. `number` counts the attempts of the charge, from 1.

    `money_minor` is what it took (`is_taken`) or holds, or did before that went back, and `fee` what the PSP charged for it;
    `returned_fee` is what it gave back of that with the money, and `reversal_requested_at` when giving it back became due, by our own clock.
    """

    number: int
    status: AttemptStatus
    psp: PspName
    psp_account: PspAccount
    payment_method: PaymentMethod
    abandoned_at: datetime
    psp_reference: PspReference | None = None
    sub_references: tuple[SubReference, ...] = ()
    money_minor: int = 0
    is_taken: bool = False
    fee: Money | None = None
    returned_fee: Money | None = None
    reversal_requested_at: datetime | None = None
    failure: str | None = None

    @property
    def has_money(self) -> bool:
        """Whether money of the customer is taken or held by it, and has not gone back."""
        return self.status in ("captured", "authorized", "reversal_failed")

    def is_called(self, reference: PspReference) -> bool:
        """Whether this is what its PSP calls the attempt's payment, or a part of it."""
        return reference in names_of(self.psp_reference, self.sub_references)


def abandoned(
    event: ChargeRerouted, payment_method: PaymentMethod, psp_reference: PspReference | None
) -> AbandonedAttempt:
    """The attempt that a rerouting gave up, with the payment method that it was made with."""
    return AbandonedAttempt(
        number=event.abandoned_attempt,
        status="abandoned",
        psp=event.abandoned_psp,
        psp_account=event.abandoned_psp_account,
        payment_method=payment_method,
        abandoned_at=event.requested_at,
        psp_reference=psp_reference,
    )


def evolve_attempt(attempt: AbandonedAttempt, event: AttemptEvent) -> AbandonedAttempt:
    """The attempt after an event; raise `KeyError` for a pair that the table does not hold."""
    status = ATTEMPT_TRANSITIONS[attempt.status, event_type(event)]
    match event:
        case AttemptCaptured() | AttemptAuthorized():
            return msgspec.structs.replace(
                attempt,
                status=status,
                psp_reference=event.psp_reference,
                sub_references=with_parts(attempt.sub_references, event.sub_references),
                money_minor=event.amount_minor,
                is_taken=isinstance(event, AttemptCaptured),
                fee=(fee_of(event) or attempt.fee) if isinstance(event, AttemptCaptured) else attempt.fee,
                reversal_requested_at=event.requested_at,
                failure=None,
            )
        case AttemptFeeAssessed():
            return msgspec.structs.replace(attempt, fee=Money(event.fee_minor, event.currency))
        case AttemptFeeReturned():
            return msgspec.structs.replace(attempt, returned_fee=Money(event.fee_minor, event.currency))
        case AttemptReversed():
            return msgspec.structs.replace(attempt, status=status, failure=None, returned_fee=fee_of(event))
        case AttemptReleased():
            return msgspec.structs.replace(attempt, status=status, failure=None)
        case AttemptReversalFailed():
            return msgspec.structs.replace(attempt, status=status, failure=event.reason)
        case _:
            assert_never(event)
