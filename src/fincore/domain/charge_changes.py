"""The fields of a charge that each event sets, besides its status: one function for each kind of event. Pure."""

from typing import Final, assert_never

import msgspec

from fincore.domain.attempt import (
    abandoned,
)
from fincore.domain.charge import (
    Charge,
)
from fincore.domain.events import (
    CancelFailed,
    CancelRequested,
    CaptureFailed,
    CaptureRequested,
    ChargeActionRequired,
    ChargeAuthorized,
    ChargeCanceled,
    ChargeCaptured,
    ChargeExpired,
    ChargeFailed,
    ChargeOutcomeUnknown,
    ChargePending,
    ChargeRerouted,
    CustomerApproved,
    FeeAssessed,
    InstrumentTold,
    Operation,
    ReceiptOmitted,
    ReportHeld,
    ReportReleased,
    ReviewDecided,
    ReviewOpened,
    RiskAssessed,
    event_type,
)
from fincore.domain.fee_fields import (
    fee_of,
)
from fincore.domain.money import (
    Money,
)
from fincore.domain.operation import (
    OperationFailure,
    PendingOperation,
)
from fincore.domain.outcome import (
    Failure,
)
from fincore.domain.payment_references import (
    with_parts,
)
from fincore.domain.risk_review import (
    review_status,
)

OperationEvent = (
    ChargeOutcomeUnknown | ReceiptOmitted | CaptureRequested | CaptureFailed | CancelRequested | CancelFailed
)
CourseEvent = CustomerApproved | ChargePending | ChargeRerouted
RiskEvent = RiskAssessed | ReviewOpened | ReviewDecided
ReportEvent = ReportHeld | ReportReleased
PaymentEvent = (
    ChargeAuthorized
    | ChargeCaptured
    | ChargeFailed
    | ChargeActionRequired
    | ChargeCanceled
    | ChargeExpired
    | FeeAssessed
    | InstrumentTold
)
Change = dict[str, object]
_NOTHING_PENDING: Final[Change] = {"operation": None, "unknown_since": None, "pending_until": None}


def payment_change(charge: Charge, event: PaymentEvent) -> Change:
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
                "psp_risk": event.psp_risk or charge.psp_risk,
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
                "psp_risk": event.psp_risk or charge.psp_risk,
                "fee": fee_of(event),
                "operation_failure": None,
            }
        case ChargeFailed():
            return {
                **_NOTHING_PENDING,
                "failure": _failure(event),
                "psp_reference": event.psp_reference or charge.psp_reference,
                "instrument": event.instrument or charge.instrument,
                "psp_risk": event.psp_risk or charge.psp_risk,
            }
        case ChargeActionRequired():
            # A cancellation asked for while the customer was at the bank goes on.
            is_canceling = charge.operation is not None and charge.operation.kind == "cancel"
            return {
                **({} if is_canceling else _NOTHING_PENDING),
                "psp_reference": event.psp_reference,
                "redirect_url": event.redirect_url,
                "actions_required": charge.actions_required + 1,
                "approved_at": None if event.is_approval_over else charge.approved_at,
            }
        case ChargeCanceled():
            return {**_NOTHING_PENDING, "psp_reference": event.psp_reference}
        case ChargeExpired():
            return {**_NOTHING_PENDING, "psp_reference": event.psp_reference or charge.psp_reference}
        case FeeAssessed():
            return {"fee": Money(event.fee_minor, event.currency)}
        case InstrumentTold():
            return {
                "instrument": event.instrument or charge.instrument,
                "psp_risk": event.psp_risk or charge.psp_risk,
            }
        case _:
            assert_never(event)


def operation_change(charge: Charge, event: OperationEvent) -> Change:
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


def course_change(charge: Charge, event: CourseEvent) -> Change:
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
                "psp_risk": None,
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


def risk_change(charge: Charge, event: RiskEvent) -> Change:
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


def _failure(event: ChargeFailed | CaptureFailed | CancelFailed) -> Failure:
    return Failure(
        code=event.code, message=event.message, advice=event.advice, decline_code=event.decline_code
    )


def _operation_failure(operation: Operation, event: CaptureFailed | CancelFailed) -> OperationFailure:
    return OperationFailure(operation=operation, failure=_failure(event), occurred_at=event.occurred_at)
