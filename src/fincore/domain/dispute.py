"""What a dispute may do: its states, its transition table, and the money that moved by it. It lives in its charge's stream."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, assert_never

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.events import (
    DisputeClosed,
    DisputeEvent,
    DisputeFundsHeld,
    DisputeFundsReinstated,
    DisputeFundsReleased,
    DisputeFundsWithdrawn,
    DisputeLost,
    DisputeOpened,
    DisputeUpdated,
    DisputeWon,
    EventType,
    event_type,
)
from fincore.domain.ids import DisputeId
from fincore.domain.outcome import DisputeCategory, DisputeMovements, DisputeStatus, PspReference

_OPEN: Final[tuple[DisputeStatus, ...]] = ("needs_response", "under_review")
_ENDED: Final[tuple[DisputeStatus, ...]] = ("won", "lost", "closed")

DISPUTE_TRANSITIONS: Final[Mapping[tuple[DisputeStatus, EventType], DisputeStatus | None]] = MappingProxyType(
    {
        **{(status, "dispute.updated"): None for status in _OPEN},
        **{(status, "dispute.funds_withdrawn"): None for status in (*_OPEN, *_ENDED)},
        **{(status, "dispute.funds_reinstated"): None for status in (*_OPEN, *_ENDED)},
        **{(status, "dispute.funds_held"): None for status in (*_OPEN, *_ENDED)},
        **{(status, "dispute.funds_released"): None for status in (*_OPEN, *_ENDED)},
        **{(status, "dispute.won"): "won" for status in (*_OPEN, "lost")},
        **{(status, "dispute.lost"): "lost" for status in (*_OPEN, "won")},
        **{(status, "dispute.closed"): "closed" for status in _OPEN},
        ("closed", "dispute.updated"): None,
    }
)
"""(state, event) -> next state; None: the state the event itself names, or the same one where only money moved.

Money moves apart from the bank's decision: funds can be reinstated in a dispute that is not won. A decision can be turned
by an appeal, and a closed inquiry can come back as a chargeback.
"""


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """One dispute as its events tell it. `movements` has one item per currency of payout, in the order of their firsts."""

    dispute_id: DisputeId
    psp_reference: PspReference
    status: DisputeStatus
    is_inquiry: bool
    amount_minor: int
    currency: Currency
    reason: str
    evidence_due_by: datetime | None
    opened_at: datetime
    updated_at: datetime
    movements: tuple[DisputeMovements, ...] = ()
    category: DisputeCategory | None = None

    @property
    def bars_refunds(self) -> bool:
        """Whether the PSP would refuse to refund the charge: it could lose the same money twice."""
        if any(
            moved.withdrawn_minor > moved.reinstated_minor or moved.held_minor > moved.released_minor
            for moved in self.movements
        ):
            return True
        return self.status in _OPEN and not self.is_inquiry

    def moved_in(self, currency: Currency) -> DisputeMovements:
        """What has moved in one currency; nothing where it is not among the movements."""
        found = (moved for moved in self.movements if moved.currency == currency)
        return next(found, DisputeMovements(currency=currency))


def evolve_dispute(dispute: Dispute | None, event: DisputeEvent) -> Dispute:
    """The dispute after an event; raise `KeyError` for a pair that the table does not hold."""
    if isinstance(event, DisputeOpened):
        if dispute is not None:
            raise KeyError((dispute.status, "dispute.opened"))
        return Dispute(
            dispute_id=event.dispute_id,
            psp_reference=event.psp_reference,
            status=event.status,
            is_inquiry=event.is_inquiry,
            amount_minor=event.amount_minor,
            currency=event.currency,
            reason=event.reason,
            category=event.category,
            evidence_due_by=event.evidence_due_by,
            opened_at=event.occurred_at,
            updated_at=event.occurred_at,
        )
    if dispute is None:
        raise KeyError((None, event_type(event)))
    status = DISPUTE_TRANSITIONS[dispute.status, event_type(event)] or dispute.status
    match event:
        case DisputeUpdated():
            return msgspec.structs.replace(
                dispute,
                status=event.status,
                is_inquiry=event.is_inquiry,
                evidence_due_by=event.evidence_due_by,
                updated_at=_later(dispute, event.occurred_at),
            )
        case DisputeFundsWithdrawn() | DisputeFundsReinstated() | DisputeFundsHeld() | DisputeFundsReleased():
            return _moved(dispute, event)
        case DisputeWon() | DisputeLost() | DisputeClosed():
            return msgspec.structs.replace(
                dispute, status=status, updated_at=_later(dispute, event.occurred_at)
            )
        case _:
            assert_never(event)


def _later(dispute: Dispute, moment: datetime) -> datetime:
    # Reports may come in any order, and each bears the time of what it reports.
    return max(dispute.updated_at, moment)


def _moved(
    dispute: Dispute,
    event: DisputeFundsWithdrawn | DisputeFundsReinstated | DisputeFundsHeld | DisputeFundsReleased,
) -> Dispute:
    before = dispute.moved_in(event.currency)
    match event:
        case DisputeFundsWithdrawn():
            after = msgspec.structs.replace(
                before,
                withdrawn_minor=before.withdrawn_minor + event.amount_minor,
                withdrawn_fee_minor=before.withdrawn_fee_minor + event.fee_minor,
            )
        case DisputeFundsReinstated():
            after = msgspec.structs.replace(
                before,
                reinstated_minor=before.reinstated_minor + event.amount_minor,
                reinstated_fee_minor=before.reinstated_fee_minor + event.fee_minor,
            )
        case DisputeFundsHeld():
            after = msgspec.structs.replace(before, held_minor=before.held_minor + event.amount_minor)
        case DisputeFundsReleased():
            after = msgspec.structs.replace(before, released_minor=before.released_minor + event.amount_minor)
        case _:
            assert_never(event)
    by_currency = {moved.currency: moved for moved in dispute.movements} | {event.currency: after}
    return msgspec.structs.replace(dispute, movements=tuple(by_currency.values()))
