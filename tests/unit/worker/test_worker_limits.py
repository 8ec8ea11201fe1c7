"""Two PSPs with unlike limits in one worker: each charge is treated by the limits of its own PSP."""

from datetime import timedelta

import pytest

from fincore.domain.ids import ChargeId
from fincore.domain.outcome import PspName
from fincore.write.queue.job_payloads import authorize_job, poll_job, resolve_job, send_refund_job
from fincore.write.queue.port import Done, RetryIn
from fixtures.psp_limits import psp_limits
from fixtures.scripted_psp import STRIPE, ScriptedPsp, SteppedClock, lost_before
from fixtures.worker_harness import HarnessInMemory

OTHER = PspName("other")
DAY_HOURS = 24


class TwoPsps:
    """A worker, its handlers called one by one, at Stripe and at a PSP that keeps a key for one minute."""

    def __init__(self, harness: HarnessInMemory, other: ScriptedPsp) -> None:
        self.harness = harness
        self.stripe = harness.psp
        self.other = other

    async def authorized(self, psp: PspName) -> ChargeId:
        charge_id = await self.harness.charge(psp=psp, capture_method="manual", jobs=())
        assert await self.harness.do(authorize_job(charge_id)) == Done()
        return charge_id


@pytest.fixture
def psps() -> TwoPsps:
    limits = psp_limits(key_safe_seconds=60, call_timeout_seconds=5, hold_seconds=2 * DAY_HOURS * 3_600)
    other = ScriptedPsp(limits=limits)
    harness = HarnessInMemory(ScriptedPsp(), SteppedClock(), others={OTHER: other})
    return TwoPsps(harness, other)


async def test_call_is_not_sent_after_key_life_at_its_own_psp(psps: TwoPsps) -> None:
    charges = {psp: await psps.harness.charge(psp=psp, jobs=()) for psp in (STRIPE, OTHER)}
    psps.harness.clock.advance(seconds=61)
    for charge_id in charges.values():
        assert await psps.harness.do(authorize_job(charge_id)) == Done()
    assert await psps.harness.history(charges[STRIPE]) == ["charge.created", "charge.captured"]
    assert await psps.harness.history(charges[OTHER]) == ["charge.created", "charge.outcome_unknown"]
    assert psps.other.requests == []


async def test_refund_is_not_sent_after_key_life_at_its_own_psp(psps: TwoPsps) -> None:
    refunds = {}
    for psp in (STRIPE, OTHER):
        charge_id = await psps.harness.charge(psp=psp, jobs=())
        assert await psps.harness.do(authorize_job(charge_id)) == Done()
        refunds[charge_id] = await psps.harness.ask_refund(charge_id)
    psps.harness.clock.advance(seconds=61)
    for charge_id, refund_id in refunds.items():
        assert await psps.harness.do(send_refund_job(charge_id, refund_id)) == Done()
    ends = [(await psps.harness.history(charge_id))[-1] for charge_id in refunds]
    assert ends == ["refund.succeeded", "refund.outcome_unknown"]
    assert (len(psps.stripe.calls), psps.other.calls) == (1, [])


async def test_janitor_repeats_a_call_for_key_life_at_its_own_psp(psps: TwoPsps) -> None:
    """Nothing reached either PSP. Two minutes later Stripe gets the call again; at the other it never happened."""
    charges = {}
    for name, psp in ((STRIPE, psps.stripe), (OTHER, psps.other)):
        psp.scripts["authorize"].append(lost_before)
        charges[name] = await psps.harness.charge(psp=name, jobs=())
        assert await psps.harness.do(authorize_job(charges[name])) == Done()
    psps.harness.clock.advance(seconds=120)
    for charge_id in charges.values():
        assert await psps.harness.do(resolve_job(charge_id, delay_seconds=0)) == Done()
    ends = [(await psps.harness.history(charge_id))[-1] for charge_id in charges.values()]
    assert ends == ["charge.captured", "charge.failed"]
    assert (len(psps.stripe.requests), len(psps.other.requests)) == (2, 1)


async def test_hold_is_polled_after_its_life_at_its_own_psp(psps: TwoPsps) -> None:
    charges = [await psps.authorized(psp) for psp in (STRIPE, OTHER)]
    due_in = [pause / timedelta(hours=1) for pause in psps.harness.due_in("charge.follow")]
    assert due_in == [7 * DAY_HOURS + 1, 2 * DAY_HOURS + 1]
    psps.harness.clock.advance(hours=2 * DAY_HOURS + 1)
    results = [await psps.harness.do(poll_job(charge_id, delay_seconds=0)) for charge_id in charges]
    assert results[0] == RetryIn(5 * DAY_HOURS * 3_600, "the hold has not lapsed yet")
    assert results[1] == RetryIn(6 * 3_600, "the PSP still holds the amount")
    assert ([*psps.stripe.inquiries], len(psps.other.inquiries)) == ([], 1)
