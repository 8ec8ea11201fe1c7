"""What a charge asks of its PSP, and what the PSP's answer means for it. No call raises."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Final, assert_never

from fincore.domain.charge import Charge
from fincore.domain.clock import Clock
from fincore.domain.ids import ChargeId, RefundId
from fincore.domain.money import Money
from fincore.domain.operation import PendingOperation
from fincore.domain.outcome import (
    Approved,
    DisputeReport,
    KnownOutcome,
    OperationOutcome,
    Outcome,
    PspAccount,
    PspReference,
    RefundOutcome,
    RefundReport,
    Rejected,
    Retryable,
    Unknown,
)
from fincore.domain.payment_method import CardToken, initiator_of
from fincore.domain.refund import Refund
from fincore.domain.refund_outcomes import refund_mismatch
from fincore.domain.report_mismatch import other_payment_named, payment_mismatch
from fincore.domain.return_page import pages_of
from fincore.domain.risk_review import capture_method_at_psp
from fincore.write.psp.port import (
    AuthorizeRequest,
    CancelRequest,
    CaptureRequest,
    CompleteRequest,
    DisputeInquiry,
    Inquiry,
    NotFound,
    PspGateway,
    ReceiptRefused,
    RefundInquiry,
    RefundRequest,
)
from fincore.write.worker.plumbing.believed_times import believed
from fincore.write.worker.plumbing.timed_call import called
from fincore.write.worker.policies.psp_key import psp_key, refund_key, reversal_key

_RAISED: Final = "the gateway failed unexpectedly; the log has the error"


async def operate(
    gateway: PspGateway,
    charge_id: ChargeId,
    charge: Charge,
    operation: PendingOperation,
    clock: Clock,
    *,
    token: CardToken | None = None,
) -> OperationOutcome | ReceiptRefused:
    """Carry out a charge's pending operation, or repeat it: the request is a function of the charge, its key included.

    `token` is that of the charge's kept card, the same for each call of an attempt.
    """
    since = clock.now()
    match operation.kind:
        case "authorize":
            authorization = _authorization(charge_id, charge, operation, token)
            asked: Money | None = authorization.money
            call: Awaitable[OperationOutcome | ReceiptRefused] = gateway.authorize(authorization)
        case "complete":
            completion = _completion(charge_id, charge, operation)
            asked, call = completion.money, gateway.complete(completion)
        case "capture":
            capture = _capture(charge_id, charge, operation)
            asked, call = capture.money, gateway.capture(capture)
        case "cancel":
            asked, call = None, gateway.cancel(_cancellation(charge_id, charge, operation))
        case _:
            assert_never(operation.kind)
    outcome = await called(gateway.name, operation.kind, call)
    if outcome is None:
        return Unknown(reason=_RAISED, since=since)
    if isinstance(outcome, Rejected | Retryable | Unknown | ReceiptRefused):
        return outcome
    if isinstance(outcome, Approved) and asked is not None and outcome.money != asked:
        # The PSP's own record of the payment shows whether that is true.
        return Unknown(reason=f"the PSP was asked for {asked} and answers {outcome.money}", since=since)
    return _of_charge(charge, outcome, since)


async def release(
    gateway: PspGateway, charge_id: ChargeId, charge: Charge, attempt: int, clock: Clock
) -> OperationOutcome:
    """Release what an abandoned attempt holds, or repeat that; `charge` is as that attempt's PSP knows it."""
    since = clock.now()
    request = CancelRequest(
        charge_id=charge_id,
        idempotency_key=reversal_key(charge_id, attempt),
        psp_account=charge.psp_account,
        psp_reference=_reference(charge),
        reason="duplicate",
        authorization=charge.latest("authorization"),
    )
    outcome = await called(gateway.name, "cancel", gateway.cancel(request))
    if outcome is None:
        return Unknown(reason=_RAISED, since=since)
    if isinstance(outcome, Rejected | Retryable | Unknown):
        return outcome
    return _of_charge(charge, outcome, since, may_be_part=True)


async def refund(
    gateway: PspGateway, charge_id: ChargeId, charge: Charge, asked: Refund, clock: Clock
) -> RefundOutcome:
    """Carry out a refund, or repeat it: the request is a function of the refund, its key included."""
    since = clock.now()
    request = RefundRequest(
        charge_id=charge_id,
        refund_id=asked.refund_id,
        idempotency_key=refund_key(asked.refund_id),
        psp_account=charge.psp_account,
        psp_reference=_reference(charge),
        money=Money(asked.amount_minor, charge.amount.currency),
        reason=asked.reason,
        capture=charge.latest("capture"),
    )
    outcome = await called(gateway.name, "refund", gateway.refund(request))
    if outcome is None:
        return Unknown(reason=_RAISED, since=since)
    return (
        _of_refund(charge, asked.refund_id, outcome, since) if isinstance(outcome, RefundReport) else outcome
    )


async def inquire(
    gateway: PspGateway,
    charge_id: ChargeId,
    charge: Charge,
    clock: Clock,
    *,
    reported_reference: PspReference | None = None,
    may_be_part: bool = False,
) -> Outcome | NotFound:
    """Ask the PSP for its record of the charge; `reported_reference` is a payment that a report said to be the charge's.

    `may_be_part`: any part of the amount is believed, because it is to go back.
    """
    since = clock.now()
    inquiry = Inquiry(
        charge_id=charge_id,
        psp_account=charge.psp_account,
        created_at=charge.created_at,
        psp_reference=charge.psp_reference,
        reported_reference=reported_reference,
        payment_method=charge.payment_method,
        may_be_completed=charge.pending_until is not None
        or (charge.operation is not None and charge.operation.kind == "complete"),
    )
    record = await called(gateway.name, "inquire", gateway.inquire(inquiry))
    if record is None:
        return Retryable(reason=_RAISED)
    if isinstance(record, NotFound | Retryable | Unknown):
        return record
    return _of_charge(charge, record, since, may_be_part=may_be_part)


async def inquire_refund(
    gateway: PspGateway,
    charge: Charge,
    refund_id: RefundId | None,
    psp_reference: PspReference | None,
    clock: Clock,
) -> RefundReport | NotFound | Retryable | Unknown:
    """Ask the PSP for its record of a refund, by its reference where that is known."""
    since = clock.now()
    inquiry = RefundInquiry(
        refund_id=refund_id,
        psp_account=charge.psp_account,
        payment_reference=_reference(charge),
        psp_reference=psp_reference,
        capture=charge.latest("capture"),
    )
    record = await called(gateway.name, "inquire_refund", gateway.inquire_refund(inquiry))
    if record is None:
        return Retryable(reason=_RAISED)
    return _of_refund(charge, refund_id, record, since) if isinstance(record, RefundReport) else record


async def inquire_dispute(
    gateway: PspGateway, charge: Charge, psp_reference: PspReference, clock: Clock
) -> DisputeReport | NotFound | Retryable | Unknown:
    """Ask the PSP for its record of a dispute of the charge."""
    since = clock.now()
    dispute = charge.dispute_called(psp_reference)
    inquiry = DisputeInquiry(
        psp_account=charge.psp_account,
        payment_reference=_reference(charge),
        psp_reference=psp_reference,
        capture=charge.latest("capture"),
        known=dispute.movements if dispute else (),
    )
    record = await called(gateway.name, "inquire_dispute", gateway.inquire_dispute(inquiry))
    if record is None:
        return Retryable(reason=_RAISED)
    return believed(record, charge, since) if isinstance(record, DisputeReport) else record


async def charge_of(
    gateway: PspGateway, psp_account: PspAccount, payment_reference: PspReference
) -> ChargeId | NotFound | Retryable:
    """Ask the PSP which charge of ours a payment is."""
    record = await called(gateway.name, "charge_of", gateway.charge_of(psp_account, payment_reference))
    return Retryable(reason=_RAISED) if record is None else record


def _of_charge(
    charge: Charge, outcome: KnownOutcome, since: datetime, *, may_be_part: bool = False
) -> KnownOutcome | Unknown:
    """The outcome; unknown where it cannot be about the charge."""
    mismatch = other_payment_named if may_be_part else payment_mismatch
    if (refusal := mismatch(charge, outcome)) is None:
        return believed(outcome, charge, since)
    return Unknown(reason=f"the PSP's response makes no sense: {refusal.detail}", since=since)


def _of_refund(
    charge: Charge, refund_id: RefundId | None, report: RefundReport, since: datetime
) -> RefundReport | Unknown:
    refusal = refund_mismatch(charge, refund_id, report)
    if refusal is None:
        return believed(report, charge, since)
    return Unknown(reason=f"the PSP's response makes no sense: {refusal.detail}", since=since)


def _authorization(
    charge_id: ChargeId, charge: Charge, operation: PendingOperation, token: CardToken | None
) -> AuthorizeRequest:
    without_receipt = operation.without_receipt is True
    initiator = initiator_of(charge.payment_method)
    pages = pages_of(
        charge.payment_method,
        charge.return_page,
        return_url=charge.return_url,
        cancel_url=charge.cancel_url,
    )
    return AuthorizeRequest(
        charge_id=charge_id,
        idempotency_key=psp_key(
            charge_id, "authorize", number=operation.number, without_receipt=without_receipt
        ),
        psp_account=charge.psp_account,
        money=charge.amount,
        capture_method=capture_method_at_psp(charge),
        payment_method=token or charge.payment_method,
        description=charge.description,
        customer_email=None if without_receipt else charge.customer_email,
        return_url=None if initiator == "merchant" else pages.return_url,
        cancel_url=pages.cancel_url,
        initiator=initiator,
        challenge=charge.is_challenged,
    )


def _completion(charge_id: ChargeId, charge: Charge, operation: PendingOperation) -> CompleteRequest:
    return CompleteRequest(
        charge_id=charge_id,
        idempotency_key=psp_key(charge_id, "complete", number=operation.number),
        psp_account=charge.psp_account,
        psp_reference=_reference(charge),
        money=charge.amount,
        capture_method=capture_method_at_psp(charge),
    )


def _capture(charge_id: ChargeId, charge: Charge, operation: PendingOperation) -> CaptureRequest:
    amount_minor = charge.authorized_minor if operation.amount_minor is None else operation.amount_minor
    return CaptureRequest(
        charge_id=charge_id,
        idempotency_key=psp_key(charge_id, "capture", number=operation.number),
        psp_account=charge.psp_account,
        psp_reference=_reference(charge),
        money=Money(amount_minor, charge.amount.currency),
        authorization=charge.latest("authorization"),
        held_since=charge.authorized_at,
    )


def _cancellation(charge_id: ChargeId, charge: Charge, operation: PendingOperation) -> CancelRequest:
    return CancelRequest(
        charge_id=charge_id,
        idempotency_key=psp_key(charge_id, "cancel", number=operation.number),
        psp_account=charge.psp_account,
        psp_reference=_reference(charge),
        reason=operation.cancel_reason or "requested_by_customer",
        authorization=charge.latest("authorization"),
    )


def _reference(charge: Charge) -> PspReference:
    """The payment at the PSP: a charge that got so far that it can be captured, canceled or refunded has one."""
    if charge.psp_reference is None:
        raise ValueError("a charge without a payment at the PSP cannot be operated on")
    return charge.psp_reference
