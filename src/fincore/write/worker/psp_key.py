"""The idempotency key under which a PSP is called."""

from datetime import timedelta
from typing import Final, Literal

from fincore.domain.ids import ChargeId

Operation = Literal["authorize"]

KEY_SAFE_FOR: Final = timedelta(hours=23)
"""How long after a charge was created its key may still be used. Stripe keeps keys for at least 24 h; a call repeated
after that could be carried out a second time."""


def psp_key(charge_id: ChargeId, operation: Operation, *, attempt: int) -> str:
    """Derived, never drawn: whoever repeats an operation after a crash repeats its key and gets the same answer.

    `attempt` grows only where a PSP is to carry the operation out anew. At most 64 characters, printable ASCII.
    """
    return f"{charge_id}:{operation}:{attempt}"
