"""What each event does to a charge: `evolve` (event -> charge), and the fold of a whole stream. Pure."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, assert_never, get_args

import msgspec

from fincore.domain.attempt import abandoned, evolve_attempt
from fincore.domain.charge import TERMINAL, TRANSITIONS, Charge
from fincore.domain.dispute import evolve_dispute
from fincore.domain.errors import EventImpossible
from fincore.domain.events import (
    AttemptEvent,
    CancelFailed,
    CancelRequested,
    CaptureFailed,
    CaptureRequested,
    ChargeActionRequired,
    ChargeAuthorized,
    ChargeCanceled,
    ChargeCaptured,
    ChargeCorrected,
    ChargeCreated,
    ChargeEvent,
    ChargeExpired,
    ChargeFailed,
    ChargeOutcomeUnknown,
    ChargePending,
    ChargeRerouted,
    CustomerApproved,
    DisputeEvent,
    FeeAssessed,
    InstrumentTold,
    Operation,
    OutcomeDecided,
    ReceiptOmitted,
    RefundEvent,
    ReportHeld,
    ReportReleased,
    ReviewDecided,
    ReviewOpened,
    RiskAssessed,
    event_type,
)
from fincore.domain.fee_fields import fee_of
from fincore.domain.held_report import evolve_held_reports
from fincore.domain.money import Money
from fincore.domain.operation import OperationFailure, PendingOperation
from fincore.domain.outcome import Failure
from fincore.domain.payment_references import with_parts
from fincore.domain.refund import evolve_refund
from fincore.domain.risk_review import review_status


def evolve(charge: Charge | None, event: ChargeEvent) -> Charge:
    """The charge after an event. The first event must be `charge.created`.

    Raises `KeyError` for a pair that the transition tables do not hold: the log is then not one this code wrote.
    """
    if isinstance(event, ChargeCreated):
        return _created(charge, event)
    if charge is None:
        raise KeyError((None, event_type(event)))
    return STEPS[type(event)](charge, event)


def fold(events: Iterable[ChargeEvent]) -> Charge | None:
    """The charge a whole stream tells; None for an empty stream. Raises `EventImpossible`."""
    charge: Charge | None = None
    for event in events:
        charge = after_event(charge, event)
    return charge


def after_event(charge: Charge | None, event: ChargeEvent) -> Charge:
    """The charge after an event of the log. Raises `EventImpossible` where `evolve` knows no such step."""
    try:
        return evolve(charge, event)
    except KeyError:
        raise EventImpossible(charge.version + 1 if charge else 1, event_type(event)) from None


_OperationEvent = (
    ChargeOutcomeUnknown | ReceiptOmitted | CaptureRequested | CaptureFailed | CancelRequested | CancelFailed
)
_CourseEvent = CustomerApproved | ChargePending | ChargeRerouted
_RiskEvent = RiskAssessed | ReviewOpened | ReviewDecided
_ReportEvent = ReportHeld | ReportReleased
_PaymentEvent = (
    ChargeAuthorized
    | ChargeCaptured
    | ChargeFailed
    | ChargeActionRequired
    | ChargeCanceled
    | ChargeExpired
    | FeeAssessed
    | InstrumentTold
)
_Change = dict[str, object]
_NOTHING_PENDING: Final[_Change] = {"operation": None, "unknown_since": None, "pending_until": None}


def _after_payment(charge: Charge, event: _PaymentEvent) -> Charge:
    return _moved(charge, event, _change(charge, event))


def _after_operation(charge: Charge, event: _OperationEvent) -> Charge:
    return _moved(charge, event, _operation_change(charge, event))


def _after_course(charge: Charge, event: _CourseEvent) -> Charge:
    return _moved(charge, event, _course_change(charge, event))


def _after_risk(charge: Charge, event: _RiskEvent) -> Charge:
    return _moved(charge, event, _risk_change(charge, event))


def _moved(charge: Charge, event: ChargeEvent, changes: _Change) -> Charge:
    """The charge in the state to which the table leads, with the fields that change."""
    status = TRANSITIONS[charge.status, event_type(event)]
    return msgspec.structs.replace(charge, version=charge.version + 1, status=status, **changes)


def _after_refund(charge: Charge, event: RefundEvent) -> Charge:
    refunds = {refund.refund_id: refund for refund in charge.refunds}
    refunds[event.refund_id] = evolve_refund(refunds.get(event.refund_id), event)
    return msgspec.structs.replace(charge, version=charge.version + 1, refunds=tuple(refunds.values()))


def _after_dispute(charge: Charge, event: DisputeEvent) -> Charge:
    disputes = {dispute.dispute_id: dispute for dispute in charge.disputes}
    disputes[event.dispute_id] = evolve_dispute(disputes.get(event.dispute_id), event)
    return msgspec.structs.replace(charge, version=charge.version + 1, disputes=tuple(disputes.values()))


def _after_attempt(charge: Charge, event: AttemptEvent) -> Charge:
    attempts = {attempt.number: attempt for attempt in charge.abandoned_attempts}
    attempts[event.attempt] = evolve_attempt(attempts[event.attempt], event)
    return msgspec.structs.replace(
        charge, version=charge.version + 1, abandoned_attempts=tuple(attempts.values())
    )


def _after_report(charge: Charge, event: _ReportEvent) -> Charge:
    held_reports = evolve_held_reports(charge.held_reports, event)
    return msgspec.structs.replace(charge, version=charge.version + 1, held_reports=held_reports)


def _after_decision(charge: Charge, _: OutcomeDecided) -> Charge:
    return msgspec.structs.replace(charge, version=charge.version + 1)


def _change(charge: Charge, event: _PaymentEvent) -> _Change:
    """The fields that an event about the payment sets, besides the status."""
    match event:
        case ChargeAuthorized():
            # A cancellation asked for while the customer was still at the bank goes on.
            is_canceling = charge.operation is not None and charge.operation.kind == "cancel"
            return {
                **({} if is_canceling else _NOTHING_PENDING),
                "authorized_minor": event.amount_minor,
                "authorized_at": event.occurred_at,
                "psp_reference": event.psp_reference,
                "sub_references": with_parts(charge.sub_references, event.sub_references),
                "instrument": event.instrument or charge.instrument,
                "capture_before": event.capture_before,
            }
        case ChargeCaptured():
            return {
                **_NOTHING_PENDING,
                "authorized_minor": max(charge.authorized_minor, event.amount_minor),
                "captured_minor": event.amount_minor,
                "psp_reference": event.psp_reference,
                "sub_references": with_parts(charge.sub_references, event.sub_references),
                "instrument": event.instrument or charge.instrument,
                "fee": fee_of(event),
                "operation_failure": None,
            }
        case ChargeFailed():
            return {
                **_NOTHING_PENDING,
                "failure": _failure(event),
                "psp_reference": event.psp_reference or charge.psp_reference,
                "instrument": event.instrument or charge.instrument,
            }
        case ChargeActionRequired():
            # A cancellation asked for while the customer was at the bank goes on.
            is_canceling = charge.operation is not None and charge.operation.kind == "cancel"
            return {
                **({} if is_canceling else _NOTHING_PENDING),
                "psp_reference": event.psp_reference,
                "redirect_url": event.redirect_url,
                "actions_required": charge.actions_required + 1,
            }
        case ChargeCanceled():
            return {**_NOTHING_PENDING, "psp_reference": event.psp_reference}
        case ChargeExpired():
            return {**_NOTHING_PENDING, "psp_reference": event.psp_reference or charge.psp_reference}
        case FeeAssessed():
            return {"fee": Money(event.fee_minor, event.currency)}
        case InstrumentTold():
            return {"instrument": event.instrument}
        case _:
            assert_never(event)


def _operation_change(charge: Charge, event: _OperationEvent) -> _Change:
    """The fields that an event about the pending operation sets."""
    match event:
        case ChargeOutcomeUnknown():
            return {"unknown_since": event.since}
        case ReceiptOmitted():
            if charge.operation is None:
                return {}
            return {"operation": msgspec.structs.replace(charge.operation, without_receipt=True)}
        case CaptureRequested():
            number = charge.captures_requested + 1
            operation = PendingOperation(
                kind="capture",
                number=number,
                requested_at=event.requested_at,
                amount_minor=event.amount_minor,
            )
            return {"operation": operation, "captures_requested": number, "operation_failure": None}
        case CancelRequested():
            number = charge.cancels_requested + 1
            operation = PendingOperation(
                kind="cancel", number=number, requested_at=event.requested_at, cancel_reason=event.reason
            )
            return {"operation": operation, "cancels_requested": number, "operation_failure": None}
        case CaptureFailed():
            return {**_NOTHING_PENDING, "operation_failure": _operation_failure("capture", event)}
        case CancelFailed():
            return {**_NOTHING_PENDING, "operation_failure": _operation_failure("cancel", event)}
        case _:
            assert_never(event)


def _course_change(charge: Charge, event: _CourseEvent) -> _Change:
    """The fields that an event about the course of an attempt sets, besides the status."""
    match event:
        case ChargePending():
            return {
                "unknown_since": None,
                "psp_reference": event.psp_reference,
                "sub_references": with_parts(charge.sub_references, event.sub_references),
                "pending_until": event.pending_until,
            }
        case ChargeRerouted():
            number = event.abandoned_attempt + 1
            operation = PendingOperation(kind="authorize", number=number, requested_at=event.requested_at)
            return {
                **_NOTHING_PENDING,
                "abandoned_attempts": (
                    *charge.abandoned_attempts,
                    abandoned(event, charge.payment_method, charge.psp_reference),
                ),
                "psp": event.psp,
                "psp_account": event.psp_account,
                "payment_method": event.payment_method,
                "psp_reference": None,
                "sub_references": (),
                "instrument": None,
                "operation": operation,
            }
        case CustomerApproved():
            number = charge.completions_requested + 1
            operation = PendingOperation(kind="complete", number=number, requested_at=event.requested_at)
            return {
                **_NOTHING_PENDING,
                "psp_reference": event.psp_reference,
                "instrument": event.instrument or charge.instrument,
                "operation": operation,
                "completions_requested": number,
                "approved_at": event.occurred_at,
                "redirect_url": None,
            }
        case _:
            assert_never(event)


def _risk_change(charge: Charge, event: _RiskEvent) -> _Change:
    """The fields that a decision about risk sets. There is one assessment; a review is decided while it is open, or taken."""
    if isinstance(event, RiskAssessed):
        if charge.risk is not None:
            raise KeyError((charge.status, event_type(event)))
        return {"risk": event.assessment}
    if review_status(charge) not in ("open", "captured_by_psp"):
        raise KeyError((charge.status, event_type(event)))
    if isinstance(event, ReviewOpened):
        return {"review_decide_by": event.decide_by}
    return {"review_decided": event}


def _corrected(charge: Charge, event: ChargeCorrected) -> Charge:
    if charge.status != event.status_before or charge.status not in TERMINAL:
        raise KeyError((charge.status, "charge.corrected"))
    # What is held the event does not say: all that was asked for. The PSP itself refuses to capture more.
    held_minor = charge.amount.amount_minor if event.status_after == "authorized" else 0
    return msgspec.structs.replace(
        charge,
        version=charge.version + 1,
        status=event.status_after,
        authorized_minor=max(charge.authorized_minor, event.captured_after_minor, held_minor),
        captured_minor=event.captured_after_minor,
        psp_reference=event.psp_reference,
        failure=charge.failure if event.status_after == "failed" else None,
        operation=None,
        unknown_since=None,
        pending_until=None,
    )


def _failure(event: ChargeFailed | CaptureFailed | CancelFailed) -> Failure:
    return Failure(
        code=event.code, message=event.message, advice=event.advice, decline_code=event.decline_code
    )


def _operation_failure(operation: Operation, event: CaptureFailed | CancelFailed) -> OperationFailure:
    return OperationFailure(operation=operation, failure=_failure(event), occurred_at=event.occurred_at)


def _created(charge: Charge | None, event: ChargeCreated) -> Charge:
    return Charge(
        version=1,
        merchant_id=event.merchant_id,
        livemode=event.livemode,
        status=TRANSITIONS[charge.status if charge else None, "charge.created"],
        amount=Money(event.amount_minor, event.currency),
        capture_method=event.capture_method,
        payment_method=event.payment_method,
        psp=event.psp,
        psp_account=event.psp_account,
        created_at=event.created_at,
        description=event.description,
        customer_email=event.customer_email,
        metadata=event.metadata,
        return_url=event.return_url,
        cancel_url=event.cancel_url,
        return_page=event.return_page,
        plan=event.plan,
        fee_plan=event.fee_plan,
        checkout_session_id=event.checkout_session_id,
        customer=event.customer,
        billing_country=event.billing_country,
        shipping_country=event.shipping_country,
        operation=PendingOperation(kind="authorize", number=1, requested_at=event.created_at),
    )


Step = Callable[[Charge, Any], Charge]
STEPS: Final[Mapping[type[ChargeEvent], Step]] = MappingProxyType(
    {
        **dict.fromkeys(get_args(_PaymentEvent), _after_payment),
        **dict.fromkeys(get_args(_OperationEvent), _after_operation),
        **dict.fromkeys(get_args(_CourseEvent), _after_course),
        **dict.fromkeys(get_args(_RiskEvent), _after_risk),
        **dict.fromkeys(get_args(RefundEvent), _after_refund),
        **dict.fromkeys(get_args(DisputeEvent), _after_dispute),
        **dict.fromkeys(get_args(AttemptEvent), _after_attempt),
        **dict.fromkeys(get_args(_ReportEvent), _after_report),
        OutcomeDecided: _after_decision,
        ChargeCorrected: _corrected,
    }
)
"""Every event but the first -> what it does to a charge. Found by its type: each reader of the log takes this step for each event."""
