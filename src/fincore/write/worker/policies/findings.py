"""What an inquiry shows of an operation: an outcome, or a doubt for the janitor to decide on. Pure."""

from datetime import datetime
from typing import assert_never

from fincore.domain.charge import Charge
from fincore.domain.events import ChargeEvent, Operation
from fincore.domain.failover import reroute
from fincore.domain.operation import PendingOperation
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Consented,
    Declined,
    Failure,
    KnownOutcome,
    Outcome,
    RefundRejected,
    RefundReport,
    Rejected,
    Retryable,
    Unknown,
)
from fincore.domain.payment_outcomes import decide_payment
from fincore.domain.refusal import Refusal
from fincore.write.psp.port import NotFound
from fincore.write.worker.policies.janitor import Doubt


def finding_on(operation: Operation, record: Outcome | NotFound) -> KnownOutcome | Doubt:
    """What the PSP's record shows of an operation: the outcome that decides it, or what is still in doubt."""
    match record:
        case NotFound():
            if operation == "authorize":
                return Doubt(kind="not_done", reason="the PSP does not show such a payment yet")
            return Doubt(kind="undecided", reason="the PSP does not show the payment that it showed before")
        case Retryable():
            return Doubt(kind="could_not_ask", reason=record.reason)
        case Unknown():
            return Doubt(kind="undecided", reason=record.reason)
        case Consented() if operation != "authorize":
            return Doubt(kind="not_done", reason=f"the PSP's record shows no {operation} yet")
        case Approved(kind="authorized") if operation in ("capture", "cancel"):
            return Doubt(kind="not_done", reason=f"the PSP's record shows no {operation} yet")
        case ActionRequired() if operation in ("capture", "cancel"):
            return Doubt(kind="not_done", reason=f"the PSP's record shows no {operation} yet")
        case _:
            return record


def refund_finding_on(record: RefundReport | NotFound | Retryable | Unknown) -> RefundReport | Doubt:
    """What the PSP's record shows of a refund: its report, or what is still in doubt."""
    match record:
        case RefundReport():
            return record
        case Retryable():
            return Doubt(kind="could_not_ask", reason=record.reason)
        case Unknown():
            return Doubt(kind="undecided", reason=record.reason)
        case NotFound():
            return Doubt(kind="not_done", reason="the PSP does not show such a refund")
        case _:
            assert_never(record)


def never_happened(operation: Operation, now: datetime) -> Declined | Rejected:
    """The outcome of an operation that the PSP never carried out."""
    failure = Failure(
        code="psp_unavailable",
        message="The payment service provider could not be reached; no money moved.",
        advice="retry_later",
    )
    if operation in ("authorize", "complete"):
        return Declined(failure=failure, occurred_at=now)
    return Rejected(failure=failure, occurred_at=now)


def decide_never_happened(
    charge: Charge, operation: PendingOperation, now: datetime
) -> tuple[ChargeEvent, ...] | Refusal:
    """The events of an operation that never happened; none once the charge's outcome is not unknown any more.

    An authorization goes on to the next account of the charge's plan, if there is one.

    That it never happened is inferred. What a webhook or a person has said meanwhile is known, and stronger.
    """
    if charge.operation != operation or charge.unknown_since is None:
        return ()
    reason = "the PSP's record does not show the payment, and cannot any more"
    rerouted = reroute(charge, operation, code="never_happened", reason=reason, now=now)
    return rerouted or decide_payment(charge, never_happened(operation.kind, now))


def refund_never_happened(now: datetime) -> RefundRejected:
    """The outcome of a refund that the PSP never carried out; one that is decided by now stays as it is."""
    return RefundRejected(
        code="psp_unavailable",
        message="The payment service provider could not be reached; nothing was refunded.",
        occurred_at=now,
    )
