"""The calls of PSPs that the log tells of: what was asked for, under which key of ours, and what became of it. Pure.

A PSP finds a call by that key: Stripe's log by `Idempotency-Key`, PayPal's support by `PayPal-Request-Id`. It finds one request by the
id that it gave its answer; that of an answer which led to no event, such as one to try again later, stands in FinCore's own logs alone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Literal

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import after_event
from fincore.domain.errors import EventImpossible
from fincore.domain.events import (
    AttemptAuthorized,
    AttemptCaptured,
    AttemptReleased,
    AttemptReversalFailed,
    AttemptReversed,
    ChargeEvent,
    DisputeEvent,
    EventType,
    Operation,
    RefundEvent,
    RefundRequested,
    event_type,
)
from fincore.domain.ids import ChargeId, reversal_refund_id
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.recorded_event import RecordedEvent
from fincore.write.worker.policies.psp_key import psp_key, refund_key, reversal_key

CallKind = Operation | Literal["refund", "reverse"]


class PspCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call, repeated under the same key as often as need be. `outcome` is the event that told what became of it, None until then."""

    kind: CallKind
    key: str
    psp: PspName
    psp_account: PspAccount
    requested_at: datetime
    amount_minor: int | None = None
    is_unknown: bool = False
    outcome: EventType | None = None
    outcome_at: datetime | None = None
    psp_request_ids: tuple[str, ...] = ()


def calls_of(
    charge_id: ChargeId,
    events: Sequence[RecordedEvent[ChargeEvent]],
    request_ids: Mapping[int, tuple[str, ...]] = MappingProxyType({}),
) -> list[PspCall]:
    """The calls that a charge's events tell of, in the order in which they were asked for; up to an event that cannot follow.

    `request_ids`: the PSP's ids of the answers that led to an event, by its version.
    """
    calls: dict[str, PspCall] = {}
    charge: Charge | None = None
    for recorded in events:
        before = charge
        try:
            charge = after_event(charge, recorded.event)
        except EventImpossible:
            break
        _note_operation(charge_id, before, charge, recorded, calls)
        _note_refund(charge, recorded, calls)
        _note_reversal(charge_id, charge, recorded, calls)
        key = _told_of(charge_id, before, charge, recorded.event)
        if key in calls:
            told = (*calls[key].psp_request_ids, *request_ids.get(recorded.version, ()))
            calls[key] = msgspec.structs.replace(calls[key], psp_request_ids=told)
    return list(calls.values())


def _note_operation(
    charge_id: ChargeId,
    before: Charge | None,
    after: Charge,
    recorded: RecordedEvent[ChargeEvent],
    calls: dict[str, PspCall],
) -> None:
    asked_before = before and _key_of(charge_id, before)
    asked = _key_of(charge_id, after)
    if asked_before is not None and asked_before in calls:
        call = calls[asked_before]
        if asked != asked_before:
            calls[asked_before] = msgspec.structs.replace(
                call, outcome=event_type(recorded.event), outcome_at=recorded.recorded_at, is_unknown=False
            )
        elif after.unknown_since is not None and not call.is_unknown:
            calls[asked_before] = msgspec.structs.replace(call, is_unknown=True)
    operation = after.operation
    if asked is not None and asked not in calls and operation is not None:
        calls[asked] = PspCall(
            kind=operation.kind,
            key=asked,
            psp=after.psp,
            psp_account=after.psp_account,
            requested_at=operation.requested_at,
            amount_minor=operation.amount_minor,
        )


def _key_of(charge_id: ChargeId, charge: Charge) -> str | None:
    operation = charge.operation
    if operation is None:
        return None
    without_receipt = operation.without_receipt is True
    return psp_key(charge_id, operation.kind, number=operation.number, without_receipt=without_receipt)


def _told_of(charge_id: ChargeId, before: Charge | None, after: Charge, event: ChargeEvent) -> str | None:
    """The key of the call that an event tells of; None for an event of something else."""
    if isinstance(event, RefundEvent):
        return refund_key(event.refund_id)
    if isinstance(event, AttemptReversed | AttemptReleased | AttemptReversalFailed):
        return _reversal_key_of(charge_id, after, event.attempt)
    if before is None or isinstance(event, AttemptCaptured | AttemptAuthorized | DisputeEvent):
        return None
    return _key_of(charge_id, before)


def _reversal_key_of(charge_id: ChargeId, charge: Charge, number: int) -> str:
    attempt = charge.abandoned_attempt(number)
    is_taken = attempt is not None and attempt.is_taken
    return refund_key(reversal_refund_id(charge_id, number)) if is_taken else reversal_key(charge_id, number)


def _note_refund(charge: Charge, recorded: RecordedEvent[ChargeEvent], calls: dict[str, PspCall]) -> None:
    event = recorded.event
    if not isinstance(event, RefundEvent):
        return
    key = refund_key(event.refund_id)
    if isinstance(event, RefundRequested):
        if event.origin != "psp":
            calls[key] = PspCall(
                kind="refund",
                key=key,
                psp=charge.psp,
                psp_account=charge.psp_account,
                requested_at=event.requested_at,
                amount_minor=event.amount_minor,
            )
    elif key in calls:
        refund = charge.refund(event.refund_id)
        is_unknown = refund is not None and refund.unknown_since is not None
        known = None if is_unknown else event_type(event)
        calls[key] = msgspec.structs.replace(
            calls[key],
            is_unknown=is_unknown,
            outcome=known,
            outcome_at=None if is_unknown else recorded.recorded_at,
        )


def _note_reversal(
    charge_id: ChargeId, charge: Charge, recorded: RecordedEvent[ChargeEvent], calls: dict[str, PspCall]
) -> None:
    event = recorded.event
    match event:
        case AttemptCaptured() | AttemptAuthorized():
            is_taken = isinstance(event, AttemptCaptured)
            key = (
                refund_key(reversal_refund_id(charge_id, event.attempt))
                if is_taken
                else reversal_key(charge_id, event.attempt)
            )
            calls[key] = PspCall(
                kind="reverse",
                key=key,
                psp=event.psp,
                psp_account=event.psp_account,
                requested_at=event.requested_at,
                amount_minor=event.amount_minor,
            )
        case AttemptReversed() | AttemptReleased() | AttemptReversalFailed():
            key = _reversal_key_of(charge_id, charge, event.attempt)
            if key in calls:
                calls[key] = msgspec.structs.replace(
                    calls[key], outcome=event_type(event), outcome_at=recorded.recorded_at
                )
        case _:
            return
