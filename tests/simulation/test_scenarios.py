"""Sequences that random runs found once, or would find in years, each replayed step by step."""

import asyncio
from datetime import timedelta

from fincore.domain.charge import Charge
from fincore.write.psp.port import CompleteRequest, RefundRequest
from fixtures.scripted_psp import SteppedClock
from simulation.merchant import PaymentMethod, offered
from simulation.oracle import at_rest
from simulation.orders_model import FEE_BACK_MINOR
from simulation.psp_model import Nature, PspEvent
from simulation.psp_records import DisputeMove, Payment
from simulation.psps import Psps
from simulation.queue_model import QueuedJob, QueueModel
from simulation.world import StoreInMemory, World


def new_world(loop: asyncio.AbstractEventLoop, nature: Nature = "wild") -> World:
    clock = SteppedClock()
    queue = QueueModel(clock)
    return World(loop, clock, queue, StoreInMemory(clock, queue), Psps(clock, nature), seed=1)


def charge_of(world: World) -> Charge:
    (charge,) = world.charges().values()
    return charge


def sold(world: World, method: PaymentMethod = "pm_pays", *, capture: bool) -> None:
    world.stage.finish(world.send(world.merchant.charge(1000, offered(method), capture=capture), 0))


def job(world: World, kind: str) -> QueuedJob:
    return next(job for job in world.queue.waiting if job.kind == kind)


def do(world: World, kind: str) -> None:
    """Wait until a job is due, and do it."""
    due_at = job(world, kind).due_at
    world.pass_time(max((due_at - world.clock.now()).total_seconds(), 0.0))
    world.stage.finish(world.work_on(job(world, kind)))


def arrived_after_it_was_given_up(world: World, *, capture: bool) -> Payment:
    """A charge that FinCore has inferred was never made, and the payment that the PSP made of it all the same."""
    sold(world, capture=capture)
    world.psps.intents.faults.append("late")
    do(world, "charge.authorize")
    world.pass_time(20 * 60)
    do(world, "charge.resolve")
    assert charge_of(world).status == "failed"
    world.pass_time(60 * 60)
    (payment,) = world.psps.intents.payments.values()
    return payment


def interpreted(world: World, event: PspEvent) -> None:
    world.stage.finish(world.deliver(event))
    do(world, "webhook.interpret")


def whose_customer_is_given_up(loop: asyncio.AbstractEventLoop) -> World:
    """A world in which a customer had to act and never came back: the cancellation is asked for, and not sent yet."""
    world = new_world(loop, "silent")
    sold(world, "pm_challenges", capture=True)
    do(world, "charge.authorize")
    while charge_of(world).operation is None:
        do(world, "charge.follow")
    return world


def test_payment_unknown_to_search_is_read_by_webhook_reference(
    loop: asyncio.AbstractEventLoop,
) -> None:
    """The PSP's search does not show the payment yet; the webhook named it, and it is looked up by that reference."""
    world = new_world(loop)
    sold(world, capture=True)
    world.psps.intents.faults.append("late")
    do(world, "charge.authorize")
    world.pass_time(20 * 60)
    do(world, "charge.resolve")
    while not world.psps.intents.told:
        world.pass_time(1)
    interpreted(world, world.psps.intents.told[0])
    assert (charge_of(world).status, world.queue.held) == ("succeeded", [])


def test_psp_refund_after_lost_capture_answer_is_accepted(
    loop: asyncio.AbstractEventLoop,
) -> None:
    """A refund made at the PSP is no contradiction while the capture is not known here."""
    world = new_world(loop, "telling")
    sold(world, capture=True)
    world.psps.intents.faults.append("lost_after")
    do(world, "charge.authorize")
    (payment,) = world.psps.intents.payments.values()
    world.psps.intents.dashboard_refunds(payment, 400)
    interpreted(world, world.psps.intents.told[-1])
    assert (charge_of(world).status, charge_of(world).refunded_minor) == ("succeeded", 400)
    assert world.queue.held == []


def test_stale_psp_record_does_not_undo_later_capture(loop: asyncio.AbstractEventLoop) -> None:
    world = new_world(loop)
    arrived_after_it_was_given_up(world, capture=False)
    (authorized,) = world.psps.intents.told
    world.stage.finish(world.deliver(authorized))
    slow = world.work_on(job(world, "webhook.interpret"))
    while slow.place != "psp.inquire answered":
        world.stage.step(slow)
    world.stage.finish(world.work_on(job(world, "webhook.interpret")))
    (charge_id,) = world.charges()
    world.stage.finish(world.send(world.merchant.capture(charge_id, 400), 0))
    do(world, "charge.capture")
    assert charge_of(world).captured_minor == 400
    world.stage.finish(slow)
    assert (charge_of(world).status, charge_of(world).captured_minor) == ("succeeded", 400)
    world.rest(within=timedelta(days=40))
    assert at_rest(world) == []


def test_refund_contradiction_is_checked_again_after_psp_outage(
    loop: asyncio.AbstractEventLoop,
) -> None:
    """The PSP is away when the contradiction is checked: the check is repeated and nothing is held."""
    world = new_world(loop)
    sold(world, capture=True)
    do(world, "charge.authorize")
    (charge_id,) = world.charges()
    world.stage.finish(world.send(world.merchant.refund(charge_id, 300), 0))
    world.psps.intents.faults.append("late")
    do(world, "refund.send")
    world.pass_time(20 * 60)
    do(world, "refund.resolve")
    assert [refund.status for refund in charge_of(world).refunds] == ["failed"]
    world.pass_time(60 * 60)
    world.stage.finish(world.deliver(world.psps.intents.told[-1]))
    interpreting = world.work_on(job(world, "webhook.interpret"))
    while interpreting.place != "look up":
        world.stage.step(interpreting)
    world.psps.intents.goes_away(30)
    world.stage.finish(interpreting)
    assert world.queue.held == []
    world.rest(within=timedelta(days=40))
    assert [refund.status for refund in charge_of(world).refunds] == ["succeeded"]
    assert (at_rest(world), world.queue.held) == ([], [])


def test_refund_replacing_failed_one_may_be_reported_first(
    loop: asyncio.AbstractEventLoop,
) -> None:
    """An earlier refund freed its amount by failing, and that is reported after the refund that uses the amount."""
    world = new_world(loop)
    sold(world, capture=True)
    do(world, "charge.authorize")
    (charge_id,) = world.charges()
    world.stage.finish(world.send(world.merchant.refund(charge_id, 1000), 0))
    (payment,) = world.psps.intents.payments.values()
    world.psps.intents.dashboard_refunds(payment, 600)
    interpreted(world, world.psps.intents.told[-1])
    (elsewhere,) = payment.refunds.values()
    world.psps.intents.refund_moves(payment, elsewhere, "failed")
    do(world, "refund.send")
    assert [refund.status for refund in charge_of(world).refunds] == ["succeeded", "failed"]
    world.rest(within=timedelta(days=40))
    assert (at_rest(world), world.queue.held) == ([], [])


def test_rejected_cancellation_of_abandoned_charge_is_repeated(
    loop: asyncio.AbstractEventLoop,
) -> None:
    """The customer never acts and the PSP refuses to cancel: the cancellation is tried again."""
    world = whose_customer_is_given_up(loop)
    world.psps.intents.faults.append("rejects")
    do(world, "charge.cancel")
    assert (charge_of(world).status, charge_of(world).operation) == ("requires_action", None)
    world.rest(within=timedelta(days=1))
    assert charge_of(world).status == "expired"


def test_unknown_cancellation_of_abandoned_charge_is_repeated(
    loop: asyncio.AbstractEventLoop,
) -> None:
    """Once it is known that nothing was canceled, the cancellation is tried again."""
    world = whose_customer_is_given_up(loop)
    world.psps.intents.faults.append("lost_before")
    do(world, "charge.cancel")
    world.psps.intents.goes_away(2 * 86_400)
    while not world.queue.held:
        do(world, "charge.resolve")
    do(world, "charge.follow")
    world.psps.intents.comes_back()
    world.queue.requeue()
    do(world, "charge.resolve")
    assert (charge_of(world).status, charge_of(world).operation) == ("requires_action", None)
    world.rest(within=timedelta(days=1))
    assert (charge_of(world).status, world.queue.held) == ("expired", [])


def test_a_refusal_of_an_earlier_capture_is_not_one_of_the_next(loop: asyncio.AbstractEventLoop) -> None:
    world = new_world(loop)
    sold(world, capture=False)
    do(world, "charge.authorize")
    (charge_id,) = world.charges()
    world.stage.finish(world.send(world.merchant.capture(charge_id, 400), 0))
    world.psps.intents.faults.append("rejects")
    slow = world.work_on(job(world, "charge.capture"))
    while slow.place != "psp.capture answered":
        world.stage.step(slow)
    do(world, "charge.capture")
    world.stage.finish(world.send(world.merchant.capture(charge_id, 300), 0))
    world.stage.finish(slow)
    do(world, "charge.capture")
    assert (charge_of(world).captured_minor, charge_of(world).operation_failure) == (300, None)
    world.rest(within=timedelta(days=40))
    assert at_rest(world) == []


def test_a_key_that_the_psp_may_have_forgotten_is_not_used_again(loop: asyncio.AbstractEventLoop) -> None:
    world = new_world(loop, "silent")
    sold(world, capture=True)
    dying = world.work_on(job(world, "charge.authorize"))
    while dying.place != "psp.authorize answered":
        world.stage.step(dying)
    world.crash(dying)
    world.pass_time(25 * 3_600)
    do(world, "charge.authorize")
    assert charge_of(world).unknown_since is not None
    world.rest(within=timedelta(days=40))
    assert (charge_of(world).status, at_rest(world)) == ("succeeded", [])


def test_a_hold_found_by_a_correction_is_watched_until_it_lapses(loop: asyncio.AbstractEventLoop) -> None:
    world = new_world(loop)
    arrived_after_it_was_given_up(world, capture=False)
    interpreted(world, world.psps.intents.told[0])
    assert charge_of(world).status == "authorized"
    world.psps.nature = "silent"
    world.rest(within=timedelta(days=40))
    assert charge_of(world).status == "expired"


def test_pending_capture_that_is_denied_leaves_the_hold(loop: asyncio.AbstractEventLoop) -> None:
    """The PSP takes the capture on and denies it: the merchant may capture again, and the hold is watched."""
    world = new_world(loop, "telling")
    sold(world, "wallet", capture=False)
    do(world, "charge.authorize")
    (payment,) = world.psps.orders.payments.values()
    world.psps.orders.customer_approves(payment)
    interpreted(world, world.psps.orders.told[-1])
    do(world, "charge.complete")
    (charge_id,) = world.charges()
    world.stage.finish(world.send(world.merchant.capture(charge_id, 400), 0))
    world.psps.orders.decides = "denies_later"
    do(world, "charge.capture")
    world.psps.orders.decides = "takes"
    assert charge_of(world).pending_until is not None
    world.rest(within=timedelta(hours=8))
    failure = charge_of(world).operation_failure
    assert (charge_of(world).status, failure and failure.failure.code) == ("authorized", "processing_error")
    assert at_rest(world) == []
    world.stage.finish(world.send(world.merchant.capture(charge_id, 300), 0))
    world.rest(within=timedelta(days=40))
    assert (charge_of(world).captured_minor, at_rest(world), world.queue.held) == (300, [], [])


def bought_with_wallet(world: World) -> Payment:
    """A captured charge of 1000 minor units that the customer approved at the PSP with orders."""
    sold(world, "wallet", capture=True)
    do(world, "charge.authorize")
    (payment,) = world.psps.orders.payments.values()
    world.psps.orders.customer_approves(payment)
    interpreted(world, world.psps.orders.told[-1])
    do(world, "charge.complete")
    assert charge_of(world).captured_minor == 1000
    return payment


def dispute_moved(world: World, payment: Payment, move: DisputeMove) -> None:
    """A step of the only dispute of a payment, and the look at it that the PSP's webhook causes."""
    (dispute,) = payment.disputes.values()
    world.pass_time(1)
    world.psps.orders.dispute_moves(payment, dispute, move)
    interpreted(world, world.psps.orders.told[-1])


def test_money_held_a_second_time_by_a_dispute_is_booked(loop: asyncio.AbstractEventLoop) -> None:
    world = new_world(loop, "telling")
    payment = bought_with_wallet(world)
    world.psps.orders.dispute_opens(payment, 600, is_inquiry=True)
    interpreted(world, world.psps.orders.told[-1])
    dispute_moved(world, payment, "close")
    dispute_moved(world, payment, "escalate")
    assert at_rest(world) == []
    dispute_moved(world, payment, "review")
    dispute_moved(world, payment, "win")
    (moved,) = charge_of(world).disputes[0].movements
    assert (moved.held_minor, moved.released_minor) == (1200, 1200)
    assert at_rest(world) == []


def test_dispute_record_read_before_another_is_read_again(loop: asyncio.AbstractEventLoop) -> None:
    """Its totals continue what the log knew when it was read: on another base they would count a hold twice or never."""
    world = new_world(loop, "telling")
    payment = bought_with_wallet(world)
    world.psps.orders.dispute_opens(payment, 600, is_inquiry=True)
    world.stage.finish(world.deliver(world.psps.orders.told[-1]))
    slow = world.work_on(job(world, "webhook.interpret"))
    while slow.place != "psp.inquire_dispute answered":
        world.stage.step(slow)
    (dispute,) = payment.disputes.values()
    world.psps.orders.dispute_moves(payment, dispute, "close")
    world.stage.finish(world.deliver(world.psps.orders.told[-1]))
    world.stage.finish(world.work_on(world.queue.waiting[-1]))
    assert charge_of(world).disputes[0].status == "closed"
    world.stage.finish(slow)
    world.rest(within=timedelta(hours=1))
    assert (at_rest(world), world.queue.held) == ([], [])


def test_fee_given_back_with_refunds_is_booked(loop: asyncio.AbstractEventLoop) -> None:
    """Once with a refund that the merchant asked for, and once with one made at the PSP, which then fails."""
    world = new_world(loop, "telling")
    payment = bought_with_wallet(world)
    (charge_id,) = world.charges()
    world.stage.finish(world.send(world.merchant.refund(charge_id, 300), 0))
    do(world, "refund.send")
    world.psps.orders.dashboard_refunds(payment, 200)
    world.rest(within=timedelta(hours=1))
    ours, theirs = payment.refunds.values()
    assert (ours.fee_minor, theirs.fee_minor, at_rest(world)) == (FEE_BACK_MINOR, FEE_BACK_MINOR, [])
    world.psps.orders.refund_moves(payment, theirs, "failed")
    world.rest(within=timedelta(hours=1))
    assert at_rest(world) == []


def test_completion_repeated_after_a_crash_keeps_its_key(loop: asyncio.AbstractEventLoop) -> None:
    world = new_world(loop, "telling")
    sold(world, "wallet", capture=True)
    do(world, "charge.authorize")
    (payment,) = world.psps.orders.payments.values()
    world.psps.orders.customer_approves(payment)
    interpreted(world, world.psps.orders.told[-1])
    crashed_at(world, "charge.complete", "psp.complete answered")
    do(world, "charge.complete")
    world.rest(within=timedelta(hours=8))
    assert len(world.psps.orders.keys_of(CompleteRequest)) == 1
    assert (charge_of(world).captured_minor, at_rest(world)) == (1000, [])


def test_reversal_repeated_after_a_crash_keeps_its_key(loop: asyncio.AbstractEventLoop) -> None:
    """The first PSP made the payment after FinCore had inferred that it never would, and gone to the next."""
    world = new_world(loop)
    world.stage.finish(
        world.send(world.merchant.charge(1000, offered("pm_pays"), offered("wallet"), capture=True), 0)
    )
    world.psps.intents.faults.append("late")
    do(world, "charge.authorize")
    world.pass_time(20 * 60)
    do(world, "charge.resolve")
    world.pass_time(60 * 60)
    (late,) = world.psps.intents.payments.values()
    interpreted(world, world.psps.intents.told[0])
    assert [attempt.status for attempt in charge_of(world).abandoned_attempts] == ["captured"]
    crashed_at(world, "attempt.reverse", "psp.refund answered")
    again = world.work_on(job(world, "attempt.reverse"))
    while again.place != "psp.inquire_refund":
        world.stage.step(again)
    # It cannot see that the refund was made: only the key tells the PSP that it is the same.
    world.psps.intents.faults.append("not_sent")
    world.stage.finish(again)
    assert len(world.psps.intents.keys_of(RefundRequest)) == 1
    assert [refund.amount_minor for refund in late.refunds.values()] == [1000]
    assert [attempt.status for attempt in charge_of(world).abandoned_attempts] == ["reversed"]


def crashed_at(world: World, kind: str, place: str) -> None:
    """Do a job until its worker dies at a gate; the job is left for another worker."""
    dying = world.work_on(job(world, kind))
    while dying.place != place:
        world.stage.step(dying)
    world.crash(dying)
