"""What a charge is: its states, the transition table, and `evolve` (event -> charge).

What may be asked of one is in `requests`, what a PSP's outcome does to one in `payment_outcomes`. A terminal state is left only by
`charge.corrected`, never overwritten.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, assert_never

import msgspec

from fincore.domain.dispute import Dispute, evolve_dispute
from fincore.domain.errors import EventImpossible
from fincore.domain.events import (
    CancelFailed,
    CancelRequested,
    CaptureFailed,
    CaptureMethod,
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
    ChargeStatus,
    DisputeEvent,
    EventType,
    FeeAssessed,
    Operation,
    OutcomeDecided,
    ReceiptOmitted,
    RefundEvent,
    ReportHeld,
    ReportReleased,
    event_type,
)
from fincore.domain.fee_plan import FeePlan
from fincore.domain.held_report import HeldReports, evolve_held_reports
from fincore.domain.ids import MerchantId, RefundId
from fincore.domain.money import Money
from fincore.domain.operation import OperationFailure, PendingOperation
from fincore.domain.outcome import Failure, PspAccount, PspName, PspReference
from fincore.domain.refund import Refund, evolve_refund

TERMINAL: Final[frozenset[ChargeStatus]] = frozenset({"succeeded", "failed", "canceled", "expired"})

TRANSITIONS: Final[Mapping[tuple[ChargeStatus | None, EventType], ChargeStatus]] = MappingProxyType(
    {
        (None, "charge.created"): "processing",
        ("processing", "charge.outcome_unknown"): "processing",
        ("processing", "charge.receipt_omitted"): "processing",
        ("processing", "charge.action_required"): "requires_action",
        ("processing", "charge.authorized"): "authorized",
        ("processing", "charge.captured"): "succeeded",
        ("processing", "charge.failed"): "failed",
        ("processing", "charge.canceled"): "canceled",
        ("processing", "charge.expired"): "expired",
        ("requires_action", "charge.authorized"): "authorized",
        ("requires_action", "charge.captured"): "succeeded",
        ("requires_action", "charge.failed"): "failed",
        ("requires_action", "charge.cancel_requested"): "requires_action",
        ("requires_action", "charge.cancel_failed"): "requires_action",
        ("requires_action", "charge.outcome_unknown"): "requires_action",
        ("requires_action", "charge.canceled"): "canceled",
        ("requires_action", "charge.expired"): "expired",
        ("authorized", "charge.capture_requested"): "authorized",
        ("authorized", "charge.capture_failed"): "authorized",
        ("authorized", "charge.cancel_requested"): "authorized",
        ("authorized", "charge.cancel_failed"): "authorized",
        ("authorized", "charge.outcome_unknown"): "authorized",
        ("authorized", "charge.captured"): "succeeded",
        ("authorized", "charge.canceled"): "canceled",
        ("authorized", "charge.expired"): "expired",
        ("succeeded", "charge.fee_assessed"): "succeeded",
    }
)
"""(state, event) -> next state. A pair that is not here cannot happen.

Some events stand beside the table: `charge.corrected` leads from a terminal state to the one it names;
`charge.outcome_decided`, those of held reports, refunds and disputes leave the state as it is.
"""


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """One charge as its events tell it. `version` counts them.

    `unknown_since`: the pending operation may or may not have happened at the PSP, since then.
    """

    version: int
    merchant_id: MerchantId
    livemode: bool
    status: ChargeStatus
    amount: Money
    capture_method: CaptureMethod
    payment_method: str
    psp: PspName
    psp_account: PspAccount
    created_at: datetime
    description: str | None
    customer_email: str | None
    metadata: dict[str, str]
    return_url: str | None = None
    fee_plan: FeePlan | None = None
    authorized_minor: int = 0
    captured_minor: int = 0
    fee: Money | None = None
    psp_reference: PspReference | None = None
    capture_before: datetime | None = None
    redirect_url: str | None = None
    failure: Failure | None = None
    operation: PendingOperation | None = None
    operation_failure: OperationFailure | None = None
    captures_requested: int = 0
    cancels_requested: int = 0
    unknown_since: datetime | None = None
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    held_reports: HeldReports = ()

    @property
    def refunded_minor(self) -> int:
        """What the customer has got back."""
        return sum(refund.amount_minor for refund in self.refunds if refund.status == "succeeded")

    @property
    def refundable_minor(self) -> int:
        """What is left of what was captured, less every refund that has not failed.

        Whether a refund of it is accepted now, `requests.refund_barrier` says.
        """
        reserved = sum(refund.amount_minor for refund in self.refunds if refund.is_reserving)
        return max(self.captured_minor - reserved, 0)

    @property
    def references(self) -> frozenset[PspReference]:
        """Everything that is this charge's at the PSP: its payment, its refunds, its disputes."""
        named = (
            self.psp_reference,
            *(refund.psp_reference for refund in self.refunds),
            *(dispute.psp_reference for dispute in self.disputes),
        )
        return frozenset(reference for reference in named if reference is not None)

    def refund(self, refund_id: RefundId) -> Refund | None:
        """One of its refunds."""
        return next((refund for refund in self.refunds if refund.refund_id == refund_id), None)


def evolve(charge: Charge | None, event: ChargeEvent) -> Charge:
    """The charge after an event. The first event must be `charge.created`.

    Raises `KeyError` for a pair that the transition tables do not hold: the log is then not one this code wrote.
    """
    if isinstance(event, ChargeCreated):
        return _created(charge, event)
    if charge is None:
        raise KeyError((None, event_type(event)))
    version = charge.version + 1
    if isinstance(event, RefundEvent):
        refunds = {refund.refund_id: refund for refund in charge.refunds}
        refunds[event.refund_id] = evolve_refund(refunds.get(event.refund_id), event)
        return msgspec.structs.replace(charge, version=version, refunds=tuple(refunds.values()))
    if isinstance(event, DisputeEvent):
        disputes = {dispute.dispute_id: dispute for dispute in charge.disputes}
        disputes[event.dispute_id] = evolve_dispute(disputes.get(event.dispute_id), event)
        return msgspec.structs.replace(charge, version=version, disputes=tuple(disputes.values()))
    if isinstance(event, OutcomeDecided):
        return msgspec.structs.replace(charge, version=version)
    if isinstance(event, ReportHeld | ReportReleased):
        return msgspec.structs.replace(
            charge, version=version, held_reports=evolve_held_reports(charge.held_reports, event)
        )
    if isinstance(event, ChargeCorrected):
        return _corrected(charge, event)
    status = TRANSITIONS[charge.status, event_type(event)]
    change = (
        _operation_change(charge, event) if isinstance(event, _OperationEvent) else _change(charge, event)
    )
    return msgspec.structs.replace(charge, version=version, status=status, **change)


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
_PaymentEvent = (
    ChargeAuthorized
    | ChargeCaptured
    | ChargeFailed
    | ChargeActionRequired
    | ChargeCanceled
    | ChargeExpired
    | FeeAssessed
)
_Change = dict[str, object]
_NOTHING_PENDING: Final[_Change] = {"operation": None, "unknown_since": None}


def _change(charge: Charge, event: _PaymentEvent) -> _Change:
    """The fields that an event about the payment sets, besides the status."""
    match event:
        case ChargeAuthorized():
            # A cancellation asked for while the customer was still at the bank goes on.
            is_canceling = charge.operation is not None and charge.operation.kind == "cancel"
            return {
                **({} if is_canceling else _NOTHING_PENDING),
                "authorized_minor": event.amount_minor,
                "psp_reference": event.psp_reference,
                "capture_before": event.capture_before,
            }
        case ChargeCaptured():
            return {
                **_NOTHING_PENDING,
                "authorized_minor": max(charge.authorized_minor, event.amount_minor),
                "captured_minor": event.amount_minor,
                "psp_reference": event.psp_reference,
                "fee": Money(event.fee_minor, event.fee_currency) if event.fee_currency else None,
                "operation_failure": None,
            }
        case ChargeFailed():
            return {
                **_NOTHING_PENDING,
                "failure": _failure(event),
                "psp_reference": event.psp_reference or charge.psp_reference,
            }
        case ChargeActionRequired():
            return {
                **_NOTHING_PENDING,
                "psp_reference": event.psp_reference,
                "redirect_url": event.redirect_url,
            }
        case ChargeCanceled():
            return {**_NOTHING_PENDING, "psp_reference": event.psp_reference}
        case ChargeExpired():
            return {**_NOTHING_PENDING, "psp_reference": event.psp_reference or charge.psp_reference}
        case FeeAssessed():
            return {"fee": Money(event.fee_minor, event.currency)}
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
        fee_plan=event.fee_plan,
        operation=PendingOperation(kind="authorize", number=1, requested_at=event.created_at),
    )
