"""What the worker makes of a PSP's words about captures, cancellations, refunds and what waits for others."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import pytest

from fincore.domain.currency import Currency
from fincore.domain.events import EventType
from fincore.domain.ids import ChargeId
from fincore.domain.money import Money
from fincore.domain.outcome import (
    Approved,
    DisputeMovements,
    DisputeReport,
    Expired,
    Failure,
    PspReference,
    RefundRejected,
    RefundReport,
    Rejected,
    Retryable,
)
from fincore.write.worker.policies.follow_up_jobs import PollPolicy
from fixtures.scripted_psp import (
    NOON,
    Line,
    ScriptedPsp,
    Told,
    approve,
    decline,
    lost_after,
    lost_before,
    require_action,
)
from fixtures.waiting import eventually
from fixtures.worker_harness import WorkerHarness, harness_in_memory

USD = Currency("usd")
BUSY = Retryable(reason="429: too many requests")
REJECTED = Rejected(
    failure=Failure(code="psp_rejected_request", message="No.", advice="do_not_retry"), occurred_at=NOON
)
NOT_REFUNDABLE = RefundRejected(code="not_refundable", message="No.", occurred_at=NOON)
PATIENT = PollPolicy(action_pauses_seconds=(0.05,), lapse_grace_seconds=0.0, lapse_pause_seconds=0.05)


async def authorized(harness: WorkerHarness) -> ChargeId:
    charge_id = await harness.charge(capture_method="manual")
    await harness.idle()
    return charge_id


async def told_since(harness: WorkerHarness, charge_id: ChargeId, version: int) -> list[EventType]:
    return (await harness.history(charge_id))[version:]


CAPTURES: list[tuple[str, Sequence[Line], list[str]]] = [
    ("approved", [], ["charge.captured"]),
    ("rejected", [REJECTED], ["charge.capture_failed"]),
    ("busy", [BUSY, BUSY], ["charge.captured"]),
    ("lost before", [lost_before], ["charge.outcome_unknown", "charge.captured"]),
    ("lost after", [lost_after], ["charge.outcome_unknown", "charge.captured"]),
    ("lost and rejected", [lost_before, REJECTED], ["charge.outcome_unknown", "charge.capture_failed"]),
    ("busy to the end", [BUSY] * 3, ["charge.outcome_unknown", "charge.captured"]),
]


@pytest.mark.parametrize(("name", "script", "told"), CAPTURES, ids=[name for name, _, _ in CAPTURES])
async def test_an_answer_to_a_capture_becomes_these_events(
    name: str, script: Sequence[Line], told: list[str]
) -> None:
    psp = ScriptedPsp(capture=script)
    async with harness_in_memory(psp) as harness:
        charge_id = await authorized(harness)
        await harness.ask_capture(charge_id, 400)
        await harness.idle()
        assert await told_since(harness, charge_id, 3) == told, name
        charge = await harness.state(charge_id)
        assert charge.captured_minor == (400 if "charge.captured" in told else 0)
        assert charge.operation is None
        assert await harness.held() == []
    assert {call.idempotency_key for call in psp.calls} == {f"{charge_id}:capture:1"}


async def test_a_capture_asked_for_again_after_a_failure_is_a_new_call() -> None:
    psp = ScriptedPsp(capture=[REJECTED])
    async with harness_in_memory(psp) as harness:
        charge_id = await authorized(harness)
        for _ in range(2):
            await harness.ask_capture(charge_id)
            await harness.idle()
        assert (await harness.state(charge_id)).status == "succeeded"
    assert [call.idempotency_key for call in psp.calls] == [
        f"{charge_id}:capture:1",
        f"{charge_id}:capture:2",
    ]


async def test_a_capture_that_never_arrives_fails_and_the_hold_stays() -> None:
    psp = ScriptedPsp(capture=[lost_before] * 1000)
    async with harness_in_memory(psp) as harness:
        charge_id = await authorized(harness)
        await harness.ask_capture(charge_id)
        await eventually(partial(_called, psp, 2))
        harness.clock.advance(minutes=20)
        await harness.idle()
        assert await told_since(harness, charge_id, 3) == ["charge.outcome_unknown", "charge.capture_failed"]
        charge = await harness.state(charge_id)
    assert (charge.status, charge.captured_minor) == ("authorized", 0)
    assert charge.operation_failure is not None
    assert charge.operation_failure.failure.code == "psp_unavailable"


async def test_capture_of_lapsed_hold_ends_in_expired_charge() -> None:
    psp = ScriptedPsp(capture=[lost_before])
    async with harness_in_memory(psp) as harness:
        charge_id = await authorized(harness)
        reference = (await harness.state(charge_id)).psp_reference
        assert reference is not None
        psp.becomes(
            charge_id,
            Expired(reason="authorization_lapsed", psp_reference=reference, occurred_at=NOON),
        )
        await harness.ask_capture(charge_id)
        await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.status, charge.captured_minor, charge.operation) == ("expired", 0, None)


@pytest.mark.parametrize(
    ("script", "status"),
    [([], "canceled"), ([lost_after], "canceled"), ([REJECTED], "authorized")],
    ids=["approved", "lost after", "rejected"],
)
async def test_a_cancellation_releases_the_hold_or_leaves_it(script: Sequence[Line], status: str) -> None:
    psp = ScriptedPsp(cancel=script)
    async with harness_in_memory(psp) as harness:
        charge_id = await authorized(harness)
        await harness.ask_cancel(charge_id)
        await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.status, charge.operation, charge.unknown_since) == (status, None, None)


REFUNDS: list[tuple[str, Sequence[Line], list[str]]] = [
    ("succeeded", [], ["refund.requested", "refund.succeeded"]),
    ("refused", [NOT_REFUNDABLE], ["refund.requested", "refund.failed"]),
    ("busy", [BUSY], ["refund.requested", "refund.succeeded"]),
    ("lost before", [lost_before], ["refund.requested", "refund.outcome_unknown", "refund.succeeded"]),
    ("lost after", [lost_after], ["refund.requested", "refund.outcome_unknown", "refund.succeeded"]),
]


@pytest.mark.parametrize(("name", "script", "told"), REFUNDS, ids=[name for name, _, _ in REFUNDS])
async def test_an_answer_to_a_refund_becomes_these_events(
    name: str, script: Sequence[Line], told: list[str]
) -> None:
    psp = ScriptedPsp(refund=script)
    async with harness_in_memory(psp) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        refund_id = await harness.ask_refund(charge_id, 300)
        await harness.idle()
        assert await told_since(harness, charge_id, 2) == told, name
        refund = (await harness.state(charge_id)).refund(refund_id)
        assert refund is not None
        assert refund.unknown_since is None
        assert await harness.held() == []
    assert {call.idempotency_key for call in psp.calls} == {f"{refund_id}:refund"}
    assert len(psp.refunds) == ("refund.succeeded" in told)


async def test_a_refund_that_never_arrives_fails_and_frees_its_amount() -> None:
    psp = ScriptedPsp(refund=[lost_before] * 1000)
    async with harness_in_memory(psp) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        await harness.ask_refund(charge_id)
        await eventually(partial(_called, psp, 2))
        harness.clock.advance(minutes=20)
        await harness.idle()
        charge = await harness.state(charge_id)
        assert [refund.failure_code for refund in charge.refunds] == ["psp_unavailable"]
        assert charge.refundable_minor == 1000


async def test_a_pending_refund_is_asked_about_until_it_ends() -> None:
    psp = ScriptedPsp()
    psp.refund_status = "pending"
    policy = PollPolicy(refund_pause_seconds=0.05)
    async with harness_in_memory(psp, poll_policy=policy) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        await harness.ask_refund(charge_id)
        await eventually(partial(_refund_inquired, psp, 2))
        (reference, report), *_ = psp.refunds.items()
        psp.refunds[reference] = _as(report, "succeeded")
        await harness.idle()
        assert await told_since(harness, charge_id, 2) == [
            "refund.requested",
            "refund.pending",
            "refund.succeeded",
        ]


async def test_refund_pending_for_30_days_becomes_dead_letter() -> None:
    psp = ScriptedPsp()
    psp.refund_status = "pending"
    policy = PollPolicy(refund_pause_seconds=0.05)
    async with harness_in_memory(psp, poll_policy=policy) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        await harness.ask_refund(charge_id)
        await eventually(partial(_refund_inquired, psp, 1))
        harness.clock.advance(days=30)
        await harness.idle()
        (letter,) = await harness.held()
        assert "pending at the PSP for 30 days" in letter.reason


async def test_a_refund_webhook_before_our_own_answer_is_one_refund() -> None:
    psp = ScriptedPsp(refund=[lost_after])
    async with harness_in_memory(psp) as harness:
        psp.answers_inquiries = False
        charge_id = await harness.charge()
        await harness.idle()
        refund_id = await harness.ask_refund(charge_id, 300)
        await eventually(partial(_refunded, psp))
        (report,) = psp.refunds.values()
        await harness.deliver(Told(event_id="evt_re", says="refund", charge_id=charge_id, refund=report))
        await harness.idle()
        charge = await harness.state(charge_id)
        assert [(one.refund_id, one.status) for one in charge.refunds] == [(refund_id, "succeeded")]
        assert charge.refunded_minor == 300


async def test_refund_failing_after_success_is_refundable_again() -> None:
    async with harness_in_memory(ScriptedPsp()) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        await harness.ask_refund(charge_id)
        await harness.idle()
        (report,) = harness.psp.refunds.values()
        failed = _as(report, "failed")
        for number in range(2):
            await harness.deliver(
                Told(event_id=f"evt_{number}", says="refund", charge_id=charge_id, refund=failed)
            )
        await harness.idle()
        assert (await harness.history(charge_id))[-1] == "refund.failed"
        assert (await harness.state(charge_id)).refundable_minor == 1000


async def test_refund_success_after_failure_is_verified_and_ignored() -> None:
    async with harness_in_memory(ScriptedPsp()) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        await harness.ask_refund(charge_id)
        await harness.idle()
        (reference, report), *_ = harness.psp.refunds.items()
        harness.psp.refunds[reference] = _as(report, "failed")
        for number, said in enumerate((_as(report, "failed"), report)):
            await harness.deliver(
                Told(event_id=f"evt_{number}", says="refund", charge_id=charge_id, refund=said)
            )
            await harness.idle()
        assert (await harness.history(charge_id))[-1] == "refund.failed"
        assert await harness.held() == []


async def test_refund_made_at_psp_is_recorded_on_charge() -> None:
    async with harness_in_memory(ScriptedPsp()) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        said = RefundReport(
            status="succeeded",
            psp_reference=PspReference("re_dashboard"),
            money=Money(250, USD),
            occurred_at=NOON,
        )
        told = Told(event_id="evt_1", says="refund", payment=f"pi_{charge_id}", refund=said)
        await harness.deliver(told)
        await harness.idle()
        (refund,) = (await harness.state(charge_id)).refunds
        assert (refund.origin, refund.status, refund.amount_minor) == ("psp", "succeeded", 250)


async def test_refund_reported_before_capture_records_capture_first() -> None:
    async with harness_in_memory(ScriptedPsp()) as harness:
        charge_id = await harness.charge(jobs=())
        harness.psp.becomes(charge_id, _captured(charge_id))
        said = RefundReport(
            status="succeeded", psp_reference=PspReference("re_1"), money=Money(1000, USD), occurred_at=NOON
        )
        await harness.deliver(Told(event_id="evt_1", says="refund", payment=f"pi_{charge_id}", refund=said))
        await harness.idle()
        assert await harness.history(charge_id) == [
            "charge.created",
            "charge.captured",
            "refund.requested",
            "refund.succeeded",
        ]


async def test_dispute_naming_only_psp_payment_finds_its_charge() -> None:
    async with harness_in_memory(ScriptedPsp()) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        said = DisputeReport(
            psp_reference=PspReference("dp_1"),
            status="needs_response",
            money=Money(1000, USD),
            reason="fraudulent",
            is_inquiry=False,
            occurred_at=NOON,
            movements=(DisputeMovements(currency=USD, withdrawn_minor=1000, withdrawn_fee_minor=1500),),
        )
        told = Told(event_id="evt_1", says="dispute", payment=f"pi_{charge_id}", dispute=said)
        await harness.deliver(told)
        await harness.idle()
        assert (await harness.history(charge_id))[2:] == ["dispute.opened", "dispute.funds_withdrawn"]
        elsewhere = Told(event_id="evt_2", says="dispute", payment="pi_of_others", dispute=said)
        await harness.deliver(elsewhere)
        await harness.idle()
        assert await harness.held() == []


async def test_customer_action_finished_without_webhook_is_noticed() -> None:
    psp = ScriptedPsp(require_action)
    async with harness_in_memory(psp, poll_policy=PATIENT) as harness:
        charge_id = await harness.charge()
        await eventually(partial(_inquired, psp, 2))
        psp.becomes(charge_id, _captured(charge_id))
        await harness.idle()
        assert await harness.history(charge_id) == [
            "charge.created",
            "charge.action_required",
            "charge.captured",
        ]


async def test_customer_action_never_finished_expires_charge() -> None:
    psp = ScriptedPsp(require_action)
    async with harness_in_memory(psp, poll_policy=PATIENT) as harness:
        charge_id = await harness.charge()
        await eventually(partial(_inquired, psp, 1))
        harness.clock.advance(hours=1)
        await harness.idle()
        assert (await harness.history(charge_id))[2:] == ["charge.cancel_requested", "charge.expired"]
        assert (await harness.state(charge_id)).status == "expired"


async def test_customer_action_unreadable_for_a_day_is_dead_letter() -> None:
    psp = ScriptedPsp(require_action)
    async with harness_in_memory(psp, poll_policy=PATIENT) as harness:
        psp.answers_inquiries = False
        await harness.charge()
        await eventually(partial(_inquired, psp, 1))
        harness.clock.advance(hours=24)
        await harness.idle()
        (letter,) = await harness.held()
        assert (letter.kind, "look it up at the PSP" in letter.reason) == ("charge.follow", True)


async def test_a_hold_that_lapsed_is_seen_though_no_webhook_came() -> None:
    def hold_for_a_day(request: Any) -> Any:
        held = approve(request)
        assert isinstance(held, Approved)
        return Approved(
            kind="authorized",
            money=held.money,
            psp_reference=held.psp_reference,
            occurred_at=NOON,
            capture_before=NOON + timedelta(milliseconds=200),
        )

    psp = ScriptedPsp(hold_for_a_day)
    async with harness_in_memory(psp, poll_policy=PATIENT) as harness:
        charge_id = await harness.charge(capture_method="manual")
        await eventually(partial(_has_reference, harness, charge_id))
        harness.clock.advance(days=1)
        await eventually(partial(_inquired, psp, 1))
        assert (await harness.state(charge_id)).status == "authorized"
        reference = (await harness.state(charge_id)).psp_reference
        assert reference is not None
        lapsed = Expired(reason="authorization_lapsed", psp_reference=reference, occurred_at=NOON)
        psp.becomes(charge_id, lapsed)
        await harness.idle()
        assert (await harness.history(charge_id))[-1] == "charge.expired"


async def test_fee_missing_from_webhook_is_read_from_psp() -> None:
    psp = ScriptedPsp()
    async with harness_in_memory(psp, poll_policy=PollPolicy(fee_pause_seconds=0.05)) as harness:
        charge_id = await harness.charge(jobs=())
        fee = Money(59, USD)
        psp.becomes(charge_id, msgspec.structs.replace(_captured(charge_id), fee=fee))
        await harness.tell(charge_id, "captured")
        await harness.idle()
        assert await harness.history(charge_id) == [
            "charge.created",
            "charge.captured",
            "charge.fee_assessed",
        ]
        assert (await harness.state(charge_id)).fee == fee


async def test_fee_of_corrected_charge_is_read_from_psp() -> None:
    psp = ScriptedPsp(decline)
    async with harness_in_memory(psp, poll_policy=PollPolicy(fee_pause_seconds=0.05)) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        fee = Money(59, USD)
        psp.becomes(charge_id, msgspec.structs.replace(_captured(charge_id), fee=fee))
        await harness.tell(charge_id, "captured")
        await harness.idle()
        assert await harness.history(charge_id) == [
            "charge.created",
            "charge.failed",
            "charge.corrected",
            "charge.fee_assessed",
        ]
        assert (await harness.state(charge_id)).fee == fee


async def test_fee_that_psp_never_reports_is_polled_boundedly() -> None:
    psp = ScriptedPsp()
    async with harness_in_memory(psp, poll_policy=PollPolicy(fee_pause_seconds=0.0)) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        assert (await harness.state(charge_id)).fee is None
        assert len(psp.inquiries) == PollPolicy().fee_looks_max


def _captured(charge_id: ChargeId) -> Approved:
    return Approved(
        kind="captured",
        money=Money(1000, USD),
        psp_reference=PspReference(f"pi_{charge_id}"),
        occurred_at=NOON,
    )


def _as(report: RefundReport, status: Any) -> RefundReport:
    return RefundReport(
        status=status,
        psp_reference=report.psp_reference,
        money=report.money,
        occurred_at=report.occurred_at,
        refund_id=report.refund_id,
    )


async def _called(psp: ScriptedPsp, times: int) -> bool:
    return len(psp.calls) >= times


async def _inquired(psp: ScriptedPsp, times: int) -> bool:
    return len(psp.inquiries) >= times


async def _refund_inquired(psp: ScriptedPsp, times: int) -> bool:
    return len(psp.refund_inquiries) >= times


async def _has_reference(harness: WorkerHarness, charge_id: ChargeId) -> bool:
    return (await harness.state(charge_id)).psp_reference is not None


async def _refunded(psp: ScriptedPsp) -> bool:
    return bool(psp.refunds)
