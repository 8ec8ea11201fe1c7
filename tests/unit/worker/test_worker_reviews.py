"""What the worker does with a charge under review: it is held, and decided when no person did."""

from datetime import timedelta
from typing import Any, Final

import msgspec
import pytest

from fincore.backoffice.risk_reviews import ReviewNotDecided
from fincore.domain.ids import ChargeId, new_charge_id
from fincore.domain.money import Money
from fincore.domain.outcome import Approved, Failure, Rejected, Retryable
from fincore.domain.payment_method import PayPalWallet
from fincore.domain.risk import ReviewVerdict
from fincore.domain.risk_review import review_status
from fincore.write.psp.port import AuthorizeRequest, CompleteRequest
from fincore.write.queue.job_payloads import authorize_job, review_job
from fincore.write.queue.port import Done, Hold, RetryIn
from fincore.write.worker.policies.reviews import ReviewPolicy
from fixtures.commits import created
from fixtures.review_decisions import decide_in
from fixtures.reviews import assessed
from fixtures.routes import PAYPAL_US, STRIPE_FIRST, THEN_PAYPAL, routed
from fixtures.scripted_psp import (
    NOON,
    PAYPAL,
    ScriptedPsp,
    approval,
    lost_after,
    lost_before,
    payment_at,
    require_action,
    require_approval,
)
from fixtures.worker_harness import WorkerHarness, harness_in_memory

REJECTED: Final = Rejected(
    failure=Failure(code="psp_rejected_request", message="No.", advice="do_not_retry"), occurred_at=NOON
)
HELD: Final = ["charge.created", "charge.risk_assessed", "charge.authorized", "charge.review_opened"]
GIVEN_UP: Final = ["charge.review_decided", "charge.cancel_requested", "charge.canceled"]
TAKEN: Final = ["charge.review_decided", "charge.capture_requested", "charge.captured"]
HOURS: Final = 72


def captures_all_the_same(request: AuthorizeRequest) -> Approved:
    reference = payment_at(request.charge_id, request.psp_account)
    return Approved(kind="captured", money=request.money, psp_reference=reference, occurred_at=NOON)


async def reviewed(harness: WorkerHarness, **changes: Any) -> ChargeId:
    """A charge that the rules sent to review, as far as the worker gets with it."""
    charge_id = new_charge_id()
    await harness.append(charge_id, created(**changes), assessed(), jobs=(authorize_job(charge_id),))
    await harness.idle()
    return charge_id


@pytest.mark.parametrize("capture_method", ["automatic", "manual"])
async def test_charge_under_review_is_held_at_the_psp(capture_method: str) -> None:
    psp = ScriptedPsp()
    async with harness_in_memory(psp) as harness:
        charge_id = await reviewed(harness, capture_method=capture_method)
        charge = await harness.state(charge_id)
        assert await harness.history(charge_id) == HELD
        assert [request.capture_method for request in psp.requests] == ["manual"]
        assert (charge.capture_method, charge.captured_minor) == (capture_method, 0)
        assert charge.review_decide_by == NOON + timedelta(hours=HOURS)
        assert harness.due_in("charge.review") == [timedelta(hours=HOURS)]


async def test_repeated_call_of_a_charge_under_review_is_the_same() -> None:
    psp = ScriptedPsp(lost_before, lost_after)
    async with harness_in_memory(psp) as harness:
        charge_id = await reviewed(harness)
        assert (await harness.state(charge_id)).status == "authorized"
    assert {(one.capture_method, one.idempotency_key) for one in psp.requests} == {
        ("manual", f"{charge_id}:authorize:1")
    }


async def test_attempt_at_the_next_account_is_held_as_well() -> None:
    stripe = ScriptedPsp(*[Retryable(reason="no connection")] * 9)
    paypal = ScriptedPsp(name=PAYPAL, accounts=(PAYPAL_US,))
    async with harness_in_memory(stripe, others={PAYPAL: paypal}) as harness:
        charge_id = await reviewed(harness, **routed(STRIPE_FIRST, THEN_PAYPAL))
        charge = await harness.state(charge_id)
        assert (charge.psp, charge.status, review_status(charge)) == (PAYPAL, "authorized", "open")
        assert charge.review_decide_by is not None
    assert [one.capture_method for one in (*stripe.requests, *paypal.requests)] == ["manual"] * 3


async def test_wallet_under_review_is_completed_as_a_hold() -> None:
    psp = ScriptedPsp(require_approval)
    async with harness_in_memory(psp) as harness:
        charge_id = await reviewed(harness, payment_method=PayPalWallet())
        psp.becomes(charge_id, approval(payment_at(charge_id, "test")))
        await harness.tell(charge_id, "look")
        await harness.idle()
        assert (await harness.state(charge_id)).status == "authorized"
        assert harness.due_in("charge.review") == [timedelta(hours=HOURS)]
    completions = [call for call in psp.calls if isinstance(call, CompleteRequest)]
    assert [call.capture_method for call in completions] == ["manual"]


@pytest.mark.parametrize(("verdict", "told"), [("approved", TAKEN), ("declined", GIVEN_UP)])
async def test_decision_is_carried_out_at_the_psp(verdict: ReviewVerdict, told: list[str]) -> None:
    psp = ScriptedPsp()
    async with harness_in_memory(psp) as harness:
        charge_id = await reviewed(harness)
        await decide_in(harness, charge_id, verdict)
        assert await harness.history(charge_id) == HELD + told
        review = (await harness.state(charge_id)).review_decided
        assert review is not None
        assert (review.by, review.reason, review.is_automatic) == ("ada", "Called the customer.", False)
        with pytest.raises(ReviewNotDecided, match=f"was {verdict} by ada"):
            await decide_in(harness, charge_id, "approved")
        assert await harness.do(review_job(charge_id, delay_seconds=0.0)) == Done()


@pytest.mark.parametrize(
    ("undecided", "told"), [("decline", GIVEN_UP), ("approve", TAKEN)], ids=["decline", "approve"]
)
async def test_undecided_review_ends_as_the_setting_says(undecided: Any, told: list[str]) -> None:
    psp = ScriptedPsp()
    policy = ReviewPolicy(undecided=undecided)
    async with harness_in_memory(psp, review_policy=policy) as harness:
        charge_id = await reviewed(harness)
        job = review_job(charge_id, delay_seconds=0.0)
        harness.clock.advance(hours=HOURS - 1)
        assert await harness.do(job) == RetryIn(3_600.0, "the time to decide the review is not over")
        assert await harness.history(charge_id) == HELD
        harness.clock.advance(hours=1)
        assert isinstance(await harness.do(job), RetryIn)
        await harness.idle()
        assert await harness.history(charge_id) == HELD + told
        review = (await harness.state(charge_id)).review_decided
        assert review is not None
        assert (review.by, review.is_automatic) == ("fincore", True)
        assert await harness.do(job) == Done()
        assert await harness.history(charge_id) == HELD + told


async def test_clock_that_is_not_trusted_decides_no_review() -> None:
    async with harness_in_memory(ScriptedPsp()) as harness:
        charge_id = await reviewed(harness)
        harness.clock.advance(hours=HOURS)
        harness.clock.distrusted = "it differs from the database's"
        assert isinstance(await harness.do(review_job(charge_id, delay_seconds=0.0)), RetryIn)
        assert await harness.history(charge_id) == HELD


async def test_merchant_that_cancels_ends_the_review() -> None:
    async with harness_in_memory(ScriptedPsp()) as harness:
        charge_id = await reviewed(harness)
        await harness.ask_cancel(charge_id)
        await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.status, review_status(charge)) == ("canceled", "closed")
        with pytest.raises(ReviewNotDecided, match="the charge is canceled"):
            await decide_in(harness, charge_id, "declined")
        harness.clock.advance(hours=HOURS)
        assert await harness.do(review_job(charge_id, delay_seconds=0.0)) == Done()


async def test_declined_hold_is_given_up_again_until_a_person_looks() -> None:
    psp = ScriptedPsp(cancel=[REJECTED] * 2)
    async with harness_in_memory(psp, review_policy=ReviewPolicy(tries_max=2)) as harness:
        charge_id = await reviewed(harness)
        await decide_in(harness, charge_id, "declined")
        assert (await harness.state(charge_id)).status == "authorized"
        harness.clock.advance(hours=HOURS)
        job = review_job(charge_id, delay_seconds=0.0)
        assert isinstance(await harness.do(job), RetryIn)
        await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.status, charge.cancels_requested) == ("authorized", 2)
        held = await harness.do(job)
        assert isinstance(held, Hold)
        assert "would not give the hold up" in held.reason


@pytest.mark.parametrize("way", ["response", "webhook"])
async def test_capture_by_the_psp_is_recorded_and_waits_for_a_person(way: str) -> None:
    psp = ScriptedPsp(captures_all_the_same) if way == "response" else ScriptedPsp()
    async with harness_in_memory(psp) as harness:
        charge_id = await reviewed(harness)
        if way == "webhook":
            psp.becomes(charge_id, captured_of(charge_id))
            await harness.tell(charge_id, "captured")
            await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.status, charge.captured_minor) == ("succeeded", 1000)
        assert review_status(charge) == "captured_by_psp"
        with pytest.raises(ReviewNotDecided, match="have the merchant refund"):
            await decide_in(harness, charge_id, "declined")
        await decide_in(harness, charge_id, "approved")
        assert review_status(await harness.state(charge_id)) == "approved"
        assert (await harness.history(charge_id))[-1] == "charge.review_decided"


@pytest.mark.parametrize("way", ["the cancellation is refused", "the cancellation is undone"])
async def test_declined_hold_that_shows_up_later_is_given_up(way: str) -> None:
    is_refused = way == "the cancellation is refused"
    psp = ScriptedPsp(require_action, cancel=[REJECTED]) if is_refused else ScriptedPsp()
    async with harness_in_memory(psp) as harness:
        charge_id = await reviewed(harness)
        await decide_in(harness, charge_id, "declined")
        assert (await harness.state(charge_id)).status == ("requires_action" if is_refused else "canceled")
        psp.becomes(charge_id, held_of(charge_id))
        await harness.tell(charge_id, "look" if is_refused else "captured")
        await harness.idle()
        shown = "charge.authorized" if is_refused else "charge.corrected"
        told = [shown, "charge.cancel_requested", "charge.canceled"]
        assert (await harness.history(charge_id))[-3:] == told


def held_of(charge_id: ChargeId) -> Approved:
    return msgspec.structs.replace(captured_of(charge_id), kind="authorized")


def captured_of(charge_id: ChargeId) -> Approved:
    money = Money(1000, created().currency)
    return Approved(
        kind="captured", money=money, psp_reference=payment_at(charge_id, "test"), occurred_at=NOON
    )
