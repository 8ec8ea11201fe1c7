"""What the simulated Stripe does by itself, some time after the request it follows from."""

from collections.abc import Callable

from psp_sandbox.agenda import Due
from psp_sandbox.ids import new_id
from psp_sandbox.stripe import refund_machine
from psp_sandbox.stripe.store import Caller, Store
from psp_sandbox.stripe.wire import EventRequest

NOBODY = EventRequest(id=None, idempotency_key=None)
"""The request of an event that no request made happen."""


def perform(store: Store, due: Due) -> None:
    """Do one thing of the agenda. Raises KeyError: nobody knows this kind."""
    PERFORMED[due.kind](store, due)


def settle_refund(store: Store, due: Due) -> None:
    """A pending refund succeeds; one that had succeeded fails."""
    refund = store.refunds.get(due.account, due.object_id)
    if refund is None:
        return
    charge = store.charge(due.account, refund.charge)
    caller = Caller(account=due.account, livemode=charge.livemode, request=NOBODY)
    if refund.status == "pending":
        store.follow(caller, refund_machine.succeed(refund))
    elif refund.status == "succeeded":
        failed = refund_machine.fail(
            refund,
            charge,
            reason="expired_or_canceled_card",
            movement_id=new_id("txn"),
            now=store.now(),
        )
        store.follow(caller, failed)


PERFORMED: dict[str, Callable[[Store, Due], None]] = {"settle_refund": settle_refund}
"""What each kind of thing in the agenda does."""
