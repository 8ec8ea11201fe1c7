"""What the simulated PayPal does by itself, some time after the request that it follows from."""

from collections.abc import Callable
from typing import cast

from psp_sandbox.ids import new_paypal_id
from psp_sandbox.paypal import dispute_machine, order_machine, payment_machine, refund_machine
from psp_sandbox.paypal.change import EffectKind
from psp_sandbox.paypal.payment_machine import DENIED_IN_THE_END
from psp_sandbox.paypal.store import Store
from psp_sandbox.scheduler import Due


def perform(store: Store, due: Due) -> None:
    """Perform one effect. Its object may be gone or have moved meanwhile: then nothing happens."""
    EFFECTS[cast("EffectKind", due.kind)](store, due)


def expire_order(store: Store, due: Due) -> None:
    """Neither payer nor merchant came in time."""
    order = store.orders.get(due.account, due.object_id)
    if order is not None and order.status != "COMPLETED":
        store.apply(order_machine.expired(order, now=store.now()))


def decide_authorization(store: Store, due: Due) -> None:
    """The review of an authorization is over."""
    hold = store.authorizations.get(due.account, due.object_id)
    if hold is not None and hold.status == "PENDING":
        denied = hold.instrument.funding in DENIED_IN_THE_END
        store.apply(payment_machine.decide_authorization(hold, denied=denied, now=store.now()))


def expire_authorization(store: Store, due: Due) -> None:
    """An authorization's 29 days are over."""
    hold = store.authorizations.get(due.account, due.object_id)
    if hold is not None and hold.status in payment_machine.OPEN:
        family = store.family_of(hold)
        store.apply(payment_machine.void(hold, family, now=store.now(), expired=True))


def decide_capture(store: Store, due: Due) -> None:
    """The money of a pending capture has come, or will not come."""
    capture = store.captures.get(due.account, due.object_id)
    if capture is not None and capture.status == "PENDING":
        denied = capture.instrument.funding in DENIED_IN_THE_END
        store.apply(payment_machine.decide_capture(capture, denied=denied, now=store.now()))


def decide_refund(store: Store, due: Due) -> None:
    """A pending refund reached the payer, or came back."""
    refund = store.refunds.get(due.account, due.object_id)
    capture = None if refund is None else store.captures.get(due.account, refund.capture_id)
    if refund is not None and capture is not None and refund.status == "PENDING":
        failed = capture.instrument.funding == "refund_fails"
        store.apply(refund_machine.decide_refund(refund, capture, failed=failed, now=store.now()))


def lapse_dispute(store: Store, due: Due) -> None:
    """The merchant did not respond in time."""
    dispute = store.disputes.get(due.account, due.object_id)
    if dispute is not None and dispute.status == "WAITING_FOR_SELLER_RESPONSE":
        lost = dispute_machine.take(
            "lose", dispute, store.captures_of(dispute), now=store.now(), new_id=new_paypal_id
        )
        store.apply(lost)


EFFECTS: dict[EffectKind, Callable[[Store, Due], None]] = {
    "paypal.decide_authorization": decide_authorization,
    "paypal.decide_capture": decide_capture,
    "paypal.decide_refund": decide_refund,
    "paypal.expire_authorization": expire_authorization,
    "paypal.expire_order": expire_order,
    "paypal.lapse_dispute": lapse_dispute,
}
"""How each kind of effect is performed."""
