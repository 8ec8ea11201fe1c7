"""The PSP is asked for a merchant that waits, or for staff, at most once an interval for a charge."""

from functools import partial

from fincore.domain.currency import Currency
from fincore.domain.events import ChargeOutcomeUnknown, RefundRequested
from fincore.domain.ids import ChargeId, new_refund_id, stream_of
from fincore.domain.money import Money
from fincore.domain.outcome import Approved, Outcome, PspReference
from fincore.domain.requests import request_refund
from fincore.write.queue.job_payloads import inquire_job
from fincore.write.worker.policies.follow_up_jobs import PollPolicy
from fixtures.scripted_psp import NOON, ScriptedPsp, require_action
from fixtures.waiting import eventually
from fixtures.worker_harness import WorkerHarness, harness_in_memory

USD = Currency("usd")
ONLY_ASKED = PollPolicy(action_pauses_seconds=(3600.0,), inquiry_interval_seconds=3600.0)
"""No look by the clock comes in time, and an interval does not end."""


def paid(charge_id: ChargeId) -> Outcome:
    reference = PspReference(f"pi_{charge_id}")
    return Approved(kind="captured", money=Money(1000, USD), psp_reference=reference, occurred_at=NOON)


async def waiting_for_its_customer(harness: WorkerHarness) -> ChargeId:
    charge_id = await harness.charge()

    async def requires_action() -> bool:
        return (await harness.state(charge_id)).status == "requires_action"

    await eventually(requires_action)
    return charge_id


async def test_customer_action_is_noticed_on_request_of_merchant() -> None:
    psp = ScriptedPsp(require_action)
    async with harness_in_memory(psp, poll_policy=ONLY_ASKED) as harness:
        charge_id = await waiting_for_its_customer(harness)
        psp.becomes(charge_id, paid(charge_id))
        await harness.put(inquire_job(charge_id))
        await harness.idle()
        assert (await harness.state(charge_id)).status == "succeeded"


async def test_psp_is_asked_once_per_interval_for_many_requests() -> None:
    psp = ScriptedPsp(require_action)
    async with harness_in_memory(psp, poll_policy=ONLY_ASKED) as harness:
        charge_id = await waiting_for_its_customer(harness)
        for _ in range(20):
            await harness.put(inquire_job(charge_id))
        await harness.idle()
        for _ in range(20):
            await harness.put(inquire_job(charge_id))
        await harness.idle()
        assert len(psp.inquiries) == 1


async def test_psp_is_asked_again_when_the_interval_is_over() -> None:
    psp = ScriptedPsp(require_action)
    policy = PollPolicy(action_pauses_seconds=(3600.0,), inquiry_interval_seconds=0.0)
    async with harness_in_memory(psp, poll_policy=policy) as harness:
        charge_id = await waiting_for_its_customer(harness)

        async def asked(times: int) -> bool:
            await harness.put(inquire_job(charge_id))
            return len(psp.inquiries) >= times

        await eventually(partial(asked, 2))
        await harness.idle()
        assert await harness.held() == []


async def test_charge_that_moved_on_is_not_asked_about() -> None:
    psp = ScriptedPsp()
    async with harness_in_memory(psp, poll_policy=ONLY_ASKED) as harness:
        charge_id = await harness.charge()

        async def is_paid() -> bool:
            return (await harness.state(charge_id)).status == "succeeded"

        await eventually(is_paid)
        await harness.put(inquire_job(charge_id))
        await harness.idle()
        assert psp.inquiries == []


async def test_inquiry_that_contradicts_the_charge_is_not_held() -> None:
    """`charge.follow` sees the same record, and holds: polling must not make a dead letter each time."""
    psp = ScriptedPsp(require_action)
    async with harness_in_memory(psp, poll_policy=ONLY_ASKED) as harness:
        charge_id = await waiting_for_its_customer(harness)
        too_much = Approved(
            kind="captured",
            money=Money(1001, USD),
            psp_reference=PspReference(f"pi_{charge_id}"),
            occurred_at=NOON,
        )
        psp.becomes(charge_id, too_much)
        await harness.put(inquire_job(charge_id))
        await harness.idle()
        assert len(psp.inquiries) >= 1
        assert await harness.held() == []
        assert len(await harness.log.load(stream_of(charge_id))) == 2


async def test_inquiry_without_answer_changes_nothing() -> None:
    psp = ScriptedPsp(require_action)
    async with harness_in_memory(psp, poll_policy=ONLY_ASKED) as harness:
        charge_id = await waiting_for_its_customer(harness)
        psp.answers_inquiries = False
        await harness.put(inquire_job(charge_id))
        await harness.idle()
        assert (await harness.state(charge_id)).status == "requires_action"
        assert await harness.held() == []


async def in_doubt(harness: WorkerHarness) -> ChargeId:
    """A charge with an unknown outcome that no job looks after."""
    charge_id = await harness.charge(jobs=())
    await harness.append(charge_id, ChargeOutcomeUnknown(reason="timeout", since=NOON), version=1)
    return charge_id


async def test_unknown_outcome_is_found_on_request_of_staff() -> None:
    psp = ScriptedPsp()
    async with harness_in_memory(psp, poll_policy=ONLY_ASKED) as harness:
        charge_id = await in_doubt(harness)
        psp.becomes(charge_id, paid(charge_id))
        await harness.put(inquire_job(charge_id))
        await harness.idle()
        assert (await harness.state(charge_id)).status == "succeeded"


async def test_inquiry_that_finds_nothing_repeats_no_call() -> None:
    psp = ScriptedPsp()
    async with harness_in_memory(psp, poll_policy=ONLY_ASKED) as harness:
        charge_id = await in_doubt(harness)
        await harness.put(inquire_job(charge_id))
        await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.status, charge.unknown_since) == ("processing", NOON)
        assert (len(psp.inquiries), psp.requests) == (1, [])
        assert await harness.held() == []


async def test_open_refunds_are_asked_about_with_their_charge() -> None:
    psp = ScriptedPsp()
    async with harness_in_memory(psp, poll_policy=ONLY_ASKED) as harness:
        charge_id = await harness.charge()

        async def is_paid() -> bool:
            return (await harness.state(charge_id)).status == "succeeded"

        await eventually(is_paid)
        charge = await harness.state(charge_id)
        asked = request_refund(charge, new_refund_id(), 100, NOON)
        assert isinstance(asked, RefundRequested)
        await harness.append(charge_id, asked, version=charge.version)
        await harness.put(inquire_job(charge_id))
        await harness.idle()
        assert [one.refund_id for one in psp.refund_inquiries] == [asked.refund_id]
        refund = (await harness.state(charge_id)).refund(asked.refund_id)
        assert refund is not None
        assert refund.status == "processing"
