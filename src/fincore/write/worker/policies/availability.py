"""What the outcome of a call says about the account that was called, for its breaker. Pure."""

from fincore.domain.events import Operation
from fincore.domain.outcome import OperationOutcome, Retryable, Unknown
from fincore.write.psp.port import ReceiptRefused
from fincore.write.routing.breaker import Availability


def availability_of(operation: Operation, outcome: OperationOutcome | ReceiptRefused) -> Availability | None:
    """Whether the account could be used; None where the outcome does not tell.

    A decline is an answer. After the authorization a `Retryable` may be about the payment alone, as where its customer's approval
    has not arrived everywhere at the PSP.
    """
    if isinstance(outcome, Unknown):
        return "unavailable"
    if isinstance(outcome, Retryable):
        return "unavailable" if operation == "authorize" else None
    return "available"
