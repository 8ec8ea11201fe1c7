"""A worker with a clock that is not trusted: it goes on charging, and ends nothing because of an age."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from fincore.postgres.database_clock import DatabaseClock, measured_clock
from fincore.postgres.pool import Pool
from fincore.write.worker.policies.follow_up_jobs import PollPolicy
from fixtures.clocks import WrongClock
from fixtures.scripted_psp import NOON, ScriptedPsp, SteppedClock, require_action
from fixtures.waiting import eventually
from fixtures.worker_harness import open_harness

PATIENT = PollPolicy(action_pauses_seconds=(0.05,), abandon_pause_seconds=0.05)


async def test_charge_by_a_clock_not_trusted_is_still_sent(pool: Pool) -> None:
    psp = ScriptedPsp()
    async with open_harness(pool, psp) as harness:
        harness.clock.distrusted = "the clocks are apart"
        charge_id = await harness.charge()
        await harness.idle()
        assert (await harness.state(charge_id)).status == "succeeded"


async def test_charge_that_looks_too_old_waits_for_the_clock(pool: Pool) -> None:
    psp = ScriptedPsp()
    async with open_harness(pool, psp) as harness:
        harness.clock.distrusted = "the clocks are apart"
        harness.clock.advance(hours=30)
        charge_id = await harness.charge()
        await harness.idle()
        assert await harness.history(charge_id) == ["charge.created"]
        assert psp.requests == []


async def test_charge_asked_for_in_the_future_waits(pool: Pool) -> None:
    """The clock went back: the PSP may have forgotten the key that looks new."""
    psp = ScriptedPsp()
    async with open_harness(pool, psp, SteppedClock(NOON - timedelta(hours=30))) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        assert await harness.history(charge_id) == ["charge.created"]
        assert psp.requests == []


async def test_customer_by_a_clock_not_trusted_is_not_given_up(pool: Pool) -> None:
    psp = ScriptedPsp(require_action)
    async with open_harness(pool, psp, poll_policy=PATIENT) as harness:
        charge_id = await harness.charge()
        await eventually(partial(_inquired, psp, 1))
        harness.clock.distrusted = "the clocks are apart"
        harness.clock.advance(hours=30)
        await eventually(partial(_inquired, psp, len(psp.inquiries) + 3))
        assert (await harness.state(charge_id)).status == "requires_action"
        assert await harness.held() == []
        harness.clock.distrusted = None
        await harness.idle()
        assert (await harness.state(charge_id)).status == "expired"


@pytest.mark.parametrize("ahead", [timedelta(hours=30), timedelta(hours=-30)])
async def test_database_clock_is_right_on_machine_with_wrong_clock(pool: Pool, ahead: timedelta) -> None:
    right = await measured_clock(pool)

    async def read() -> datetime:
        told: datetime = await pool.fetchval("select clock_timestamp()")
        return told

    wrong = DatabaseClock(read, machine=WrongClock(ahead))
    await wrong.measure()
    assert abs(wrong.now() - right.now()) < timedelta(seconds=5)
    assert (right.distrust(), wrong.distrust() is None) == (None, False)


async def _inquired(psp: ScriptedPsp, times: int) -> bool:
    return len(psp.inquiries) >= times
