"""Test helpers: Stripe's part of the sandbox's own API under /sandbox/, which shows objects and moves them on demand."""

from collections.abc import Callable
from functools import partial

import msgspec

from psp_sandbox.ids import new_id
from psp_sandbox.messages import Request, Response
from psp_sandbox.misdirected import Misdirected
from psp_sandbox.stripe import (
    dispute_machine,
    machine,
    refund_machine,
    scheduled_effects,
    settlement,
    snapshot,
    warning_machine,
)
from psp_sandbox.stripe.charge_transition import DisputeTransition
from psp_sandbox.stripe.dispute_machine import DisputeFacts, ImpossibleStep
from psp_sandbox.stripe.refund_machine import FailureReason
from psp_sandbox.stripe.store import NO_REQUEST, Caller, Store
from psp_sandbox.stripe.warning_machine import WarningFacts
from psp_sandbox.stripe.wire import Charge
from psp_sandbox.stripe.wire_disputes import Dispute, DisputeReason, FraudType
from psp_sandbox.stripe.wire_refunds import Refund

Operation = Callable[[Store, Request, str], Response]
DisputeMove = Callable[[Dispute, Charge, DisputeFacts], DisputeTransition]


class RefundFailure(msgspec.Struct, forbid_unknown_fields=True):
    """POST /sandbox/refunds/{id}/fail."""

    reason: FailureReason = "expired_or_canceled_card"


class DisputeOrder(msgspec.Struct, forbid_unknown_fields=True):
    """POST /sandbox/charges/{id}/dispute. All that is left of the charge, unless an amount is given in minor units."""

    reason: DisputeReason = "fraudulent"
    amount: int | None = None
    inquiry: bool = False


class WarningOrder(msgspec.Struct, forbid_unknown_fields=True):
    """POST /sandbox/charges/{id}/warn_of_fraud."""

    fraud_type: FraudType = "made_with_stolen_card"


def expire_intent(store: Store, _request: Request, intent_id: str) -> Response:
    """An authorization's seven days are over, now."""
    account = store.intents.account_of(intent_id)
    intent = None if account is None else store.intents.get(account, intent_id)
    if account is None or intent is None:
        raise Misdirected(404, f"no payment intent {intent_id}")
    if intent.status not in machine.CAPTURABLE:
        raise Misdirected(409, f"{intent_id} is {intent.status}; only requires_capture can expire")
    charge = store.charges_of(account, intent_id)[0]
    caller = Caller(account=account, livemode=intent.livemode, request=NO_REQUEST)
    return Response(payload=store.apply(caller, machine.expire(intent, charge, now=store.now())))


def decide_intent(store: Store, _request: Request, intent_id: str) -> Response:
    """A payment that takes its time is decided, now, as the customer chose on the page."""
    account = store.intents.account_of(intent_id)
    intent = None if account is None else store.intents.get(account, intent_id)
    if account is None or intent is None:
        raise Misdirected(404, f"no payment intent {intent_id}")
    due = next((due for _, due in store.scheduler.waiting() if due.object_id == intent_id), None)
    if intent.status != "processing" or due is None:
        raise Misdirected(409, f"{intent_id} is {intent.status}; only processing waits for a decision")
    scheduled_effects.perform(store, due)
    return Response(payload=store.intents.get(account, intent_id))


def succeed_refund(store: Store, _request: Request, refund_id: str) -> Response:
    """A pending refund reaches the card, now."""
    caller, refund = _refund(store, refund_id, refund_machine.PENDING)
    done = refund_machine.succeed(refund)
    store.apply_to_charge(caller, done)
    return Response(payload=done.refund)


def fail_refund(store: Store, request: Request, refund_id: str) -> Response:
    """A refund comes back, now, even if its card does not."""
    order = msgspec.json.decode(request.body or b"{}", type=RefundFailure)
    caller, refund = _refund(store, refund_id, refund_machine.CAN_FAIL)
    charge = store.charge(caller.account, refund.charge)
    failed = refund_machine.fail(
        refund, charge, reason=order.reason, movement_id=new_id("txn"), now=store.now()
    )
    store.apply_to_charge(caller, failed)
    return Response(payload=failed.refund)


def dispute_charge(store: Store, request: Request, named: str) -> Response:
    """A cardholder objects to a charge, or to the captured charge of a payment intent."""
    order = msgspec.json.decode(request.body or b"{}", type=DisputeOrder)
    account = store.charges.account_of(named) or store.intents.account_of(named)
    if account is None:
        raise Misdirected(404, f"no charge or payment intent {named}")
    charge = store.charges.get(account, named)
    attempts = store.charges_of(account, named) if charge is None else [charge]
    charge = next((attempt for attempt in attempts if attempt.captured), None)
    disputes = [] if charge is None else store.disputes_of(account, charge.id)
    left = 0 if charge is None else dispute_machine.disputable(charge, disputes)
    if charge is None or left == 0:
        raise Misdirected(409, f"{named} has nothing to dispute: not captured, refunded, or disputed already")
    amount = left if order.amount is None else order.amount
    if not 1 <= amount <= left:
        raise Misdirected(400, f"amount must be between 1 and {left}")
    opened = dispute_machine.open_dispute(
        charge,
        dispute_id=new_id("dp"),
        amount=amount,
        reason=order.reason,
        inquiry=order.inquiry,
        facts=DisputeFacts(movement_id=new_id("txn"), now=store.now(), settles=store.settles),
    )
    store.apply_to_charge(Caller(account=account, livemode=charge.livemode, request=NO_REQUEST), opened)
    return Response(status=201, payload=opened.dispute)


def warn_of_fraud(store: Store, request: Request, named: str) -> Response:
    """The issuer warns of fraud in a charge, or in the last attempt of a payment intent, a refused one too."""
    order = msgspec.json.decode(request.body or b"{}", type=WarningOrder)
    account = store.charges.account_of(named) or store.intents.account_of(named)
    if account is None:
        raise Misdirected(404, f"no charge or payment intent {named}")
    charge = store.charges.get(account, named)
    attempts = store.charges_of(account, named) if charge is None else [charge]
    if not attempts:
        raise Misdirected(409, f"{named} has no charge yet")
    attempt = attempts[0]
    facts = WarningFacts(warning_id=new_id("issfr"), now=store.now(), fraud_type=order.fraud_type)
    warning = warning_machine.warn(attempt, store.disputes_of(account, attempt.id), facts)
    store.warn(Caller(account=account, livemode=attempt.livemode, request=NO_REQUEST), warning)
    return Response(status=201, payload=warning)


def move_dispute(move: DisputeMove) -> Operation:
    """The operation that moves a dispute in one way, now."""

    def moved(store: Store, _request: Request, dispute_id: str) -> Response:
        account = store.disputes.account_of(dispute_id)
        dispute = None if account is None else store.disputes.get(account, dispute_id)
        if account is None or dispute is None:
            raise Misdirected(404, f"no dispute {dispute_id}")
        charge = store.charge(account, dispute.charge)
        facts = DisputeFacts(movement_id=new_id("txn"), now=store.now(), settles=store.settles)
        try:
            transition = move(dispute, charge, facts)
        except ImpossibleStep as error:
            raise Misdirected(409, str(error)) from error
        store.apply_to_charge(
            Caller(account=account, livemode=charge.livemode, request=NO_REQUEST), transition
        )
        return Response(payload=transition.dispute)

    return moved


def _refund(store: Store, refund_id: str, possible: frozenset[str]) -> tuple[Caller, Refund]:
    account = store.refunds.account_of(refund_id)
    refund = None if account is None else store.refunds.get(account, refund_id)
    if account is None or refund is None:
        raise Misdirected(404, f"no refund {refund_id}")
    if refund.status not in possible:
        raise Misdirected(409, f"{refund_id} is {refund.status}; it would have to be {' or '.join(possible)}")
    livemode = store.charge(account, refund.charge).livemode
    return Caller(account=account, livemode=livemode, request=NO_REQUEST), refund


OPERATIONS: dict[tuple[str, str], Operation] = {
    ("GET", "checkout_sessions"): snapshot.list_sessions,
    ("GET", "disputes"): snapshot.list_disputes,
    ("GET", "payment_intents"): snapshot.list_intents,
    ("GET", "refunds"): snapshot.list_refunds,
    ("POST", "charges/dispute"): dispute_charge,
    ("POST", "charges/warn_of_fraud"): warn_of_fraud,
    ("POST", "disputes/reinstate_funds"): move_dispute(dispute_machine.reinstate_funds),
    ("POST", "disputes/withdraw_funds"): move_dispute(dispute_machine.withdraw_funds),
    ("POST", "payment_intents/decide"): decide_intent,
    ("POST", "payment_intents/dispute"): dispute_charge,
    ("POST", "payment_intents/expire"): expire_intent,
    ("POST", "payment_intents/warn_of_fraud"): warn_of_fraud,
    ("POST", "refunds/fail"): fail_refund,
    ("POST", "refunds/succeed"): succeed_refund,
    **{
        ("POST", f"disputes/{step}"): move_dispute(partial(dispute_machine.take, step))
        for step in dispute_machine.STEPS
    },
    **settlement.OPERATIONS,
}
"""Method and path below /sandbox/, without the id in the middle."""
