"""What moves behind the merchant's back, on demand: Stripe's part of the sandbox's own API under /sandbox/."""

from collections.abc import Callable

import msgspec

from psp_sandbox.ids import new_id
from psp_sandbox.messages import Answer, Request
from psp_sandbox.stripe import machine, refund_machine
from psp_sandbox.stripe.aftermath import NOBODY
from psp_sandbox.stripe.refund_machine import FailureReason
from psp_sandbox.stripe.store import Caller, Store
from psp_sandbox.stripe.wire_refunds import Refund

Operation = Callable[[Store, Request, str], Answer]


class Misdirected(Exception):
    """The order cannot be carried out; the message says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class RefundFailure(msgspec.Struct, forbid_unknown_fields=True):
    """POST /sandbox/refunds/{id}/fail."""

    reason: FailureReason = "expired_or_canceled_card"


def expire_intent(store: Store, _request: Request, intent_id: str) -> Answer:
    """An authorization's seven days are over, now."""
    account = store.intents.account_of(intent_id)
    intent = None if account is None else store.intents.get(account, intent_id)
    if account is None or intent is None:
        raise Misdirected(404, f"no payment intent {intent_id}")
    if intent.status not in machine.CAPTURABLE:
        raise Misdirected(409, f"{intent_id} is {intent.status}; only requires_capture can expire")
    charge = store.charges_of(account, intent_id)[0]
    caller = Caller(account=account, livemode=intent.livemode, request=NOBODY)
    return Answer(payload=store.apply(caller, machine.expire(intent, charge, now=store.now())))


def succeed_refund(store: Store, _request: Request, refund_id: str) -> Answer:
    """A pending refund reaches the card, now."""
    caller, refund = _refund(store, refund_id, refund_machine.PENDING)
    done = refund_machine.succeed(refund)
    store.follow(caller, done)
    return Answer(payload=done.refund)


def fail_refund(store: Store, request: Request, refund_id: str) -> Answer:
    """A refund comes back, now, whatever its card says of it."""
    order = msgspec.json.decode(request.body or b"{}", type=RefundFailure)
    caller, refund = _refund(store, refund_id, refund_machine.CAN_FAIL)
    charge = store.charge(caller.account, refund.charge)
    failed = refund_machine.fail(
        refund, charge, reason=order.reason, movement_id=new_id("txn"), now=store.now()
    )
    store.follow(caller, failed)
    return Answer(payload=failed.refund)


def _refund(store: Store, refund_id: str, possible: frozenset[str]) -> tuple[Caller, Refund]:
    account = store.refunds.account_of(refund_id)
    refund = None if account is None else store.refunds.get(account, refund_id)
    if account is None or refund is None:
        raise Misdirected(404, f"no refund {refund_id}")
    if refund.status not in possible:
        raise Misdirected(409, f"{refund_id} is {refund.status}; it would have to be {' or '.join(possible)}")
    livemode = store.charge(account, refund.charge).livemode
    return Caller(account=account, livemode=livemode, request=NOBODY), refund


OPERATIONS: dict[tuple[str, str], Operation] = {
    ("POST", "payment_intents/expire"): expire_intent,
    ("POST", "refunds/fail"): fail_refund,
    ("POST", "refunds/succeed"): succeed_refund,
}
"""Method and path below /sandbox/, without the id in the middle."""
