"""The late success of an abandoned attempt: noticed, given back, and never a part of the charge itself."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from fincore.domain.attempt_outcomes import decide_attempt
from fincore.domain.charge import Charge
from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId, reversal_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import (
    Approved,
    Canceled,
    Consented,
    Declined,
    DisputeReport,
    Failure,
    FraudWarningReport,
    KnownOutcome,
    PspReference,
    RefundRejected,
    RefundReport,
    Rejected,
    Retryable,
    Unknown,
)
from fincore.domain.refusal import Refusal
from fincore.domain.resolution import Resolution, decide_charge_outcome
from fincore.write.psp.port import AuthorizeRequest
from fincore.write.queue.job_payloads import authorize_job, reverse_attempt_job
from fincore.write.queue.port import Done, Hold, JobResult, RetryIn
from fixtures.routes import PAYPAL_US, STRIPE_FIRST, THEN_PAYPAL, routed
from fixtures.scripted_psp import (
    NOON,
    PAYPAL,
    Line,
    ScriptedPsp,
    SteppedClock,
    Told,
    approval,
    approve,
    decline,
    lost_after,
    lost_before,
    payment_at,
    pending,
)
from fixtures.worker_harness import HarnessInMemory, harness_in_memory

USD = Currency("usd")
REFUSED = Retryable(reason="no connection")
FAILURE = Failure(code="psp_rejected_request", message="No.", advice="do_not_retry")


def took(charge_id: str, kind: Any = "captured", amount_minor: int = 1000) -> Approved:
    return Approved(
        kind=kind,
        money=Money(amount_minor, USD),
        psp_reference=payment_at(charge_id, "test"),
        occurred_at=NOON,
        fee=Money(59, USD),
    )


class Rerouted:
    """A charge that failed over from Stripe to PayPal. `late` is what Stripe turns out to have done."""

    def __init__(self, *paypal: Line, refund: Sequence[Line] = (), cancel: Sequence[Line] = ()) -> None:
        self.stripe = ScriptedPsp(REFUSED, REFUSED, refund=refund, cancel=cancel)
        self.paypal = ScriptedPsp(*paypal, name=PAYPAL, accounts=(PAYPAL_US,))
        self.clock = SteppedClock()
        self.harness = HarnessInMemory(self.stripe, self.clock, others={PAYPAL: self.paypal})
        self.charge_id: ChargeId

    async def begin(self, *, ends: bool = True) -> "Rerouted":
        self.charge_id = await self.harness.charge(jobs=(), **routed(STRIPE_FIRST, THEN_PAYPAL))
        await self.harness.do(authorize_job(self.charge_id), attempt=2)
        if ends:
            await self.harness.do(authorize_job(self.charge_id, attempt=2))
        return self

    async def reverse(self, *, attempt: int = 1) -> JobResult:
        job = reverse_attempt_job(self.charge_id, 1, delay_seconds=0.0)
        return await self.harness.do(job, attempt, may_have_run=attempt > 1)

    async def learn(self, record: KnownOutcome) -> None:
        """The PSP's record shows money, and the worker has looked."""
        self.stripe.becomes(self.charge_id, record)
        assert await self.reverse() == Done()

    async def state(self) -> Charge:
        return await self.harness.state(self.charge_id)

    async def attempt(self) -> tuple[str, int]:
        (one,) = (await self.state()).abandoned_attempts
        return one.status, one.money_minor

    async def last_events(self, count: int) -> list[str]:
        history: list[str] = list(await self.harness.history(self.charge_id))
        return history[-count:]


@pytest.mark.parametrize("says", ["captured", "look"])
async def test_a_late_success_that_is_told_is_given_back(says: str) -> None:
    stripe = ScriptedPsp(REFUSED, REFUSED)
    paypal = ScriptedPsp(name=PAYPAL, accounts=(PAYPAL_US,))
    async with harness_in_memory(stripe, others={PAYPAL: paypal}) as harness:
        charge_id = await harness.charge(**routed(STRIPE_FIRST, THEN_PAYPAL))
        await harness.idle()
        stripe.becomes(charge_id, took(charge_id))
        await harness.tell(charge_id, says)
        await harness.idle()
        assert await harness.history(charge_id) == [
            "charge.created",
            "charge.rerouted",
            "charge.captured",
            "charge.attempt_captured",
            "charge.attempt_reversed",
        ]
        charge = await harness.state(charge_id)
        assert (charge.status, charge.psp, charge.captured_minor) == ("succeeded", PAYPAL, 1000)
        assert charge.refundable_minor == 1000, "the merchant's money is not touched"
        assert await harness.held() == []
    assert [call.idempotency_key for call in stripe.calls] == [f"{reversal_refund_id(charge_id, 1)}:refund"]
    assert paypal.calls == []


async def test_a_late_success_that_is_never_told_is_found() -> None:
    one = await Rerouted().begin()
    one.stripe.becomes(one.charge_id, took(one.charge_id))
    assert one.harness.due_in("attempt.reverse"), "a look is due although no webhook came"
    assert await one.reverse() == Done()
    assert await one.attempt() == ("captured", 1000)
    assert await one.reverse() == Done()
    assert await one.attempt() == ("reversed", 1000)


async def test_a_late_hold_is_released() -> None:
    one = await Rerouted().begin()
    await one.learn(took(one.charge_id, "authorized"))
    assert await one.attempt() == ("authorized", 1000)
    assert await one.reverse() == Done()
    assert await one.attempt() == ("released", 1000)
    assert [call.idempotency_key for call in one.stripe.calls] == [f"{one.charge_id}:release:1"]


async def test_a_late_hold_that_is_captured_meanwhile_is_given_back() -> None:
    one = await Rerouted().begin()
    await one.learn(took(one.charge_id, "authorized"))
    await one.learn(took(one.charge_id))
    assert await one.attempt() == ("captured", 1000)
    await one.reverse()
    assert await one.attempt() == ("reversed", 1000)


async def test_part_of_a_late_hold_that_is_captured_is_given_back() -> None:
    """The merchant's staff captured it at the PSP: no more is to go back than was taken."""
    one = await Rerouted().begin()
    await one.learn(took(one.charge_id, "authorized"))
    await one.learn(took(one.charge_id, amount_minor=600))
    assert await one.attempt() == ("captured", 600)
    await one.reverse()
    assert await one.attempt() == ("reversed", 600)
    assert [report.money for report in one.stripe.refunds.values()] == [Money(600, USD)]


@pytest.mark.parametrize(("kind", "status"), [("captured", "reversed"), ("authorized", "released")])
@pytest.mark.parametrize("amount_minor", [1, 600])
async def test_late_part_of_the_amount_goes_back(kind: str, status: str, amount_minor: int) -> None:
    one = await Rerouted().begin()
    await one.learn(took(one.charge_id, kind, amount_minor))
    assert await one.attempt() == (kind, amount_minor)
    assert await one.reverse() == Done()
    assert (await one.attempt(), len(one.stripe.calls)) == ((status, amount_minor), 1)


async def test_late_part_that_is_told_is_given_back() -> None:
    stripe = ScriptedPsp(REFUSED, REFUSED)
    paypal = ScriptedPsp(name=PAYPAL, accounts=(PAYPAL_US,))
    async with harness_in_memory(stripe, others={PAYPAL: paypal}) as harness:
        charge_id = await harness.charge(**routed(STRIPE_FIRST, THEN_PAYPAL))
        await harness.idle()
        stripe.becomes(charge_id, took(charge_id, amount_minor=600))
        await harness.tell(charge_id, "captured", amount_minor=600)
        await harness.idle()
        charge = await harness.state(charge_id)
        (attempt,) = charge.abandoned_attempts
        assert (attempt.status, attempt.money_minor, charge.held_reports) == ("reversed", 600, ())


@pytest.mark.parametrize("money", [Money(1001, USD), Money(0, USD), Money(600, Currency("eur"))])
async def test_late_money_that_cannot_be_the_charges_is_not_recorded(money: Money) -> None:
    one = await Rerouted().begin()
    record = msgspec.structs.replace(took(one.charge_id), money=money)
    one.stripe.becomes(one.charge_id, record)
    assert isinstance(await one.reverse(), RetryIn)
    assert isinstance(decide_attempt(await one.state(), 1, record, NOON), Refusal)
    assert await one.attempt() == ("abandoned", 0)


async def test_more_than_a_reversal_gives_back_is_refused() -> None:
    one = await Rerouted().begin()
    await one.learn(took(one.charge_id, amount_minor=600))
    charge = await one.state()
    assert decide_attempt(charge, 1, took(one.charge_id, amount_minor=600), NOON) == ()
    for amount_minor in (599, 1000):
        refusal = decide_attempt(charge, 1, took(one.charge_id, amount_minor=amount_minor), NOON)
        assert isinstance(refusal, Refusal)
        assert refusal.code == "amount_differs"


async def test_a_hold_that_lapses_by_itself_is_released() -> None:
    one = await Rerouted().begin()
    await one.learn(took(one.charge_id, "authorized"))
    await one.learn(Canceled(reason="x", psp_reference=payment_at(one.charge_id, "test"), occurred_at=NOON))
    assert await one.attempt() == ("released", 1000)
    assert one.stripe.calls == []


@pytest.mark.parametrize("line", [decline, approve], ids=["failed", "paid"])
async def test_a_late_success_never_changes_the_charge(line: Line) -> None:
    """Not even where the live attempt failed: the charge has ended, and the money goes back."""
    one = await Rerouted(line).begin()
    before = await one.state()
    await one.learn(took(one.charge_id))
    await one.reverse()
    after = await one.state()
    assert await one.attempt() == ("reversed", 1000)
    assert (after.status, after.captured_minor, after.failure) == (
        before.status,
        before.captured_minor,
        before.failure,
    )


async def test_late_success_during_the_next_attempt_does_not_touch_it() -> None:
    one = await Rerouted().begin(ends=False)
    await one.learn(took(one.charge_id))
    assert (await one.state()).operation is not None
    await one.harness.do(authorize_job(one.charge_id, attempt=2))
    await one.reverse()
    assert ((await one.state()).status, await one.attempt()) == ("succeeded", ("reversed", 1000))


@pytest.mark.parametrize(
    "record",
    [
        Declined(failure=FAILURE, occurred_at=NOON),
        Canceled(reason="x", psp_reference=PspReference("pi"), occurred_at=NOON),
        "approved",
    ],
    ids=["declined", "canceled", "approved"],
)
async def test_a_record_without_money_leaves_the_attempt(record: Any) -> None:
    one = await Rerouted().begin()
    if record == "approved":
        record = approval(payment_at(one.charge_id, "test"))
        assert isinstance(record, Consented)
    if isinstance(record, Canceled):
        record = Canceled(reason="x", psp_reference=payment_at(one.charge_id, "test"), occurred_at=NOON)
    await one.learn(record)
    assert await one.attempt() == ("abandoned", 0)
    assert one.stripe.calls == []


async def test_an_attempt_that_its_psp_does_not_show_is_done() -> None:
    one = await Rerouted().begin()
    assert await one.reverse() == Done()
    assert await one.last_events(1) == ["charge.captured"]


async def test_a_pending_late_success_is_waited_for() -> None:
    one = await Rerouted().begin()
    one.stripe.becomes(one.charge_id, pending(payment_at(one.charge_id, "test")))
    one.clock.advance(days=6)
    assert isinstance(await one.reverse(), RetryIn)
    await one.learn(took(one.charge_id))
    assert await one.attempt() == ("captured", 1000)


@pytest.mark.parametrize(
    ("refund", "calls"),
    [([lost_before], 2), ([lost_after], 1), ([REFUSED], 2), ([Retryable(reason="429")] * 3, 4)],
    ids=["lost before", "lost after", "refused", "busy"],
)
async def test_a_reversal_without_a_response_is_made_once(refund: list[Line], calls: int) -> None:
    one = await Rerouted(refund=refund).begin()
    await one.learn(took(one.charge_id))
    result: JobResult = RetryIn(0.0, "")
    tries = 0
    while isinstance(result, RetryIn):
        tries += 1
        result = await one.reverse(attempt=tries)
    assert result == Done()
    assert (await one.attempt(), len(one.stripe.refunds)) == (("reversed", 1000), 1)
    assert len(one.stripe.calls) == calls
    assert len({call.idempotency_key for call in one.stripe.calls}) == 1


async def test_reversal_is_not_repeated_once_its_key_may_be_forgotten() -> None:
    one = await Rerouted(refund=[lost_before] * 9).begin()
    await one.learn(took(one.charge_id))
    assert isinstance(await one.reverse(), RetryIn)
    one.clock.advance(hours=23, minutes=1)
    assert isinstance(await one.reverse(attempt=2), Hold)
    assert len(one.stripe.calls) == 1
    assert await one.attempt() == ("reversal_failed", 1000)


async def test_a_key_that_is_old_is_not_used_while_the_psp_is_silent() -> None:
    one = await Rerouted().begin()
    await one.learn(took(one.charge_id))
    one.stripe.answers_inquiries = False
    one.clock.advance(hours=23, minutes=30)
    assert isinstance(await one.reverse(), RetryIn)
    one.clock.advance(hours=1)
    assert isinstance(await one.reverse(attempt=2), Hold)
    assert one.stripe.calls == []


async def test_nothing_is_given_back_by_a_clock_that_went_back() -> None:
    one = await Rerouted().begin()
    await one.learn(took(one.charge_id))
    one.clock.advance(hours=-2)
    assert isinstance(await one.reverse(), RetryIn)
    assert one.stripe.calls == []


@pytest.mark.parametrize("kind", ["captured", "authorized"])
async def test_a_reversal_that_the_psp_refuses_goes_to_a_person(kind: str) -> None:
    refused = RefundRejected(code="not_refundable", message="No.", occurred_at=NOON)
    one = await Rerouted(refund=[refused], cancel=[Rejected(failure=FAILURE, occurred_at=NOON)]).begin()
    await one.learn(took(one.charge_id, kind))
    held = await one.reverse()
    assert isinstance(held, Hold)
    assert f"attempt 1 of {one.charge_id} at stripe account test" in held.reason
    assert await one.attempt() == ("reversal_failed", 1000)
    assert await one.reverse() == Done(), "requeued, it tries again"
    assert await one.attempt() == ("reversed" if kind == "captured" else "released", 1000)
    assert len(one.stripe.calls) == 2


async def test_a_reversal_that_fails_twice_is_told_once() -> None:
    refused = RefundRejected(code="not_refundable", message="No.", occurred_at=NOON)
    one = await Rerouted(refund=[refused] * 2).begin()
    await one.learn(took(one.charge_id))
    for _ in range(2):
        assert isinstance(await one.reverse(), Hold)
    history: list[str] = list(await one.harness.history(one.charge_id))
    assert history.count("charge.attempt_reversal_failed") == 1


@pytest.mark.parametrize(("ends", "status"), [("succeeded", "reversed"), ("failed", "reversal_failed")])
async def test_a_pending_reversal_is_polled(ends: Any, status: str) -> None:
    one = await Rerouted().begin()
    one.stripe.refund_status = "pending"
    await one.learn(took(one.charge_id))
    assert isinstance(await one.reverse(), RetryIn)
    one.clock.advance(days=5)
    assert isinstance(await one.reverse(attempt=2), RetryIn)
    ((reference, report),) = one.stripe.refunds.items()
    one.stripe.refunds[reference] = _with_status(report, ends)
    result = await one.reverse(attempt=3)
    assert isinstance(result, Done if ends == "succeeded" else Hold)
    assert (await one.attempt())[0] == status
    assert len(one.stripe.calls) == 1


def _with_status(report: RefundReport, status: Any) -> RefundReport:
    return RefundReport(
        status=status,
        psp_reference=report.psp_reference,
        money=report.money,
        occurred_at=report.occurred_at,
        refund_id=report.refund_id,
    )


async def test_a_call_that_outlives_its_attempt_is_not_lost() -> None:
    """A worker was held up in its call; meanwhile the charge went to another account."""
    one = Rerouted()
    one.charge_id = await one.harness.charge(jobs=(), **routed(STRIPE_FIRST, THEN_PAYPAL))
    one.stripe.scripts["authorize"].clear()

    async def rerouted_meanwhile(request: AuthorizeRequest) -> None:
        one.stripe.before_answer = None
        one.stripe.scripts["authorize"].extend([REFUSED])
        await one.harness.do(authorize_job(one.charge_id), attempt=2)
        await one.harness.do(authorize_job(one.charge_id, attempt=2))

    one.stripe.before_answer = rerouted_meanwhile
    await one.harness.do(authorize_job(one.charge_id))
    charge = await one.state()
    assert (charge.status, charge.psp, charge.captured_minor) == ("succeeded", PAYPAL, 1000)
    assert await one.attempt() == ("captured", 1000)
    await one.reverse()
    assert await one.attempt() == ("reversed", 1000)


async def told(one: Rerouted, event: Told, attempt: int = 1) -> JobResult:
    await one.harness.deliver(event)
    jobs = [job for job in one.harness.waiting_jobs() if job.kind == "webhook.interpret"]
    return await one.harness.do(jobs[-1], attempt)


async def test_a_report_of_an_unclear_late_payment_is_held_in_the_end() -> None:
    one = await Rerouted().begin()
    event = Told(event_id="evt_1", charge_id=one.charge_id, says="captured")
    assert isinstance(await told(one, event), RetryIn)
    assert await told(one, event, attempt=20) == Done()
    assert [held.reason for held in (await one.state()).held_reports] == ["not_understood"]


async def test_a_report_of_a_late_payment_of_another_amount_is_held() -> None:
    one = await Rerouted().begin()
    one.stripe.becomes(one.charge_id, took(one.charge_id, amount_minor=1001))
    event = Told(event_id="evt_1", charge_id=one.charge_id, says="captured")
    await told(one, event, attempt=20)
    assert len((await one.state()).held_reports) == 1
    assert await one.attempt() == ("abandoned", 0)


async def test_a_dispute_of_an_abandoned_attempt_goes_to_a_person() -> None:
    one = await Rerouted().begin()
    one.stripe.becomes(one.charge_id, took(one.charge_id))
    dispute = DisputeReport(
        psp_reference=PspReference("dp_1"),
        status="needs_response",
        money=Money(1000, USD),
        reason="fraudulent",
        is_inquiry=False,
        occurred_at=NOON,
    )
    event = Told(event_id="evt_1", charge_id=one.charge_id, says="dispute", dispute=dispute)
    assert await told(one, event) == Done()
    assert [held.reason for held in (await one.state()).held_reports] == ["contradicts_state"]
    assert await one.attempt() == ("captured", 1000)
    assert (await one.state()).disputes == ()


async def test_fraud_warning_of_an_abandoned_attempt_goes_to_a_person() -> None:
    one = await Rerouted().begin()
    one.stripe.becomes(one.charge_id, took(one.charge_id))
    warning = FraudWarningReport(
        psp_reference=PspReference("issfr_1"),
        fraud_type="stolen_card",
        is_actionable=True,
        warned_at=NOON,
        occurred_at=NOON,
    )
    event = Told(event_id="evt_1", charge_id=one.charge_id, says="warning", warning=warning)
    assert await told(one, event) == Done()
    state = await one.state()
    assert [held.reason for held in state.held_reports] == ["contradicts_state"]
    assert state.fraud_warnings == ()


async def test_a_reversal_that_bounces_later_goes_to_a_person() -> None:
    one = await Rerouted().begin()
    await one.learn(took(one.charge_id))
    await one.reverse()
    ((_, report),) = one.stripe.refunds.items()
    failed = _with_status(report, "failed")
    event = Told(event_id="evt_1", charge_id=one.charge_id, says="refund", refund=failed)
    assert await told(one, event) == Done()
    assert [held.reason for held in (await one.state()).held_reports] == ["contradicts_state"]


async def test_report_of_account_that_had_no_attempt_is_not_believed() -> None:
    one = await Rerouted().begin()
    await one.harness.tell(one.charge_id, "captured", account="live")
    (job,) = [job for job in one.harness.waiting_jobs() if job.kind == "webhook.interpret"]
    assert await one.harness.do(job) == Done()
    assert await one.attempt() == ("abandoned", 0)


async def test_what_a_psp_cannot_say_is_a_persons_after_a_day() -> None:
    one = await Rerouted().begin()
    one.stripe.becomes(one.charge_id, Unknown(reason="processing", since=NOON))
    assert isinstance(await one.reverse(), RetryIn)
    one.clock.advance(days=1, hours=1)
    held = await one.reverse(attempt=9)
    assert isinstance(held, Hold)
    assert f"`fincore charges resolve {one.charge_id} given_back`" in held.reason


async def say_given_back(one: Rerouted) -> None:
    """A person looked the attempt up of which FinCore could find out nothing."""
    charge, seen = await one.state(), Resolution(decided_by="ada", reason="No such payment")
    events = decide_charge_outcome(charge, "given_back", seen, NOON, given_up=[1])
    assert not isinstance(events, Refusal)
    await one.harness.append(one.charge_id, *events, version=charge.version)


async def test_an_attempt_said_to_have_no_money_is_looked_for_no_more() -> None:
    one = await Rerouted().begin()
    one.stripe.becomes(one.charge_id, Unknown(reason="processing", since=NOON))
    await say_given_back(one)
    assert await one.attempt() == ("released", 0)
    assert await one.reverse() == Done()


async def test_late_capture_of_what_was_said_to_be_nothing_is_held() -> None:
    one = await Rerouted().begin()
    await say_given_back(one)
    one.stripe.becomes(one.charge_id, took(one.charge_id))
    assert await told(one, Told(event_id="evt_1", charge_id=one.charge_id, says="captured")) == Done()
    assert [held.reason for held in (await one.state()).held_reports] == ["contradicts_state"]


@pytest.mark.parametrize("kind", ["captured", "authorized"])
async def test_a_late_success_told_twice_is_recorded_once(kind: str) -> None:
    one = await Rerouted().begin()
    await one.learn(took(one.charge_id, kind))
    version = (await one.state()).version
    await told(one, Told(event_id="evt_1", charge_id=one.charge_id, says="captured"))
    assert (await one.state()).version == version


async def test_hold_is_not_released_under_a_key_maybe_forgotten() -> None:
    one = await Rerouted(cancel=[lost_before]).begin()
    await one.learn(took(one.charge_id, "authorized"))
    assert isinstance(await one.reverse(), RetryIn)
    one.clock.advance(hours=23, minutes=1)
    assert isinstance(await one.reverse(attempt=2), Hold)
    assert len(one.stripe.calls) == 1
    assert await one.attempt() == ("reversal_failed", 1000)


async def test_a_record_of_another_amount_is_no_record_of_the_attempt() -> None:
    one = await Rerouted().begin()
    refusal = decide_attempt(await one.state(), 1, took(one.charge_id, amount_minor=1001), NOON)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "amount_exceeds_charge"


@pytest.mark.parametrize("kind", ["captured", "authorized"])
async def test_a_person_may_say_that_the_money_went_back(kind: str) -> None:
    refused = RefundRejected(code="not_refundable", message="No.", occurred_at=NOON)
    one = await Rerouted(refund=[refused], cancel=[Rejected(failure=FAILURE, occurred_at=NOON)]).begin()
    seen = Resolution(decided_by="ada", reason="Given back by hand")
    assert isinstance(decide_charge_outcome(await one.state(), "given_back", seen, NOON), Refusal)
    await one.learn(took(one.charge_id, kind))
    assert isinstance(decide_charge_outcome(await one.state(), "given_back", seen, NOON), Refusal)
    await one.reverse()
    charge = await one.state()
    events = decide_charge_outcome(charge, "given_back", seen, NOON)
    assert not isinstance(events, Refusal)
    await one.harness.append(one.charge_id, *events, version=charge.version)
    assert (await one.attempt())[0] == ("reversed" if kind == "captured" else "released")
    assert await one.reverse() == Done()
    assert (await one.state()).status == charge.status
