"""A payment that its customer approves at the PSP: completed once, however often and in whichever order that is told."""

import asyncio
from datetime import timedelta

import pytest

from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId
from fincore.domain.money import Money
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Declined,
    DisputeMovements,
    DisputeReport,
    Expired,
    Failure,
    Outcome,
    PspReference,
    RefundReport,
    Rejected,
    Retryable,
)
from fincore.domain.payment_outcomes import ACTION_ROUNDS_MAX
from fincore.write.psp.port import AuthorizeRequest, Look
from fincore.write.queue.job_payloads import authorize_job, complete_job, inquire_job, poll_job, resolve_job
from fincore.write.queue.port import Done, Hold, RetryIn
from fincore.write.worker.plumbing.report_results import LOOKS_MAX
from fincore.write.worker.policies.follow_up_jobs import PollPolicy
from fixtures.scripted_psp import (
    NOON,
    ScriptedPsp,
    SteppedClock,
    Told,
    approval,
    lost_after,
    lost_before,
    payment_at,
    pending,
    require_approval,
    take_on,
)
from fixtures.worker_harness import HarnessInMemory, harness_in_memory

NOT_APPROVED = Retryable(reason="ORDER_NOT_APPROVED")
USD = Currency("usd")
LOOK = "look"


def order_of(charge_id: str) -> PspReference:
    return payment_at(charge_id, "test")


def approve_at(psp: ScriptedPsp, charge_id: ChargeId, *, minute: int = 1) -> None:
    """The customer approves at the PSP's page."""
    psp.becomes(charge_id, approval(order_of(charge_id), minute=minute))


async def asked(harness: HarnessInMemory) -> ChargeId:
    """A charge of which the customer was sent to the PSP's page."""
    charge_id = await harness.charge(return_url="https://shop.example/back")
    await harness.idle()
    assert (await harness.state(charge_id)).status == "requires_action"
    return charge_id


@pytest.mark.parametrize("way", ["webhook", "poll", "inquiry"])
async def test_an_approval_is_completed_whichever_way_it_is_seen(way: str) -> None:
    psp = ScriptedPsp(require_approval)
    async with harness_in_memory(psp) as harness:
        charge_id = await asked(harness)
        approve_at(psp, charge_id)
        if way == "webhook":
            await harness.tell(charge_id, LOOK)
        else:
            await harness.put(
                poll_job(charge_id, delay_seconds=0.0) if way == "poll" else inquire_job(charge_id)
            )
        await harness.idle()
        assert await harness.history(charge_id) == [
            "charge.created",
            "charge.action_required",
            "charge.customer_approved",
            "charge.captured",
        ]
        assert await harness.held() == []
    assert [call.idempotency_key for call in psp.calls] == [f"{charge_id}:complete:1"]


async def test_an_approval_seen_from_all_sides_at_once_completes_once() -> None:
    psp = ScriptedPsp(require_approval)
    async with harness_in_memory(psp) as harness:
        charge_id = await asked(harness)
        approve_at(psp, charge_id)
        await asyncio.gather(
            *(harness.tell(charge_id, LOOK, event_id=f"evt_{number}") for number in range(25)),
            *(harness.put(poll_job(charge_id, delay_seconds=0.0)) for _ in range(12)),
            *(harness.put(inquire_job(charge_id)) for _ in range(13)),
        )
        await harness.idle()
        history = await harness.history(charge_id)
        assert history.count("charge.customer_approved") == 1
        assert history.count("charge.captured") == 1
    assert {call.idempotency_key for call in psp.calls} == {f"{charge_id}:complete:1"}


async def test_approval_before_the_response_completes_once() -> None:
    psp = ScriptedPsp(require_approval)
    async with harness_in_memory(psp) as harness:

        async def customer_is_quick(request: AuthorizeRequest) -> None:
            approve_at(psp, request.charge_id)
            await harness.tell(request.charge_id, LOOK)
            while (await harness.state(request.charge_id)).completions_requested == 0:
                await asyncio.sleep(0)

        psp.before_answer = customer_is_quick
        charge_id = await harness.charge(return_url="https://shop.example/back")
        await harness.idle()
        assert await harness.history(charge_id) == [
            "charge.created",
            "charge.customer_approved",
            "charge.captured",
        ]
    assert [call.idempotency_key for call in psp.calls] == [f"{charge_id}:complete:1"]


async def test_a_crash_after_the_order_was_made_loses_no_approval() -> None:
    """The repeated key gives the same order, and the approval of it is found."""
    psp = ScriptedPsp(lost_after)
    psp.search_sees = False
    async with harness_in_memory(psp) as harness:
        charge_id = await harness.charge(jobs=())
        request_order = authorize_job(charge_id)
        psp.tells["authorize"] = lambda _truth: require_approval(psp.requests[-1])
        await harness.put(request_order)
        await harness.idle()
        assert (await harness.state(charge_id)).psp_reference == order_of(charge_id)
        assert len(psp.payments) == 1
        approve_at(psp, charge_id)
        await harness.tell(charge_id, LOOK)
        await harness.idle()
        assert (await harness.state(charge_id)).status == "succeeded"
    assert len({request.idempotency_key for request in psp.requests}) == 1


@pytest.mark.parametrize("line", [lost_before, lost_after], ids=["lost before", "lost after"])
async def test_a_completion_with_a_lost_response_is_resolved(line: object) -> None:
    psp = ScriptedPsp(require_approval, complete=[line])  # type: ignore[list-item]
    async with harness_in_memory(psp) as harness:
        charge_id = await asked(harness)
        approve_at(psp, charge_id)
        await harness.tell(charge_id, LOOK)
        await harness.idle()
        assert (await harness.history(charge_id))[2:] == [
            "charge.customer_approved",
            "charge.outcome_unknown",
            "charge.captured",
        ]
    assert {call.idempotency_key for call in psp.calls} == {f"{charge_id}:complete:1"}


async def test_a_refused_instrument_sends_the_customer_back() -> None:
    psp = ScriptedPsp(require_approval, complete=[require_approval])
    async with harness_in_memory(psp) as harness:
        charge_id = await asked(harness)
        approve_at(psp, charge_id)
        await harness.tell(charge_id, LOOK)
        await harness.idle()
        assert (await harness.state(charge_id)).status == "requires_action"
        approve_at(psp, charge_id, minute=2)
        await harness.tell(charge_id, LOOK, event_id="evt_again")
        await harness.idle()
        assert (await harness.state(charge_id)).status == "succeeded"
    assert [call.idempotency_key for call in psp.calls] == [
        f"{charge_id}:complete:1",
        f"{charge_id}:complete:2",
    ]


async def test_order_approved_still_after_refusal_is_not_completed() -> None:
    psp = ScriptedPsp(require_approval, complete=[require_approval] * 50)
    async with harness_in_memory(psp) as harness:
        charge_id = await asked(harness)
        approve_at(psp, charge_id)
        await harness.tell(charge_id, LOOK)
        await harness.idle()
        approve_at(psp, charge_id)
        assert isinstance(await harness.do(poll_job(charge_id, delay_seconds=0.0)), RetryIn)
        await harness.tell(charge_id, LOOK, event_id="evt_again")
        await harness.idle()
        assert (await harness.state(charge_id)).status == "requires_action"
    assert len(psp.calls) == 1


async def test_instruments_refused_too_often_fail_the_charge() -> None:
    psp = ScriptedPsp(require_approval, complete=[require_approval] * 50)
    async with harness_in_memory(psp) as harness:
        charge_id = await asked(harness)
        for minute in range(1, ACTION_ROUNDS_MAX + 1):
            approve_at(psp, charge_id, minute=minute)
            await harness.tell(charge_id, LOOK, event_id=f"evt_{minute}")
            await harness.idle()
        assert (await harness.state(charge_id)).status == "failed"
    assert len(psp.calls) == ACTION_ROUNDS_MAX


async def test_completion_before_psp_knows_approval_is_repeated() -> None:
    psp = ScriptedPsp(require_approval, complete=[NOT_APPROVED, NOT_APPROVED])
    async with harness_in_memory(psp) as harness:
        charge_id = await asked(harness)
        approve_at(psp, charge_id)
        await harness.tell(charge_id, LOOK)
        await harness.idle()
        assert (await harness.state(charge_id)).status == "succeeded"
    assert {call.idempotency_key for call in psp.calls} == {f"{charge_id}:complete:1"}


async def test_order_that_stays_unapproved_goes_back_to_customer() -> None:
    psp = ScriptedPsp(require_approval, complete=[NOT_APPROVED] * 50)
    async with harness_in_memory(psp) as harness:
        charge_id = await asked(harness)
        shown = psp.payments[order_of(charge_id)].latest
        approve_at(psp, charge_id)
        await harness.tell(charge_id, LOOK)
        while not psp.calls:
            await asyncio.sleep(0)
        psp.becomes(charge_id, shown)
        await harness.idle()
        assert (await harness.history(charge_id))[2:] == [
            "charge.customer_approved",
            "charge.outcome_unknown",
            "charge.action_required",
        ]
        assert harness.due_in("charge.follow")


async def test_a_late_approval_of_a_canceled_charge_moves_nothing() -> None:
    psp = ScriptedPsp(require_approval)
    async with harness_in_memory(psp) as harness:
        charge_id = await asked(harness)
        await harness.ask_cancel(charge_id)
        await harness.idle()
        version = (await harness.state(charge_id)).version
        approve_at(psp, charge_id)
        assert await harness.tell(charge_id, LOOK) == "accepted"
        await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.status, charge.version) == ("canceled", version)
        assert await harness.held() == []
    assert "complete" not in {call.idempotency_key.split(":")[1] for call in psp.calls}


async def test_approval_during_a_refused_cancellation_is_completed() -> None:
    refused = Rejected(
        failure=Failure(code="psp_rejected_request", message="No.", advice="do_not_retry"), occurred_at=NOON
    )
    psp = ScriptedPsp(require_approval, cancel=[refused])
    harness = HarnessInMemory(psp, SteppedClock())
    charge_id = await harness.charge(jobs=())
    await harness.do(authorize_job(charge_id))
    await harness.ask_cancel(charge_id)
    approve_at(psp, charge_id)
    poll = poll_job(charge_id, delay_seconds=0.0)
    assert isinstance(await harness.do(poll), RetryIn), "the poll outlives the cancellation"
    (cancel,) = [job for job in harness.waiting_jobs() if job.kind == "charge.cancel"]
    await harness.do(cancel)
    assert isinstance(await harness.do(poll, attempt=2), Done)
    assert (await harness.history(charge_id))[-1] == "charge.customer_approved"


PATIENT = PollPolicy(pending_pause_seconds=20.0)


async def test_pending_completion_is_left_alone_until_psp_decides() -> None:
    psp, clock = ScriptedPsp(require_approval, complete=[take_on]), SteppedClock()
    harness = HarnessInMemory(psp, clock, PATIENT)
    charge_id = await harness.charge(jobs=())
    await harness.do(authorize_job(charge_id))
    approve_at(psp, charge_id)
    await harness.do(poll_job(charge_id, delay_seconds=0.0))
    await harness.do(complete_job(charge_id))
    assert (await harness.state(charge_id)).pending_until == NOON + timedelta(days=7)

    clock.advance(days=4)
    poll = poll_job(charge_id, delay_seconds=0.0)
    for job in (complete_job(charge_id), resolve_job(charge_id, delay_seconds=0.0)):
        assert await harness.do(job) == Done()
    assert isinstance(await harness.do(poll), RetryIn)
    assert len(psp.calls) == 1

    clock.advance(days=3)
    assert isinstance(await harness.do(poll), Hold)
    assert (await harness.state(charge_id)).status == "processing"


ENDS: list[tuple[str, str]] = [("captured", "succeeded"), ("denied", "failed")]


@pytest.mark.parametrize("how", ["poll", "webhook"])
@pytest.mark.parametrize(("end", "status"), ENDS)
async def test_a_pending_payment_ends_as_the_psp_decides(end: str, status: str, how: str) -> None:
    psp = ScriptedPsp(require_approval, complete=[take_on])
    async with harness_in_memory(psp, poll_policy=PATIENT) as harness:
        charge_id = await asked(harness)
        approve_at(psp, charge_id)
        await harness.tell(charge_id, LOOK)
        await harness.idle()
        psp.becomes(charge_id, _end(end, charge_id))
        if how == "poll":
            assert await harness.do(poll_job(charge_id, delay_seconds=0.0)) == Done()
        else:
            await harness.tell(charge_id, LOOK, event_id="evt_end")
            await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.status, charge.operation, charge.pending_until) == (status, None, None)


@pytest.mark.parametrize(("end", "status"), ENDS)
async def test_payment_taken_on_after_customer_acted_is_polled(end: str, status: str) -> None:
    psp = ScriptedPsp(require_approval)
    async with harness_in_memory(psp, poll_policy=PATIENT) as harness:
        charge_id = await asked(harness)
        psp.becomes(charge_id, pending(order_of(charge_id)))
        await harness.tell(charge_id, LOOK)
        await harness.idle()
        assert (await harness.state(charge_id)).pending_until is not None
        psp.becomes(charge_id, _end(end, charge_id))
        assert await harness.do(poll_job(charge_id, delay_seconds=0.0)) == Done()
        assert (await harness.state(charge_id)).status == status


async def test_a_payment_not_taken_on_after_all_goes_back_to_customer() -> None:
    psp = ScriptedPsp(require_approval)
    async with harness_in_memory(psp, poll_policy=PATIENT) as harness:
        charge_id = await asked(harness)
        shown = psp.payments[order_of(charge_id)].latest
        psp.becomes(charge_id, pending(order_of(charge_id)))
        await harness.tell(charge_id, LOOK)
        await harness.idle()
        psp.becomes(charge_id, shown)
        assert await harness.do(poll_job(charge_id, delay_seconds=0.0)) == Done()
        assert (await harness.state(charge_id)).status == "requires_action"


async def test_a_pending_capture_of_a_hold_is_polled_to_its_end() -> None:
    psp = ScriptedPsp(capture=[take_on])
    async with harness_in_memory(psp, poll_policy=PATIENT) as harness:
        charge_id = await harness.charge(capture_method="manual")
        await harness.idle()
        await harness.ask_capture(charge_id)
        await harness.idle()
        assert (await harness.state(charge_id)).pending_until is not None
        psp.becomes(charge_id, _end("captured", charge_id))
        assert await harness.do(poll_job(charge_id, delay_seconds=0.0)) == Done()
        assert (await harness.state(charge_id)).captured_minor == 1000


def _end(end: str, charge_id: str) -> Outcome:
    reference = order_of(charge_id)
    if end == "captured":
        return Approved(kind="captured", money=Money(1000, USD), psp_reference=reference, occurred_at=NOON)
    failure = Failure(code="card_declined", message="DENIED", advice="ask_customer")
    return Declined(failure=failure, occurred_at=NOON, psp_reference=reference)


async def test_an_order_that_lapsed_unapproved_expires() -> None:
    psp = ScriptedPsp(require_approval)
    async with harness_in_memory(psp) as harness:
        charge_id = await asked(harness)
        lapsed = Expired(reason="abandoned", psp_reference=order_of(charge_id), occurred_at=NOON)
        psp.becomes(charge_id, lapsed)
        await harness.tell(charge_id, LOOK)
        await harness.idle()
        assert (await harness.state(charge_id)).status == "expired"


async def test_a_look_believes_the_record_and_not_the_event() -> None:
    """A forged body moves no money: what the PSP's record says counts."""
    psp = ScriptedPsp(require_approval)
    async with harness_in_memory(psp) as harness:
        charge_id = await asked(harness)
        await harness.tell(charge_id, LOOK)
        await harness.idle()
        assert await harness.history(charge_id) == ["charge.created", "charge.action_required"]
        assert isinstance(psp.payments[order_of(charge_id)].latest, ActionRequired)
        assert len(psp.inquiries) == 1


def looks(charge_id: str, subject: str, reference: str) -> Told:
    look = Look(subject=subject, psp_reference=PspReference(reference))  # type: ignore[arg-type]
    return Told(
        event_id=f"evt_{subject}", charge_id=charge_id, says=subject, payment=order_of(charge_id), look=look
    )


def _refunded(psp: ScriptedPsp) -> None:
    report = RefundReport(
        status="succeeded", psp_reference=PspReference("re_1"), money=Money(300, USD), occurred_at=NOON
    )
    psp.refunds[report.psp_reference] = report


def _disputed(psp: ScriptedPsp) -> None:
    reference = PspReference("dp_1")
    psp.disputes[reference] = DisputeReport(
        psp_reference=reference,
        status="needs_response",
        money=Money(1000, USD),
        reason="item_not_received",
        is_inquiry=False,
        occurred_at=NOON,
        movements=(DisputeMovements(currency=USD, withdrawn_minor=1000),),
    )


@pytest.mark.parametrize("is_known", [True, False], ids=["payment known", "payment unknown"])
@pytest.mark.parametrize(
    ("subject", "reference", "event"),
    [("refund", "re_1", "refund.succeeded"), ("dispute", "dp_1", "dispute.opened")],
)
async def test_a_look_at_a_refund_or_dispute_records_it(
    subject: str, reference: str, event: str, *, is_known: bool
) -> None:
    psp = ScriptedPsp()
    async with harness_in_memory(psp) as harness:
        charge_id = await harness.charge(jobs=())
        if is_known:
            await harness.put(authorize_job(charge_id))
            await harness.idle()
        else:
            psp.becomes(charge_id, _end("captured", charge_id))
        _refunded(psp)
        _disputed(psp)
        await harness.deliver(looks(charge_id, subject, reference))
        await harness.idle()
        assert event in await harness.history(charge_id)
        assert await harness.held() == []


@pytest.mark.parametrize("subject", ["payment", "refund", "dispute"])
async def test_a_look_the_psp_cannot_answer_is_held_in_the_end(subject: str) -> None:
    psp = ScriptedPsp()
    harness = HarnessInMemory(psp, SteppedClock())
    charge_id = await harness.charge(jobs=())
    await harness.do(authorize_job(charge_id))
    psp.answers_inquiries = False
    assert await harness.deliver(looks(charge_id, subject, "re_1")) == "accepted"
    (job,) = [job for job in harness.waiting_jobs() if job.kind == "webhook.interpret"]
    for attempt in (1, LOOKS_MAX - 1):
        assert isinstance(await harness.do(job, attempt), RetryIn)
        assert not (await harness.state(charge_id)).held_reports
    assert await harness.do(job, LOOKS_MAX) == Done()
    (held,) = (await harness.state(charge_id)).held_reports
    assert held.reason == "not_understood"


async def test_look_at_refund_of_no_known_payment_is_held_in_the_end() -> None:
    psp = ScriptedPsp()
    harness = HarnessInMemory(psp, SteppedClock())
    charge_id = await harness.charge(jobs=())
    failure = Failure(code="card_declined", message="No.", advice="ask_customer")
    psp.becomes(charge_id, Declined(failure=failure, occurred_at=NOON))
    _refunded(psp)
    await harness.deliver(looks(charge_id, "refund", "re_1"))
    (job,) = [job for job in harness.waiting_jobs() if job.kind == "webhook.interpret"]
    assert isinstance(await harness.do(job, 1), RetryIn)
    assert await harness.do(job, LOOKS_MAX) == Done()
    assert len((await harness.state(charge_id)).held_reports) == 1
