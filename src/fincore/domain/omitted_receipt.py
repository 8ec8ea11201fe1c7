"""An authorization that goes on without the PSP's receipt, because the PSP refused the address for it. Pure."""

from datetime import datetime

from fincore.domain.charge import Charge
from fincore.domain.events import ChargeEvent, ReceiptOmitted


def omit_receipt(charge: Charge, reason: str, now: datetime) -> tuple[ChargeEvent, ...]:
    """The event that lets a pending authorization go on without the PSP's receipt; none where it does so already."""
    operation = charge.operation
    if operation is None or operation.kind != "authorize" or operation.without_receipt is True:
        return ()
    return (ReceiptOmitted(reason=reason, occurred_at=now),)
