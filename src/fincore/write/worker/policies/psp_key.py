"""The idempotency key under which a PSP is called."""

from datetime import timedelta
from typing import Final

from fincore.domain.events import Operation
from fincore.domain.ids import ChargeId, RefundId

KEY_SAFE_FOR: Final = timedelta(hours=23)
"""How long after an operation was asked for its key may still be used. Stripe keeps keys for at least 24 h; a call
repeated after that could be carried out a second time."""


def psp_key(charge_id: ChargeId, operation: Operation, *, number: int, without_receipt: bool = False) -> str:
    """Derived, never drawn: a worker that repeats an operation after a crash repeats its key and gets the same answer.

    `number` counts the operations of this kind on the charge: a merchant that asks anew, after one failed, is a new
    call. So is the call that leaves the receipt out: the PSP may keep its refusal under the key of the first. At most 64
    characters, printable ASCII.
    """
    return f"{charge_id}:{operation}:{number}{':no_receipt' if without_receipt else ''}"


def refund_key(refund_id: RefundId) -> str:
    """A refund is called for once: to try again is to make a new refund."""
    return f"{refund_id}:refund"
