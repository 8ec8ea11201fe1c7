"""A charge fails over only when no call of its attempt can have reached the PSP: else it would be charged twice."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId
from fincore.domain.money import Money
from fincore.domain.outcome import Approved, Retryable
from fincore.write.psp.port import AuthorizeRequest
from fincore.write.queue.job_payloads import authorize_job, capture_job, resolve_job
from fincore.write.queue.port import Done, Hold, RetryIn
from fixtures.routes import ADYEN, EUROPE, PAYPAL_US, STRIPE_FIRST, THEN_ADYEN, THEN_PAYPAL, planned, routed
from fixtures.scripted_psp import (
    NOON,
    PAYPAL,
    STRIPE,
    Line,
    ScriptedPsp,
    SteppedClock,
    decline,
    lost_after,
    lost_before,
    payment_at,
    require_action,
    take_on,
)
from fixtures.waiting import eventually
from fixtures.worker_harness import HarnessInMemory, harness_in_memory

REFUSED = Retryable(reason="no connection")
NOT_CONFIGURED = Retryable(reason="no such account", was_called=False)


class Psps:
    """Stripe and two others, each with one account."""

    def __init__(
        self,
        *stripe: Line,
        paypal: tuple[Line, ...] = (),
        adyen: tuple[Line, ...] = (),
        capture: Sequence[Line] = (),
    ) -> None:
        self.stripe = ScriptedPsp(*stripe, capture=capture)
        self.paypal = ScriptedPsp(*paypal, name=PAYPAL, accounts=(PAYPAL_US,))
        self.adyen = ScriptedPsp(*adyen, name=ADYEN, accounts=(EUROPE,))

    @property
    def others(self) -> dict[Any, ScriptedPsp]:
        return {PAYPAL: self.paypal, ADYEN: self.adyen}

    @property
    def made(self) -> list[int]:
        """How often money moved at each."""
        return [psp.charges_made for psp in (self.stripe, self.paypal, self.adyen)]

    def harness(self) -> HarnessInMemory:
        return HarnessInMemory(self.stripe, SteppedClock(), others=self.others)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[HarnessInMemory]:
        async with harness_in_memory(self.stripe, others=self.others) as harness:
            yield harness


async def new_charge(harness: HarnessInMemory, *, jobs: Any = None, **changes: Any) -> ChargeId:
    plan = routed(STRIPE_FIRST, THEN_PAYPAL, THEN_ADYEN)
    return await harness.charge(jobs=jobs, **(plan | changes))


async def test_a_call_that_never_arrived_goes_to_the_next_account() -> None:
    psps = Psps(*[REFUSED] * 9)
    async with psps.working() as harness:
        charge_id = await new_charge(harness)
        await harness.idle()
        assert await harness.history(charge_id) == ["charge.created", "charge.rerouted", "charge.captured"]
        charge = await harness.state(charge_id)
        assert (charge.psp, charge.psp_account, charge.status) == (PAYPAL, PAYPAL_US, "succeeded")
    assert psps.made == [0, 1, 0]
    assert len(psps.stripe.requests) == 2, "it is called once more before it is given up"
    assert [one.idempotency_key for one in psps.paypal.requests] == [f"{charge_id}:authorize:2"]


async def test_a_call_that_arrives_at_the_second_try_stays() -> None:
    psps = Psps(REFUSED)
    async with psps.working() as harness:
        charge_id = await new_charge(harness)
        await harness.idle()
        assert (await harness.state(charge_id)).attempt_number == 1
    assert psps.made == [1, 0, 0]


async def test_the_last_account_is_called_as_if_it_were_the_only_one() -> None:
    psps = Psps(*[REFUSED] * 9, paypal=(REFUSED,) * 9, adyen=(REFUSED,) * 2)
    async with psps.working() as harness:
        charge_id = await new_charge(harness)
        await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.psp, charge.attempt_number, charge.status) == (ADYEN, 3, "succeeded")
    assert psps.made == [0, 0, 1]
    assert len(psps.adyen.requests) == 3


async def test_account_that_is_not_configured_is_passed_over_at_once() -> None:
    psps = Psps(NOT_CONFIGURED)
    async with psps.working() as harness:
        charge_id = await new_charge(harness)
        await harness.idle()
        assert (await harness.state(charge_id)).psp == PAYPAL
        assert not harness.due_in("attempt.reverse"), "an account that was not called needs no look"
    assert len(psps.stripe.requests) == 1


@pytest.mark.parametrize("has_next", [True, False], ids=["next", "no next"])
async def test_a_psp_that_is_not_configured_is_passed_over(*, has_next: bool) -> None:
    psps = Psps()
    plan = (planned("braintree", "us"), STRIPE_FIRST) if has_next else (planned("braintree", "us"),)  # type: ignore[arg-type]
    async with psps.working() as harness:
        charge_id = await new_charge(harness, **routed(*plan))
        await harness.idle()
        held = await harness.held()
        assert len(held) == (0 if has_next else 1)
        assert (await harness.state(charge_id)).status == ("succeeded" if has_next else "processing")
    assert psps.made == [int(has_next), 0, 0]


async def test_a_job_that_may_have_run_does_not_pass_over_its_psp() -> None:
    psps = Psps()
    harness = psps.harness()
    plan = routed(planned("braintree", "us"), STRIPE_FIRST)  # type: ignore[arg-type]
    charge_id = await new_charge(harness, jobs=(), **plan)
    assert isinstance(await harness.do(authorize_job(charge_id), may_have_run=True), Hold)
    assert (await harness.state(charge_id)).attempt_number == 1


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (decline, "failed"),
        (require_action, "requires_action"),
        (take_on, "processing"),
        (lost_after, "succeeded"),
    ],
    ids=["declined", "action", "pending", "lost"],
)
async def test_a_call_that_reached_the_psp_never_fails_over(line: Line, status: str) -> None:
    psps = Psps(line)
    async with psps.working() as harness:
        charge_id = await new_charge(harness)
        await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.status, charge.attempt_number) == (status, 1)
    assert psps.paypal.requests == []


async def test_an_operation_after_the_authorization_never_fails_over() -> None:
    psps = Psps(capture=[REFUSED] * 9)
    async with psps.working() as harness:
        charge_id = await new_charge(harness, capture_method="manual")
        await harness.idle()
        await harness.ask_capture(charge_id)
        await harness.idle()
        assert (await harness.state(charge_id)).attempt_number == 1
    assert psps.paypal.requests == []


async def test_a_capture_taken_over_repeats_its_call() -> None:
    psps = Psps()
    harness = psps.harness()
    charge_id = await new_charge(harness, jobs=(), capture_method="manual")
    await harness.do(authorize_job(charge_id))
    await harness.ask_capture(charge_id)
    await harness.do(capture_job(charge_id), may_have_run=True)
    assert (await harness.state(charge_id)).status == "succeeded"


async def test_a_job_taken_over_leaves_its_charge_to_the_janitor() -> None:
    """The dead worker may have charged: its successor's refused connection proves nothing."""
    psps = Psps(REFUSED, REFUSED, REFUSED)
    harness = psps.harness()
    charge_id = await new_charge(harness, jobs=())
    took = Approved(
        kind="captured",
        money=Money(1000, Currency("usd")),
        psp_reference=payment_at(charge_id, "test"),
        occurred_at=NOON,
    )
    psps.stripe.becomes(charge_id, took)  # what the dead worker's call did
    assert await harness.do(authorize_job(charge_id), may_have_run=True) == Done()
    assert await harness.history(charge_id) == ["charge.created", "charge.outcome_unknown"]
    assert psps.stripe.requests == []
    await harness.do(resolve_job(charge_id, delay_seconds=0.0))
    charge = await harness.state(charge_id)
    assert (charge.status, charge.psp, charge.attempt_number) == ("succeeded", STRIPE, 1)
    assert psps.paypal.requests == []


async def test_job_taken_over_without_a_next_account_repeats_its_call() -> None:
    psps = Psps()
    harness = psps.harness()
    charge_id = await new_charge(harness, jobs=(), **routed(STRIPE_FIRST))
    await harness.do(authorize_job(charge_id), may_have_run=True)
    assert (await harness.state(charge_id)).status == "succeeded"


async def test_two_workers_with_one_job_charge_once_in_any_order() -> None:
    """One was taken for dead and lives: its refused connection must not abandon what the other leaves to the janitor."""
    psps = Psps(REFUSED, REFUSED)
    harness = psps.harness()
    charge_id = await new_charge(harness, jobs=())
    assert await harness.do(authorize_job(charge_id), may_have_run=True) == Done()
    result = await harness.do(authorize_job(charge_id), attempt=2)
    assert result == Done()
    assert (await harness.state(charge_id)).attempt_number == 1
    assert psps.stripe.requests == [], "the janitor owns it"


async def test_worker_that_was_overtaken_in_its_call_does_not_reroute() -> None:
    psps = Psps(REFUSED)
    harness = psps.harness()
    charge_id = await new_charge(harness, jobs=())

    async def overtaken(request: AuthorizeRequest) -> Any:
        await harness.do(authorize_job(charge_id), may_have_run=True)
        return REFUSED

    psps.stripe.authorize = overtaken  # type: ignore[method-assign]
    await harness.do(authorize_job(charge_id), attempt=2)
    charge = await harness.state(charge_id)
    assert (charge.attempt_number, charge.unknown_since is not None) == (1, True)


async def test_a_job_of_an_abandoned_attempt_does_not_begin_the_next() -> None:
    psps = Psps(REFUSED, REFUSED)
    harness = psps.harness()
    charge_id = await new_charge(harness, jobs=())
    await harness.do(authorize_job(charge_id), attempt=2)
    assert (await harness.state(charge_id)).attempt_number == 2
    for may_have_run in (True, False):
        assert await harness.do(authorize_job(charge_id), attempt=2, may_have_run=may_have_run) == Done()
    assert psps.paypal.requests == []
    assert await harness.history(charge_id) == ["charge.created", "charge.rerouted"]
    waiting = [job for job in harness.waiting_jobs() if job.kind == "charge.authorize"]
    assert waiting == [authorize_job(charge_id, attempt=2)]


async def test_a_call_known_not_to_have_happened_says_so_to_the_queue() -> None:
    psps = Psps(REFUSED)
    harness = psps.harness()
    charge_id = await new_charge(harness, jobs=())
    result = await harness.do(authorize_job(charge_id))
    assert isinstance(result, RetryIn)
    assert result.nothing_ran


async def test_an_outcome_the_log_could_not_take_may_have_run() -> None:
    """The database was lost after the call: the next claim must not count on its own refused connection."""
    psps = Psps()
    harness = psps.harness()
    charge_id = await new_charge(harness, jobs=())
    commit = harness.writer.commit

    async def lost(_commit: Any) -> Any:
        raise OSError("connection lost")

    harness.writer.commit = lost  # type: ignore[method-assign, assignment]
    try:
        result: Any = await harness.do(authorize_job(charge_id))
    except OSError as error:
        result = error
    harness.writer.commit = commit  # type: ignore[method-assign]
    assert isinstance(result, OSError) or (isinstance(result, RetryIn) and not result.nothing_ran)
    assert psps.made == [1, 0, 0]


async def test_what_never_happened_goes_to_the_next_account() -> None:
    psps = Psps(*[lost_before] * 1000)
    async with psps.working() as harness:
        charge_id = await new_charge(harness)

        async def asked() -> bool:
            return len(psps.stripe.inquiries) >= 2

        await eventually(asked)
        assert psps.paypal.requests == []
        harness.clock.advance(minutes=20)
        await harness.idle()
        assert await harness.history(charge_id) == [
            "charge.created",
            "charge.outcome_unknown",
            "charge.rerouted",
            "charge.captured",
        ]
        charge = await harness.state(charge_id)
        assert (charge.psp, charge.unknown_since) == (PAYPAL, None)
    assert psps.made == [0, 1, 0]


async def test_a_charge_that_fails_everywhere_fails_once() -> None:
    psps = Psps(*[REFUSED] * 9, paypal=(decline,))
    async with psps.working() as harness:
        charge_id = await new_charge(harness)
        await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.status, charge.psp, charge.attempt_number) == ("failed", PAYPAL, 2)
    assert psps.adyen.requests == []


async def test_a_later_operation_names_the_account_that_carries_it() -> None:
    psps = Psps(*[REFUSED] * 9)
    async with psps.working() as harness:
        charge_id = await new_charge(harness, capture_method="manual")
        await harness.idle()
        await harness.ask_capture(charge_id)
        await harness.idle()
        await harness.ask_refund(charge_id, 300)
        await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.status, charge.refunded_minor) == ("succeeded", 300)
    assert psps.stripe.calls == []
    assert {call.psp_account for call in psps.paypal.calls} == {PAYPAL_US}
