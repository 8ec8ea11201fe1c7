"""What the simulated Stripe does by itself, some time after the request that it follows from."""

from collections.abc import Callable
from typing import cast

from psp_sandbox.ids import new_id
from psp_sandbox.scheduler import Due
from psp_sandbox.stripe import (
    checkout_sessions,
    dispute_machine,
    machine,
    payout_machine,
    refund_machine,
    warning_machine,
)
from psp_sandbox.stripe.cards import Disputing
from psp_sandbox.stripe.dispute_machine import DisputeFacts, Step
from psp_sandbox.stripe.effect import EffectKind
from psp_sandbox.stripe.machine import NewEvent
from psp_sandbox.stripe.outcomes import DECLINES, Approved, Declined
from psp_sandbox.stripe.payout_machine import PayoutFacts
from psp_sandbox.stripe.report_files import finished
from psp_sandbox.stripe.store import NO_REQUEST, Caller, Store
from psp_sandbox.stripe.warning_machine import WarningFacts
from psp_sandbox.stripe.wire_disputes import Dispute, DisputeReason

REASONS: dict[Disputing, DisputeReason] = {
    "fraudulent": "fraudulent",
    "inquiry": "general",
    "product_not_received": "product_not_received",
}
"""Of the cards with a cardholder who objects; an inquiry takes no money."""


def perform(store: Store, due: Due) -> None:
    """Perform one effect. Its object may be gone or have moved meanwhile: then nothing happens."""
    EFFECTS[cast("EffectKind", due.kind)](store, due)


def expire_hold(store: Store, due: Due) -> None:
    """An authorization was not captured in time."""
    intent = store.intents.get(due.account, due.object_id)
    if intent is None or intent.status not in machine.CAPTURABLE:
        return
    caller = Caller(account=due.account, livemode=intent.livemode, request=NO_REQUEST)
    charge = store.charges_of(due.account, intent.id)[0]
    store.apply(caller, machine.expire(intent, charge, now=store.now()))


def complete_refund(store: Store, due: Due) -> None:
    """A pending refund succeeds; one that had succeeded fails."""
    refund = store.refunds.get(due.account, due.object_id)
    if refund is None:
        return
    charge = store.charge(due.account, refund.charge)
    caller = Caller(account=due.account, livemode=charge.livemode, request=NO_REQUEST)
    if refund.status == "pending":
        store.apply_to_charge(caller, refund_machine.succeed(refund))
    elif refund.status == "succeeded":
        failed = refund_machine.fail(
            refund,
            charge,
            reason="expired_or_canceled_card",
            movement_id=new_id("txn"),
            now=store.now(),
        )
        store.apply_to_charge(caller, failed)


def expire_session(store: Store, due: Due) -> None:
    """No customer paid a Checkout session in time."""
    stored = store.checkout.get(due.account, due.object_id)
    if stored is not None and stored.session.status == "open":
        caller = Caller(account=due.account, livemode=stored.session.livemode, request=NO_REQUEST)
        checkout_sessions.expire_session(store, caller, stored.session)


def pay_asynchronously(store: Store, due: Due) -> None:
    """A payment that took its time succeeds."""
    _decide(store, due, Approved())


def decline_asynchronously(store: Store, due: Due) -> None:
    """A payment that took its time fails."""
    _decide(store, due, Declined(DECLINES["generic_decline"]))


def _decide(store: Store, due: Due, decision: Approved | Declined) -> None:
    intent = store.intents.get(due.account, due.object_id)
    if intent is None or intent.status != "processing" or not isinstance(intent.payment_method, str):
        return
    stored = store.payment_methods.get(due.account, intent.payment_method)
    if stored is None:
        return
    caller = Caller(account=due.account, livemode=intent.livemode, request=NO_REQUEST)
    facts = machine.Attempt(
        method=stored.method,
        card=stored.card,
        now=store.now(),
        charge_id=new_id("ch"),
        movement_id=new_id("txn"),
    )
    store.apply(caller, machine.attempt(intent, decision, facts))


def dispute_charge(store: Store, due: Due) -> None:
    """The cardholder objects, or their bank warns, as the test card says. What was refunded cannot be disputed, nor twice at a time."""
    charge = store.charges.get(due.account, due.object_id)
    if charge is None:
        return
    disputes = store.disputes_of(due.account, charge.id)
    amount = dispute_machine.disputable(charge, disputes)
    if amount == 0:
        return
    caller = Caller(account=due.account, livemode=charge.livemode, request=NO_REQUEST)
    disputing = store.card_of(due.account, charge).disputing
    if disputing == "early_fraud_warning":
        facts = WarningFacts(warning_id=new_id("issfr"), now=store.now())
        store.warn(caller, warning_machine.warn(charge, disputes, facts))
    elif disputing is not None:
        opened = dispute_machine.open_dispute(
            charge,
            dispute_id=new_id("dp"),
            amount=amount,
            reason=REASONS[disputing],
            inquiry=disputing == "inquiry",
            facts=DisputeFacts(movement_id=new_id("txn"), now=store.now(), settles=store.settles),
        )
        store.apply_to_charge(caller, opened)


def judge_dispute(store: Store, due: Due) -> None:
    """The issuer has read the evidence."""
    dispute = store.disputes.get(due.account, due.object_id)
    if dispute is None:
        return
    step = dispute_machine.resolution(dispute, store.charge(due.account, dispute.charge))
    if step is not None:
        _take(store, due, dispute, step)


def lapse_dispute(store: Store, due: Due) -> None:
    """The time to answer the dispute is over."""
    dispute = store.disputes.get(due.account, due.object_id)
    if dispute is not None and dispute.status in dispute_machine.STEPS["accept"]:
        _take(store, due, dispute, "accept")


def pay_payout(store: Store, due: Due) -> None:
    """A payout reaches the bank account."""
    stored = store.payouts.get(due.account, due.object_id)
    if stored is None or stored.payout.status not in payout_machine.STEPS["pay"]:
        return
    facts = PayoutFacts(movement_id=new_id("txn"), now=store.now())
    store.apply_to_payout(store.caller_of(due.account), payout_machine.take("pay", stored.payout, facts))


def finish_report(store: Store, due: Due) -> None:
    """The file of a report is made, or its run fails: the payout it was about is gone."""
    stored = store.reports.get(due.account, due.object_id)
    if stored is None:
        return
    run, content = finished(store, due.account, stored)
    store.reports.finish(due.account, run, content)
    store.emit(store.caller_of(due.account), NewEvent(f"reporting.report_run.{run.status}", run))


def _take(store: Store, due: Due, dispute: Dispute, step: Step) -> None:
    charge = store.charge(due.account, dispute.charge)
    caller = Caller(account=due.account, livemode=charge.livemode, request=NO_REQUEST)
    facts = DisputeFacts(movement_id=new_id("txn"), now=store.now(), settles=store.settles)
    store.apply_to_charge(caller, dispute_machine.take(step, dispute, charge, facts))


EFFECTS: dict[EffectKind, Callable[[Store, Due], None]] = {
    "decline_asynchronously": decline_asynchronously,
    "dispute_charge": dispute_charge,
    "expire_hold": expire_hold,
    "expire_session": expire_session,
    "finish_report": finish_report,
    "judge_dispute": judge_dispute,
    "lapse_dispute": lapse_dispute,
    "pay_asynchronously": pay_asynchronously,
    "pay_payout": pay_payout,
    "settle_refund": complete_refund,
}
"""How each kind of effect is performed."""
