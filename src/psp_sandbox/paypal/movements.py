"""What a change of a payment moved of its account's balance, as rows of PayPal's reports. Pure."""

from collections.abc import Callable, Iterator

from psp_sandbox.paypal.records import Capture, Dispute, Order, Refund
from psp_sandbox.paypal.transaction_rows import Row, of_capture, of_movement, of_refund
from psp_sandbox.paypal.wire import RECEIVABLE

GENERAL_REVERSAL = "T1100"
"""The code of a refund that came back."""

NewId = Callable[[], str]


def of_captures(before: Capture | None, after: Capture, order: Order | None) -> Iterator[Row]:
    """A payment, at the moment in which its money is there."""
    if after.status in RECEIVABLE and (before is None or before.status not in RECEIVABLE):
        yield of_capture(after, order)


def of_refunds(before: Refund | None, after: Refund, order: Order | None, new_id: NewId) -> Iterator[Row]:
    """Money that was sent back; and a refund that had left the balance and came back to it."""
    left = before is not None and before.status == "COMPLETED"
    if after.status == "COMPLETED" and not left:
        yield of_refund(after, order)
    if after.status == "FAILED" and left:
        yield Row(
            id=new_id(),
            code=GENERAL_REVERSAL,
            status="S",
            affects_balance=True,
            currency=after.amount.currency,
            minor=after.amount.minor,
            at=after.updated_at,
            updated_at=after.updated_at,
            fee_minor=-after.fee_minor,
            reference=(after.id, "TXN"),
            custom_id=after.custom_id,
            invoice_id=after.invoice_id,
            payer=None if order is None else order.payer,
        )


def of_disputes(before: Dispute | None, after: Dispute, first: Capture | None) -> Iterator[Row]:
    """What a dispute moved since its last snapshot, in order."""
    known = 0 if before is None else len(before.movements)
    for movement in after.movements[known:]:
        row = of_movement(after, movement, first)
        if row is not None:
            yield row
