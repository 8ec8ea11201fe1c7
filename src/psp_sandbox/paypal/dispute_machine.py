"""The dispute's machine: from one snapshot to the next, with the money it moves. Pure.

stage: INQUIRY -> CHARGEBACK -> PRE_ARBITRATION -> ARBITRATION
status: WAITING_FOR_SELLER_RESPONSE -> UNDER_REVIEW -> RESOLVED; arbitration opens it again

An INTERNAL dispute puts the money aside, and takes it when the buyer wins. An EXTERNAL one, a chargeback of the card's bank,
takes it at once, and gives it back when the merchant wins.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from psp_sandbox.paypal.change import Change, Effect, EventType, NewEvent
from psp_sandbox.paypal.records import (
    Amount,
    Capture,
    Dispute,
    DisputeOutcome,
    DisputeReason,
    DisputeStage,
    Movement,
    MovementKind,
)

RESPONSE_SECONDS = 10 * 24 * 3_600
"""How long the merchant has to respond; silence means that the buyer is right."""
FEE_MINOR = 1_500
"""PayPal's price of a dispute that the merchant loses, or of a chargeback: 15.00, or 1500 where there are no decimals."""

NewId = Callable[[], str]


class ImpossibleStep(Exception):
    """The dispute cannot take this step from where it is; the message says why."""


class Objection(msgspec.Struct, frozen=True, kw_only=True):
    """What a buyer objects to. `holds`: whether PayPal puts the money of an inquiry aside."""

    dispute_id: str
    captures: tuple[Capture, ...]
    minor: int
    reason: DisputeReason
    stage: DisputeStage
    holds: bool


def opened(objection: Objection, *, now: int, new_id: NewId) -> Change:
    """A buyer objects: to PayPal (an inquiry), or to the card's bank (a chargeback)."""
    captures = objection.captures
    external = objection.stage != "INQUIRY"
    dispute = Dispute(
        id=objection.dispute_id,
        account=captures[0].account,
        capture_ids=tuple(capture.id for capture in captures),
        reason=objection.reason,
        stage=objection.stage,
        channel="EXTERNAL" if external else "INTERNAL",
        status="WAITING_FOR_SELLER_RESPONSE",
        amount=Amount(captures[0].amount.currency, objection.minor),
        created_at=now,
        updated_at=now,
        due_at=now + RESPONSE_SECONDS,
    )
    if external:
        dispute = _with(dispute, "settlement", objection.minor, now, new_id)
        dispute = _with(dispute, "fee", FEE_MINOR, now, new_id)
    elif objection.holds:
        dispute = _with(dispute, "hold", objection.minor, now, new_id)
    # PayPal shows a disputed capture as partially refunded, though nothing was refunded.
    shown = tuple(
        replace(capture, status="PARTIALLY_REFUNDED", updated_at=now)
        for capture in captures
        if capture.status == "COMPLETED"
    )
    return _told("CUSTOMER.DISPUTE.CREATED", dispute, shown)


def escalated(dispute: Dispute, _captures: tuple[Capture, ...], *, now: int, new_id: NewId) -> Change:
    """An inquiry becomes a claim that PayPal decides; the money is put aside if it was not."""
    if dispute.stage != "INQUIRY" or dispute.status == "RESOLVED":
        raise ImpossibleStep(
            f"{dispute.id} is {dispute.status} at {dispute.stage}; only an open INQUIRY escalates"
        )
    after = replace(
        dispute,
        stage="CHARGEBACK",
        status="WAITING_FOR_SELLER_RESPONSE",
        due_at=now + RESPONSE_SECONDS,
        updated_at=now,
    )
    missing = dispute.amount.minor - dispute.held_minor
    return _told("CUSTOMER.DISPUTE.UPDATED", _with(after, "hold", missing, now, new_id) if missing else after)


def answered(dispute: Dispute, evidences: tuple[dict[str, object], ...], *, now: int) -> Change:
    """The merchant shows evidence."""
    if dispute.status != "WAITING_FOR_SELLER_RESPONSE":
        raise ImpossibleStep(f"{dispute.id} is {dispute.status}; it does not wait for the merchant")
    after = replace(
        dispute,
        status="UNDER_REVIEW",
        due_at=None,
        updated_at=now,
        evidences=(*dispute.evidences, *evidences),
    )
    return _told("CUSTOMER.DISPUTE.UPDATED", after)


def released(dispute: Dispute, _captures: tuple[Capture, ...], *, now: int, new_id: NewId) -> Change:
    """PayPal gives what it put aside free before the dispute is decided."""
    if not dispute.held_minor:
        raise ImpossibleStep(f"{dispute.id} holds no money")
    return _told("CUSTOMER.DISPUTE.UPDATED", _with(dispute, "release", dispute.held_minor, now, new_id))


def resolved(
    outcome: DisputeOutcome, dispute: Dispute, captures: tuple[Capture, ...], *, now: int, new_id: NewId
) -> Change:
    """The dispute is over. What was put aside is free, or is taken; what was taken is given back, or stays taken."""
    if dispute.status == "RESOLVED":
        raise ImpossibleStep(f"{dispute.id} is resolved already")
    after = replace(dispute, status="RESOLVED", outcome=outcome, due_at=None, updated_at=now)
    if dispute.held_minor:
        after = _with(after, "release", dispute.held_minor, now, new_id)
    if outcome == "RESOLVED_BUYER_FAVOUR":
        if not dispute.taken_minor:
            after = _with(after, "settlement", dispute.amount.minor, now, new_id)
            after = _with(after, "fee", FEE_MINOR, now, new_id)
        return _told("CUSTOMER.DISPUTE.RESOLVED", after)
    if dispute.taken_minor:
        after = _with(after, "reversal", dispute.taken_minor, now, new_id)
    if outcome == "RESOLVED_WITH_PAYOUT":
        after = _with(after, "payout", dispute.amount.minor, now, new_id)
    free = tuple(
        replace(capture, status="COMPLETED", updated_at=now)
        for capture in captures
        if capture.status == "PARTIALLY_REFUNDED" and not capture.refunded_minor
    )
    return _told("CUSTOMER.DISPUTE.RESOLVED", after, free)


def arbitrated(
    stage: DisputeStage, dispute: Dispute, _captures: tuple[Capture, ...], *, now: int, new_id: NewId
) -> Change:
    """The card's bank disputes once more: what the merchant got back is taken again."""
    before = {"PRE_ARBITRATION": "CHARGEBACK", "ARBITRATION": "PRE_ARBITRATION"}.get(stage)
    if dispute.channel != "EXTERNAL" or dispute.stage != before:
        raise ImpossibleStep(
            f"{dispute.id} is {dispute.channel} at {dispute.stage}; {stage} follows {before}"
        )
    after = replace(dispute, stage=stage, status="UNDER_REVIEW", outcome=None, due_at=None, updated_at=now)
    if not dispute.taken_minor:
        after = _with(after, "settlement", dispute.amount.minor, now, new_id)
    return _told("CUSTOMER.DISPUTE.UPDATED", after)


OUTCOMES: Mapping[str, DisputeOutcome] = MappingProxyType(
    {
        "win": "RESOLVED_SELLER_FAVOUR",
        "lose": "RESOLVED_BUYER_FAVOUR",
        "payout": "RESOLVED_WITH_PAYOUT",
        "cancel": "CANCELED_BY_BUYER",
    }
)
"""Step -> how it ends the dispute, seen from the merchant."""
STAGES: Mapping[str, DisputeStage] = MappingProxyType(
    {"pre_arbitration": "PRE_ARBITRATION", "arbitration": "ARBITRATION"}
)
STEPS = ("escalate", "release", *OUTCOMES, *STAGES)


def take(step: str, dispute: Dispute, captures: tuple[Capture, ...], *, now: int, new_id: NewId) -> Change:
    """One of STEPS. Raises ImpossibleStep."""
    if step in OUTCOMES:
        return resolved(OUTCOMES[step], dispute, captures, now=now, new_id=new_id)
    if step in STAGES:
        return arbitrated(STAGES[step], dispute, captures, now=now, new_id=new_id)
    move = escalated if step == "escalate" else released
    return move(dispute, captures, now=now, new_id=new_id)


def _with(dispute: Dispute, kind: MovementKind, minor: int, now: int, new_id: NewId) -> Dispute:
    movement = Movement(id=new_id(), kind=kind, minor=minor, at=now)
    return replace(dispute, movements=(*dispute.movements, movement), updated_at=now)


def _told(event: EventType, dispute: Dispute, captures: tuple[Capture, ...] = ()) -> Change:
    effects = () if dispute.due_at is None else (Effect("paypal.lapse_dispute", dispute.id, dispute.due_at),)
    return Change(records=(dispute, *captures), events=(NewEvent(event, dispute.id),), effects=effects)
