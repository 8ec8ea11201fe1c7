"""The idempotency key under which a PSP is called."""

from fincore.domain.events import Operation
from fincore.domain.ids import ChargeId, RefundId


def psp_key(charge_id: ChargeId, operation: Operation, *, number: int, without_receipt: bool = False) -> str:
    """Derived, never drawn: a worker that repeats an operation after a crash repeats its key and gets the same response.

    `number` counts the operations of this kind on the charge, over all its attempts: a merchant's new request, after one failed,
    is a new call, and so is the authorization of the next attempt. So is the call that leaves the receipt out: the PSP may keep its refusal under the key of the first. At most 64 characters,
    printable ASCII.
    """
    return f"{charge_id}:{operation}:{number}{':no_receipt' if without_receipt else ''}"


def refund_key(refund_id: RefundId) -> str:
    """One key a refund: to try again is to make a new refund."""
    return f"{refund_id}:refund"


def reversal_key(charge_id: ChargeId, attempt: int) -> str:
    """The key under which what an abandoned attempt holds is released; a refund of what it took has that refund's."""
    return f"{charge_id}:release:{attempt}"
