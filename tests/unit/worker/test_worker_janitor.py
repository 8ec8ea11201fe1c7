"""Unknown outcomes belong to the janitor until the PSP's record, or a person, decides them."""

from functools import partial

import pytest

from fincore.domain.ids import ChargeId
from fixtures.scripted_psp import ScriptedPsp, approve, lost_after, lost_before
from fixtures.waiting import eventually
from fixtures.worker_harness import WorkerHarness, harness_in_memory


async def _inquired(harness: WorkerHarness, times: int) -> bool:
    return len(harness.psp.inquiries) >= times


async def _unknown(harness: WorkerHarness, charge_id: ChargeId) -> bool:
    return (await harness.state(charge_id)).unknown_since is not None


async def test_applied_outcome_is_found_without_repeating_call() -> None:
    psp = ScriptedPsp(lost_after)
    async with harness_in_memory(psp) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        assert (await harness.state(charge_id)).status == "succeeded"
    assert len(psp.requests) == 1
    assert [inquiry.created_at for inquiry in psp.inquiries] == [harness.clock.now()]


async def test_payment_not_yet_in_search_is_repeated_under_its_key() -> None:
    psp = ScriptedPsp(lost_after)
    psp.search_sees = False
    async with harness_in_memory(psp) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        assert (await harness.state(charge_id)).status == "succeeded"
    assert len(psp.requests) == 2
    assert psp.charges_made == 1


async def test_payment_undecided_at_psp_stays_processing() -> None:
    psp = ScriptedPsp(lost_after)
    psp.undecided = True
    async with harness_in_memory(psp) as harness:
        charge_id = await harness.charge()
        await eventually(partial(_inquired, harness, 3))
        assert (await harness.state(charge_id)).status == "processing"
        psp.undecided = False
        await harness.idle()
        assert await harness.history(charge_id) == [
            "charge.created",
            "charge.outcome_unknown",
            "charge.captured",
        ]
    assert len(psp.requests) == 1


async def test_payment_without_inquiry_answer_is_repeated_under_key() -> None:
    psp = ScriptedPsp(lost_before)
    psp.answers_inquiries = False
    async with harness_in_memory(psp) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        assert (await harness.state(charge_id)).status == "succeeded"
    assert len({request.idempotency_key for request in psp.requests}) == 1
    assert len(psp.carried_out) == 1


async def test_a_psp_that_cannot_be_asked_is_asked_again() -> None:
    psp = ScriptedPsp(*[lost_after] * 1000)
    psp.answers_inquiries = False
    async with harness_in_memory(psp) as harness:
        charge_id = await harness.charge()
        await eventually(partial(_inquired, harness, 3))
        assert (await harness.state(charge_id)).status == "processing"
        psp.answers_inquiries = True
        await harness.idle()
        assert (await harness.state(charge_id)).status == "succeeded"


async def test_payment_never_visible_fails_after_search_lag() -> None:
    psp = ScriptedPsp(*[lost_before] * 1000)
    async with harness_in_memory(psp) as harness:
        charge_id = await harness.charge()
        await eventually(partial(_inquired, harness, 2))
        harness.clock.advance(minutes=15)
        asked = len(psp.inquiries)
        await eventually(partial(_inquired, harness, asked + 2))
        assert await _unknown(harness, charge_id)
        sent = len(psp.requests)

        harness.clock.advance(minutes=4)
        await harness.idle()
        charge = await harness.state(charge_id)
    assert charge.status == "failed"
    assert charge.failure is not None
    assert (charge.failure.code, charge.failure.advice) == ("psp_unavailable", "retry_later")
    assert len(psp.requests) == sent
    assert psp.charges_made == 0


async def test_payment_undecided_for_a_day_becomes_dead_letter() -> None:
    psp = ScriptedPsp(lost_after)
    psp.undecided = True
    async with harness_in_memory(psp) as harness:
        charge_id = await harness.charge()
        await eventually(partial(_inquired, harness, 1))
        harness.clock.advance(hours=24)
        await harness.idle()
        (letter,) = await harness.held()
        assert letter.kind == "charge.resolve"
        assert letter.reason.startswith(f"{charge_id}: the PSP could not say for 24 h")
        assert (await harness.state(charge_id)).status == "processing"

        psp.undecided = False
        await harness.requeue(letter.job_id)
        await harness.idle()
        assert (await harness.state(charge_id)).status == "succeeded"
        assert await harness.held() == []


@pytest.mark.parametrize("search_sees", [True, False])
async def test_webhook_deciding_unknown_outcome_ends_inquiries(*, search_sees: bool) -> None:
    psp = ScriptedPsp(*[lost_after] * 1000)
    psp.answers_inquiries = False
    psp.search_sees = search_sees
    async with harness_in_memory(psp) as harness:
        charge_id = await harness.charge()
        await eventually(partial(_unknown, harness, charge_id))
        assert await harness.tell(charge_id, "captured") == "accepted"
        await harness.idle()
        assert await harness.history(charge_id) == [
            "charge.created",
            "charge.outcome_unknown",
            "charge.captured",
        ]
        assert await harness.held() == []
    assert approve(psp.requests[0]) == psp.carried_out[psp.requests[0].idempotency_key]
