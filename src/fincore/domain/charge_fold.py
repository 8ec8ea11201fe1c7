"""What each event does to a charge: `evolve` (event -> charge), and the fold of a whole stream. Pure."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, get_args

import msgspec

from fincore.domain.attempt import evolve_attempt
from fincore.domain.charge import TERMINAL, TRANSITIONS, Charge
from fincore.domain.charge_changes import (
    Change,
    CourseEvent,
    OperationEvent,
    PaymentEvent,
    ReportEvent,
    RiskEvent,
    course_change,
    operation_change,
    payment_change,
    risk_change,
)
from fincore.domain.dispute import evolve_dispute
from fincore.domain.errors import EventImpossible
from fincore.domain.events import (
    AttemptEvent,
    ChargeCorrected,
    ChargeCreated,
    ChargeEvent,
    DisputeEvent,
    FeeReturned,
    FeeTakenAgain,
    FraudWarningEvent,
    OutcomeDecided,
    RefundEvent,
    event_type,
)
from fincore.domain.fee_fields import ReturnedFee
from fincore.domain.fraud_warning import evolve_fraud_warnings
from fincore.domain.held_report import evolve_held_reports
from fincore.domain.money import Money
from fincore.domain.operation import PendingOperation
from fincore.domain.refund import evolve_refund, with_fee_taken_again


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


def _after_payment(charge: Charge, event: PaymentEvent) -> Charge:
    return _moved(charge, event, payment_change(charge, event))


def _after_operation(charge: Charge, event: OperationEvent) -> Charge:
    return _moved(charge, event, operation_change(charge, event))


def _after_course(charge: Charge, event: CourseEvent) -> Charge:
    return _moved(charge, event, course_change(charge, event))


def _after_risk(charge: Charge, event: RiskEvent) -> Charge:
    return _moved(charge, event, risk_change(charge, event))


def _moved(charge: Charge, event: ChargeEvent, changes: Change) -> Charge:
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


def _after_fraud_warning(charge: Charge, event: FraudWarningEvent) -> Charge:
    fraud_warnings = evolve_fraud_warnings(charge.fraud_warnings, event)
    return msgspec.structs.replace(charge, version=charge.version + 1, fraud_warnings=fraud_warnings)


def _after_attempt(charge: Charge, event: AttemptEvent) -> Charge:
    attempts = {attempt.number: attempt for attempt in charge.abandoned_attempts}
    attempts[event.attempt] = evolve_attempt(attempts[event.attempt], event)
    return msgspec.structs.replace(
        charge, version=charge.version + 1, abandoned_attempts=tuple(attempts.values())
    )


def _after_returned_fee(charge: Charge, event: FeeReturned) -> Charge:
    fee = Money(event.fee_minor, event.currency)
    if event.refund_id is None:
        returned = (*charge.returned_fees, ReturnedFee(event.psp_reference, fee))
        return msgspec.structs.replace(charge, version=charge.version + 1, returned_fees=returned)
    refunds = {refund.refund_id: refund for refund in charge.refunds}
    refunds[event.refund_id] = msgspec.structs.replace(refunds[event.refund_id], fee=fee)
    return msgspec.structs.replace(charge, version=charge.version + 1, refunds=tuple(refunds.values()))


def _after_fee_taken_again(charge: Charge, event: FeeTakenAgain) -> Charge:
    refunds = {refund.refund_id: refund for refund in charge.refunds}
    refunds[event.refund_id] = with_fee_taken_again(
        refunds[event.refund_id], Money(event.fee_minor, event.currency)
    )
    return msgspec.structs.replace(charge, version=charge.version + 1, refunds=tuple(refunds.values()))


def _after_report(charge: Charge, event: ReportEvent) -> Charge:
    held_reports = evolve_held_reports(charge.held_reports, event)
    return msgspec.structs.replace(charge, version=charge.version + 1, held_reports=held_reports)


def _after_decision(charge: Charge, _: OutcomeDecided) -> Charge:
    return msgspec.structs.replace(charge, version=charge.version + 1)


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
        **dict.fromkeys(get_args(PaymentEvent), _after_payment),
        **dict.fromkeys(get_args(OperationEvent), _after_operation),
        **dict.fromkeys(get_args(CourseEvent), _after_course),
        **dict.fromkeys(get_args(RiskEvent), _after_risk),
        **dict.fromkeys(get_args(RefundEvent), _after_refund),
        **dict.fromkeys(get_args(DisputeEvent), _after_dispute),
        **dict.fromkeys(get_args(FraudWarningEvent), _after_fraud_warning),
        **dict.fromkeys(get_args(AttemptEvent), _after_attempt),
        **dict.fromkeys(get_args(ReportEvent), _after_report),
        OutcomeDecided: _after_decision,
        FeeReturned: _after_returned_fee,
        FeeTakenAgain: _after_fee_taken_again,
        ChargeCorrected: _corrected,
    }
)
"""Every event but the first -> what it does to a charge. Found by its type: each reader of the log takes this step for each event."""
