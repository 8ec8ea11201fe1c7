"""The charges of a checkout session's attempts: assessed when they are made, with what the merchant told and our page saw."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from fincore.domain.charge import Charge
from fincore.domain.checkout_decisions import begin_attempt
from fincore.domain.checkout_session import CheckoutSession
from fincore.domain.checkout_session_events import CheckoutSessionEvent
from fincore.domain.ids import session_charge_id, session_stream_of
from fincore.domain.risk import CustomerContext, RiskDecision
from fincore.eventstore.commit import Commit, Committed, NewEvent, Provenance
from fincore.write.checkout.session_jobs import session_jobs
from fincore.write.queue.job_payloads import follow_session_job
from fixtures.checkout_sessions import SESSION, plan_for, session_created
from fixtures.risk_engines import NamedEngine
from fixtures.scripted_psp import ScriptedPsp, SteppedClock, require_action
from fixtures.worker_harness import HarnessInMemory, harness_in_memory

TESTS = Provenance(correlation="req_tests", actor="tests")
TOLD = CustomerContext(id="c-1", ip="198.51.100.1")
BROWSER = CustomerContext(ip="192.0.2.7", user_agent="Mozilla/5.0")


async def begun(harness: HarnessInMemory, **told: object) -> None:
    """A session, and its customer's choice of a card."""
    now = harness.clock.now()
    created = session_created(created_at=now, expires_at=now + timedelta(days=1), **told)
    commit: Commit[CheckoutSessionEvent] = Commit(
        provenance=TESTS,
        stream_id=session_stream_of(SESSION),
        events=(NewEvent(created),),
        jobs=session_jobs(SESSION, (created,)),
    )
    assert await harness.writer.commit(commit) == Committed()
    await choose(harness)


async def choose(harness: HarnessInMemory) -> None:
    await harness.sessions.record(
        SESSION,
        lambda one: begin_attempt(
            SESSION, one, "card", plan_for("card"), harness.clock.now(), browser=BROWSER
        ),
        TESTS,
    )
    await harness.idle()


async def found(harness: HarnessInMemory) -> tuple[CheckoutSession, Charge]:
    session = await harness.sessions.load(SESSION)
    assert session is not None
    return session, await harness.state(session.attempts[-1].charge_id)


async def test_blocked_attempt_is_closed_and_customer_may_try_again() -> None:
    engine = NamedEngine("block")
    async with harness_in_memory(ScriptedPsp(require_action), SteppedClock(), risk=engine) as harness:
        await begun(harness)
        session, charge = await found(harness)
        assert (session.state, session.attempts[0].status) == ("choosing", "closed")
        assert (session.attempts[0].close_reason, session.attempts[0].advice) == ("failed", "do_not_retry")
        assert charge.failure is not None
        assert charge.failure.code == "blocked_by_risk"
        assert harness.psp.payments == {}
        engine.decision = "allow"
        await choose(harness)
        session, charge = await found(harness)
        assert (session.state, len(session.attempts), charge.status) == ("paying", 2, "requires_action")
        assert len({asked.dedupe for asked in engine.asked}) == 2


async def test_blocked_attempt_has_one_line_in_the_log() -> None:
    async with harness_in_memory(
        ScriptedPsp(require_action), SteppedClock(), risk=NamedEngine("block")
    ) as harness:
        with capture_logs() as logged:
            await begun(harness)
        _, charge = await found(harness)
        lines = [line for line in logged if line["event"] == "payments.recorded"]
        assert [(line["charge_id"], line["code"]) for line in lines] == [
            (session_charge_id(SESSION, 1), "blocked_by_risk")
        ]
        assert charge.status == "failed"


@pytest.mark.parametrize("decision", ["allow", "challenge", "review"])
async def test_attempt_that_may_go_on_keeps_its_assessment(decision: RiskDecision) -> None:
    async with harness_in_memory(
        ScriptedPsp(require_action), SteppedClock(), risk=NamedEngine(decision)
    ) as harness:
        await begun(harness)
        session, charge = await found(harness)
        assert (session.state, charge.status) == ("paying", "requires_action")
        assert charge.risk is not None
        assert charge.risk.decision == decision
        (request,) = harness.psp.requests
        assert request.challenge == (decision == "challenge")


async def test_job_that_comes_twice_asks_the_engine_once() -> None:
    engine = NamedEngine("allow")
    async with harness_in_memory(ScriptedPsp(require_action), SteppedClock(), risk=engine) as harness:
        await begun(harness)
        await harness.do(follow_session_job(SESSION))
        assert [asked.charge_id for asked in engine.asked] == [session_charge_id(SESSION, 1)]


async def test_merchants_word_counts_before_what_our_page_saw() -> None:
    engine = NamedEngine("allow")
    async with harness_in_memory(ScriptedPsp(require_action), SteppedClock(), risk=engine) as harness:
        await begun(harness, customer=TOLD, billing_country="DE", shipping_country="AT")
        _, charge = await found(harness)
        known = CustomerContext(id="c-1", ip="198.51.100.1", user_agent="Mozilla/5.0")
        assert charge.customer == engine.asked[0].customer == known
        assert (charge.billing_country, charge.shipping_country) == ("DE", "AT")


async def test_what_our_page_saw_is_known_of_a_silent_merchant() -> None:
    async with harness_in_memory(ScriptedPsp(require_action), SteppedClock()) as harness:
        await begun(harness)
        _, charge = await found(harness)
        assert (charge.customer, charge.risk) == (BROWSER, None)
