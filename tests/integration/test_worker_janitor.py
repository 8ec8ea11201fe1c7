"""Unknown outcomes on a real queue and a real log: owned by the janitor until somebody knows."""

from functools import partial

import pytest

from fincore.domain.ids import ChargeId
from fincore.postgres.pool import Pool
from fixtures.scripted_psp import ScriptedPsp, approve, lost_after, lost_before
from fixtures.waiting import eventually
from fixtures.worker_harness import House, open_house


async def _inquired(house: House, times: int) -> bool:
    return len(house.psp.inquiries) >= times


async def _unknown(house: House, charge_id: ChargeId) -> bool:
    return (await house.state(charge_id)).unknown_since is not None


async def test_applied_outcome_is_found_without_repeating_call(pool: Pool) -> None:
    psp = ScriptedPsp(lost_after)
    async with open_house(pool, psp) as house:
        charge_id = await house.charge()
        await house.idle()
        assert (await house.state(charge_id)).status == "succeeded"
    assert len(psp.requests) == 1
    assert [inquiry.created_at for inquiry in psp.inquiries] == [house.clock.now()]


async def test_payment_not_yet_in_search_is_repeated_under_its_key(pool: Pool) -> None:
    psp = ScriptedPsp(lost_after)
    psp.search_sees = False
    async with open_house(pool, psp) as house:
        charge_id = await house.charge()
        await house.idle()
        assert (await house.state(charge_id)).status == "succeeded"
    assert len(psp.requests) == 2
    assert psp.charges_made == 1


async def test_payment_undecided_at_psp_stays_processing(pool: Pool) -> None:
    psp = ScriptedPsp(lost_after)
    psp.undecided = True
    async with open_house(pool, psp) as house:
        charge_id = await house.charge()
        await eventually(partial(_inquired, house, 3))
        assert (await house.state(charge_id)).status == "processing"
        psp.undecided = False
        await house.idle()
        assert await house.history(charge_id) == [
            "charge.created",
            "charge.outcome_unknown",
            "charge.captured",
        ]
    assert len(psp.requests) == 1


async def test_payment_without_inquiry_answer_is_repeated_under_key(pool: Pool) -> None:
    psp = ScriptedPsp(lost_before)
    psp.answers_inquiries = False
    async with open_house(pool, psp) as house:
        charge_id = await house.charge()
        await house.idle()
        assert (await house.state(charge_id)).status == "succeeded"
    assert len({request.idempotency_key for request in psp.requests}) == 1
    assert len(psp.carried_out) == 1


async def test_a_psp_that_cannot_be_asked_is_asked_again(pool: Pool) -> None:
    psp = ScriptedPsp(*[lost_after] * 1000)
    psp.answers_inquiries = False
    async with open_house(pool, psp) as house:
        charge_id = await house.charge()
        await eventually(partial(_inquired, house, 3))
        assert (await house.state(charge_id)).status == "processing"
        psp.answers_inquiries = True
        await house.idle()
        assert (await house.state(charge_id)).status == "succeeded"


async def test_payment_never_visible_fails_after_search_lag(pool: Pool) -> None:
    psp = ScriptedPsp(*[lost_before] * 1000)
    async with open_house(pool, psp) as house:
        charge_id = await house.charge()
        await eventually(partial(_inquired, house, 2))
        house.clock.advance(minutes=15)
        asked = len(psp.inquiries)
        await eventually(partial(_inquired, house, asked + 2))
        assert await _unknown(house, charge_id)
        sent = len(psp.requests)

        house.clock.advance(minutes=4)
        await house.idle()
        charge = await house.state(charge_id)
    assert charge.status == "failed"
    assert charge.failure is not None
    assert (charge.failure.code, charge.failure.advice) == ("psp_unavailable", "retry_later")
    assert len(psp.requests) == sent
    assert psp.charges_made == 0


async def test_payment_undecided_for_a_day_becomes_dead_letter(pool: Pool) -> None:
    psp = ScriptedPsp(lost_after)
    psp.undecided = True
    async with open_house(pool, psp) as house:
        charge_id = await house.charge()
        await eventually(partial(_inquired, house, 1))
        house.clock.advance(hours=24)
        await house.idle()
        (letter,) = await house.held()
        assert letter.kind == "charge.resolve"
        assert letter.reason.startswith(f"{charge_id}: the PSP could not say for 24 h")
        assert (await house.state(charge_id)).status == "processing"

        psp.undecided = False
        await house.queue.requeue([letter.job_id])
        await house.idle()
        assert (await house.state(charge_id)).status == "succeeded"
        assert await house.held() == []


@pytest.mark.parametrize("search_sees", [True, False])
async def test_webhook_deciding_unknown_outcome_ends_inquiries(pool: Pool, *, search_sees: bool) -> None:
    psp = ScriptedPsp(*[lost_after] * 1000)
    psp.answers_inquiries = False
    psp.search_sees = search_sees
    async with open_house(pool, psp) as house:
        charge_id = await house.charge()
        await eventually(partial(_unknown, house, charge_id))
        assert await house.tell(charge_id, "captured") == "accepted"
        await house.idle()
        assert await house.history(charge_id) == [
            "charge.created",
            "charge.outcome_unknown",
            "charge.captured",
        ]
        assert await house.held() == []
    assert approve(psp.requests[0]) == psp.carried_out[psp.requests[0].idempotency_key]
