"""What a refund may do: its states and the transition table. A refund lives in the stream of its charge."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, assert_never

import msgspec

from fincore.domain.events import (
    EventType,
    RefundCorrected,
    RefundEvent,
    RefundFailed,
    RefundOrigin,
    RefundOutcomeUnknown,
    RefundPending,
    RefundReason,
    RefundRequested,
    RefundSucceeded,
    event_type,
)
from fincore.domain.fee_fields import fee_of
from fincore.domain.ids import RefundId
from fincore.domain.money import Money
from fincore.domain.outcome import PspReference, RefundFailureCode

RefundStatus = Literal["processing", "pending", "succeeded", "failed"]
"""`processing`: the PSP has not confirmed it yet. `pending`: the PSP has, and will carry it out later."""

REFUND_TRANSITIONS: Final[Mapping[tuple[RefundStatus | None, EventType], RefundStatus]] = MappingProxyType(
    {
        (None, "refund.requested"): "processing",
        ("processing", "refund.outcome_unknown"): "processing",
        ("processing", "refund.pending"): "pending",
        ("processing", "refund.succeeded"): "succeeded",
        ("processing", "refund.failed"): "failed",
        ("pending", "refund.succeeded"): "succeeded",
        ("pending", "refund.failed"): "failed",
        ("succeeded", "refund.failed"): "failed",
        ("failed", "refund.corrected"): "succeeded",
    }
)
"""(state, event) -> next state. A refund that succeeded can still fail: the customer's bank may send the money back."""


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """One refund as its events tell it.

    `fee` is what the PSP gave back of its own fee with it and did not take again, `fee_taken_again` what it took when the refund failed.
    """

    refund_id: RefundId
    status: RefundStatus
    amount_minor: int
    reason: RefundReason | None
    origin: RefundOrigin
    metadata: dict[str, str]
    requested_at: datetime
    updated_at: datetime
    psp_reference: PspReference | None = None
    failure_code: RefundFailureCode | None = None
    unknown_since: datetime | None = None
    fee: Money | None = None
    fee_taken_again: Money | None = None

    @property
    def is_reserving(self) -> bool:
        """Whether its amount is gone, or may be: all but a failed one."""
        return self.status != "failed"


def evolve_refund(refund: Refund | None, event: RefundEvent) -> Refund:
    """The refund after an event; raise `KeyError` for a pair that the table does not hold."""
    status = REFUND_TRANSITIONS[refund.status if refund else None, event_type(event)]
    if isinstance(event, RefundRequested):
        return Refund(
            refund_id=event.refund_id,
            status=status,
            amount_minor=event.amount_minor,
            reason=event.reason,
            origin=event.origin,
            metadata=event.metadata,
            requested_at=event.requested_at,
            updated_at=event.requested_at,
            psp_reference=event.psp_reference,
        )
    if refund is None:
        raise KeyError((None, event_type(event)))
    match event:
        case RefundOutcomeUnknown():
            return msgspec.structs.replace(
                refund, unknown_since=event.since, updated_at=_later(refund, event.since)
            )
        case RefundPending() | RefundSucceeded() | RefundCorrected():
            return msgspec.structs.replace(
                refund,
                status=status,
                psp_reference=event.psp_reference,
                failure_code=None,
                unknown_since=None,
                fee=_fee(event) or refund.fee,
                fee_taken_again=None,
                updated_at=_later(refund, event.occurred_at),
            )
        case RefundFailed():
            return msgspec.structs.replace(
                refund,
                status=status,
                psp_reference=event.psp_reference or refund.psp_reference,
                failure_code=event.code,
                unknown_since=None,
                fee=None,
                fee_taken_again=fee_of(event),
                updated_at=_later(refund, event.occurred_at),
            )
        case _:
            assert_never(event)


def with_fee_taken_again(refund: Refund, taken: Money) -> Refund:
    """The refund after the PSP took again what it had given back of its fee, or a part of it."""
    left_minor = 0 if refund.fee is None else refund.fee.amount_minor - taken.amount_minor
    return msgspec.structs.replace(
        refund, fee=Money(left_minor, taken.currency) if left_minor else None, fee_taken_again=taken
    )


def _fee(event: RefundPending | RefundSucceeded | RefundCorrected) -> Money | None:
    return None if isinstance(event, RefundPending) else fee_of(event)


def _later(refund: Refund, moment: datetime) -> datetime:
    # The PSP tells whole seconds by a clock of its own: its word about a refund may bear a time before the request.
    return max(refund.updated_at, moment)
