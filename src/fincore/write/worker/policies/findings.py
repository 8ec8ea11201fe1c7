"""What an inquiry shows of an operation: an outcome, or a doubt for the janitor to decide on. Pure."""

from datetime import datetime

from fincore.domain.events import Operation
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Declined,
    Failure,
    KnownOutcome,
    Outcome,
    Rejected,
    Retryable,
    Unknown,
)
from fincore.write.psp.port import NotFound
from fincore.write.worker.policies.janitor import Doubt


def finding_on(operation: Operation, answer: Outcome | NotFound) -> KnownOutcome | Doubt:
    """What the PSP's record says of an operation: a fact that settles it, or what is still in doubt."""
    match answer:
        case NotFound():
            if operation == "authorize":
                return Doubt(kind="not_done", reason="the PSP does not show such a payment yet")
            return Doubt(kind="undecided", reason="the PSP does not show the payment that it showed before")
        case Retryable():
            return Doubt(kind="could_not_ask", reason=answer.reason)
        case Unknown():
            return Doubt(kind="undecided", reason=answer.reason)
        case Approved(kind="authorized") | ActionRequired() if operation != "authorize":
            return Doubt(kind="not_done", reason=f"the PSP's record shows no {operation} yet")
        case _:
            return answer


def never_happened(operation: Operation, now: datetime) -> Declined | Rejected:
    """The end of an operation that the PSP never carried out."""
    failure = Failure(
        code="psp_unavailable",
        message="The payment service provider could not be reached; no money moved.",
        advice="retry_later",
    )
    if operation == "authorize":
        return Declined(failure=failure, occurred_at=now)
    return Rejected(failure=failure, occurred_at=now)
