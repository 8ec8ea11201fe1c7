"""A breaker is asked before money is asked for, and told how each call went."""

import pytest

from fincore.domain.outcome import PspAccount, PspName, Retryable
from fincore.domain.route_plan import PlannedAttempt
from fincore.write.queue.job_payloads import authorize_job, capture_job
from fincore.write.queue.port import Done
from fincore.write.routing.breaker import Allowed, Availability, Open
from fixtures.routes import PAYPAL_US, STRIPE_FIRST, THEN_PAYPAL, planned, routed
from fixtures.scripted_psp import (
    PAYPAL,
    STRIPE,
    Line,
    ScriptedPsp,
    SteppedClock,
    decline,
    lost_before,
    require_action,
)
from fixtures.worker_harness import HarnessInMemory

REFUSED = Retryable(reason="no connection")


class ScriptedBreaker:
    """Fits CircuitBreaker: open for the PSPs in `opened`."""

    def __init__(self, *opened: PspName) -> None:
        self.opened = set(opened)
        self.told: list[tuple[PspName, PspAccount, Availability]] = []
        self.asked: list[tuple[PspName, PspAccount]] = []

    def may_call(self, psp: PspName, account: PspAccount) -> Allowed | Open:
        self.asked.append((psp, account))
        return Open("9 of 10 calls failed", 17.0) if psp in self.opened else Allowed()

    def observe(self, psp: PspName, account: PspAccount, availability: Availability) -> None:
        self.told.append((psp, account, availability))


def harness_with(
    breaker: ScriptedBreaker, *stripe: Line, capture: list[Line] | None = None
) -> HarnessInMemory:
    psp = ScriptedPsp(*stripe, capture=capture or [])
    other = ScriptedPsp(name=PAYPAL, accounts=(PAYPAL_US,))
    return HarnessInMemory(psp, SteppedClock(), others={PAYPAL: other}, breaker=breaker)


async def test_an_open_breaker_sends_the_charge_on_at_once() -> None:
    harness = harness_with(ScriptedBreaker(STRIPE))
    charge_id = await harness.charge(jobs=(), **routed(STRIPE_FIRST, THEN_PAYPAL))
    assert await harness.do(authorize_job(charge_id)) == Done()
    charge = await harness.state(charge_id)
    assert (charge.psp, charge.attempt_number) == (PAYPAL, 2)
    assert harness.psp.requests == []
    assert not harness.due_in("attempt.reverse")


async def test_a_breaker_that_opens_after_a_call_leaves_a_look_behind() -> None:
    harness = harness_with(ScriptedBreaker(STRIPE))
    charge_id = await harness.charge(jobs=(), **routed(STRIPE_FIRST, THEN_PAYPAL))
    await harness.do(authorize_job(charge_id), attempt=2)
    assert len(harness.due_in("attempt.reverse")) == 1


@pytest.mark.parametrize("plan", [(STRIPE_FIRST,), (STRIPE_FIRST, STRIPE_FIRST)])
async def test_an_open_breaker_without_a_next_account_calls(plan: tuple[PlannedAttempt, ...]) -> None:
    breaker = ScriptedBreaker(STRIPE)
    harness = harness_with(breaker)
    charge_id = await harness.charge(jobs=(), **routed(*plan))
    assert await harness.do(authorize_job(charge_id)) == Done()
    assert (await harness.state(charge_id)).status == "succeeded"
    assert breaker.told == [(STRIPE, "test", "available")]
    # So that the breaker closes once the account is back.
    assert breaker.asked == [(STRIPE, "test")]


async def test_an_open_breaker_proves_nothing_about_an_earlier_claim() -> None:
    harness = harness_with(ScriptedBreaker(STRIPE))
    charge_id = await harness.charge(jobs=(), **routed(STRIPE_FIRST, THEN_PAYPAL))
    await harness.do(authorize_job(charge_id), may_have_run=True)
    charge = await harness.state(charge_id)
    assert (charge.attempt_number, charge.unknown_since is not None) == (1, True)


async def test_an_open_breaker_does_not_hold_back_a_capture() -> None:
    breaker = ScriptedBreaker()
    harness = harness_with(breaker)
    charge_id = await harness.charge(jobs=(), capture_method="manual")
    await harness.do(authorize_job(charge_id))
    breaker.opened.add(STRIPE)
    await harness.ask_capture(charge_id)
    await harness.do(capture_job(charge_id))
    assert (await harness.state(charge_id)).status == "succeeded"


@pytest.mark.parametrize(
    ("line", "availability"),
    [
        (REFUSED, "unavailable"),
        (lost_before, "unavailable"),
        (decline, "available"),
        (require_action, "available"),
    ],
    ids=["refused", "lost", "declined", "action"],
)
async def test_a_breaker_is_told_how_a_call_went(line: Line, availability: Availability) -> None:
    breaker = ScriptedBreaker()
    harness = harness_with(breaker, line)
    charge_id = await harness.charge(jobs=())
    await harness.do(authorize_job(charge_id))
    assert breaker.told == [(STRIPE, "test", availability)]


async def test_a_retryable_capture_says_nothing_about_its_account() -> None:
    breaker = ScriptedBreaker()
    harness = harness_with(breaker, capture=[REFUSED])
    charge_id = await harness.charge(jobs=(), capture_method="manual")
    await harness.do(authorize_job(charge_id))
    await harness.ask_capture(charge_id)
    await harness.do(capture_job(charge_id))
    assert [told[2] for told in breaker.told] == ["available"]


async def test_a_charge_that_is_not_sent_tells_a_breaker_nothing() -> None:
    breaker = ScriptedBreaker()
    harness = harness_with(breaker)
    charge_id = await harness.charge(jobs=(), **routed(planned(PAYPAL, PAYPAL_US), STRIPE_FIRST))
    await harness.do(authorize_job(charge_id), may_have_run=True)
    assert breaker.told == []
