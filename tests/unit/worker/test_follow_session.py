"""What the worker does for a checkout session: it makes, closes and gives back charges, and ends sessions."""

from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec
import pytest

from fincore.backoffice.operator_recorder import operator_recorder
from fincore.domain.charge import Charge
from fincore.domain.checkout_decisions import Decided, SessionRefusal, begin_attempt, end_session
from fincore.domain.checkout_page import after_psp_page
from fincore.domain.checkout_session import CheckoutSession
from fincore.domain.checkout_session_events import (
    CheckoutSessionCreated,
    CheckoutSessionEvent,
    SessionPaymentMethod,
)
from fincore.domain.events import CaptureMethod, ReportReleased
from fincore.domain.held_report import release_report
from fincore.domain.ids import session_charge_id, session_stream_of
from fincore.domain.money import Money
from fincore.domain.outcome import Approved, Failure, RefundRejected, Rejected
from fincore.domain.refusal import Refusal
from fincore.domain.resolution import Resolution, decide_charge_outcome
from fincore.domain.risk import ReviewVerdict
from fincore.domain.risk_review import review_status
from fincore.eventstore.commit import Commit, Committed, NewEvent, Provenance
from fincore.eventstore.recorder import Recorded
from fincore.write.checkout.session_jobs import session_jobs
from fincore.write.queue.job_payloads import expire_session_job, follow_session_job
from fincore.write.queue.port import Done, Hold, RetryIn
from fincore.write.risk.engine import RiskEngine
from fincore.write.worker.jobs.follow_session import LOOKS_MAX
from fincore.write.worker.plumbing.recorder import Decision
from fixtures.checkout_sessions import SESSION, plan_for, session_created
from fixtures.review_decisions import decide_in, resolver_of
from fixtures.risk_engines import NamedEngine
from fixtures.scripted_psp import (
    NOON,
    Line,
    ScriptedPsp,
    SteppedClock,
    decline,
    payment_at,
    require_action,
    take_on,
)
from fixtures.worker_harness import HarnessInMemory, harness_in_memory

TESTS = Provenance(correlation="req_tests", actor="tests")
FIRST, SECOND = session_charge_id(SESSION, 1), session_charge_id(SESSION, 2)
DAY = timedelta(days=1)
REJECTED: Final = Rejected(
    failure=Failure(code="psp_rejected_request", message="No.", advice="do_not_retry"), occurred_at=NOON
)


class Play:
    """One session, its customer, and a worker."""

    def __init__(self, harness: HarnessInMemory) -> None:
        self.harness = harness

    async def create(self, capture_method: CaptureMethod) -> CheckoutSessionCreated:
        """The session as the API creates it."""
        now = self.harness.clock.now()
        created = session_created(created_at=now, expires_at=now + DAY, capture_method=capture_method)
        commit: Commit[CheckoutSessionEvent] = Commit(
            provenance=TESTS,
            stream_id=session_stream_of(SESSION),
            events=(NewEvent(created),),
            jobs=session_jobs(SESSION, (created,)),
        )
        assert await self.harness.writer.commit(commit) == Committed()
        return created

    async def begin(self, method: SessionPaymentMethod) -> None:
        """The customer chooses how to pay."""

        def decide(session: CheckoutSession) -> Decided | SessionRefusal:
            return begin_attempt(SESSION, session, method, plan_for("card"), self.harness.clock.now())

        assert isinstance(await self.harness.sessions.record(SESSION, decide, TESTS), Recorded)
        await self.harness.idle()

    async def end(self) -> None:
        """The merchant ends the session."""
        now = self.harness.clock.now()
        ended = await self.harness.sessions.record(
            SESSION, lambda one: end_session(one, "merchant", now), TESTS
        )
        assert isinstance(ended, Recorded)
        await self.harness.idle()

    async def session(self) -> CheckoutSession:
        found = await self.harness.sessions.load(SESSION)
        assert found is not None
        return found

    async def statuses(self) -> list[str]:
        """The session's state and those of its attempts."""
        session = await self.session()
        return [session.state, *(one.status for one in session.attempts)]

    async def charge(self, number: int = 1) -> Charge:
        return await self.harness.state(session_charge_id(SESSION, number))

    def paid(self, number: int = 1) -> Approved:
        """The PSP's record of a payment."""
        reference = payment_at(session_charge_id(SESSION, number), "test")
        money = self.harness.psp.payments[reference].money
        return Approved(kind="captured", money=money, psp_reference=reference, occurred_at=NOON)

    async def resolve(self, resolution: Resolution) -> None:
        """A person says what the PSP took of the first charge."""
        await self._as_a_person(lambda one: decide_charge_outcome(one, "captured", resolution, NOON))

    async def release(self) -> None:
        """A person releases the report that the first charge holds."""

        def decide(charge: Charge) -> tuple[ReportReleased, ...] | Refusal:
            (held,) = charge.held_reports
            return release_report(
                charge.held_reports, held.psp_event_id, released_by="ada", reason="Recorded.", now=NOON
            )

        await self._as_a_person(decide)

    async def _as_a_person(self, decision: Decision) -> None:
        recorder = operator_recorder(resolver_of(self.harness))
        assert isinstance(await recorder.record(FIRST, decision, TESTS), Recorded)
        await self.harness.idle()

    async def pays(self, number: int = 1) -> None:
        """The customer pays on the PSP's page, which tells by webhook."""
        charge_id = session_charge_id(SESSION, number)
        paid = self.paid(number)
        self.harness.psp.becomes(charge_id, paid)
        await self.harness.tell(charge_id, "captured", amount_minor=paid.money.amount_minor)
        await self.harness.idle()


def play(
    *script: Line,
    risk: RiskEngine | None = None,
    capture_method: CaptureMethod = "automatic",
    **scripts: Sequence[Line],
) -> "PlayInMemory":
    psp = ScriptedPsp(*script)
    psp.scripts |= {name: deque(lines) for name, lines in scripts.items()}
    return PlayInMemory(psp, risk, capture_method)


class PlayInMemory:
    """A play for the time of a test."""

    def __init__(self, psp: ScriptedPsp, risk: RiskEngine | None, capture_method: CaptureMethod) -> None:
        self._capture_method: CaptureMethod = capture_method
        self._manager = harness_in_memory(psp, SteppedClock(), risk=risk)

    async def __aenter__(self) -> Play:
        scene = Play(await self._manager.__aenter__())
        await scene.create(self._capture_method)
        return scene

    async def __aexit__(self, *error: object) -> None:
        await self._manager.__aexit__(*error)  # type: ignore[arg-type]  # as it was called


async def test_attempt_becomes_a_charge_that_names_the_session() -> None:
    async with play(require_action) as scene:
        await scene.begin("card")
        charge, session = await scene.charge(), await scene.session()
        assert (charge.status, charge.checkout_session_id) == ("requires_action", SESSION)
        assert (charge.amount, charge.metadata) == (session.amount, session.metadata)
        assert (charge.return_url, charge.cancel_url) == after_psp_page(session.page)
        assert await scene.statuses() == ["paying", "live"]


async def test_following_a_session_twice_makes_one_charge() -> None:
    async with play(require_action) as scene:
        await scene.begin("card")
        for _ in range(3):
            assert await scene.harness.do(follow_session_job(SESSION)) == Done()
        await scene.harness.idle()
        assert len(scene.harness.psp.requests) == 1
        assert await scene.harness.history(FIRST) == ["charge.created", "charge.action_required"]


async def test_paid_charge_completes_its_session() -> None:
    async with play(require_action) as scene:
        await scene.begin("card")
        await scene.pays()
        assert await scene.statuses() == ["completed", "paid"]


@pytest.mark.parametrize("capture_method", ["automatic", "manual"])
async def test_session_is_completed_once_its_review_is_approved(capture_method: CaptureMethod) -> None:
    async with play(risk=NamedEngine("review"), capture_method=capture_method) as scene:
        await scene.begin("card")
        charge = await scene.charge()
        assert (charge.status, charge.capture_method) == ("authorized", capture_method)
        assert [one.capture_method for one in scene.harness.psp.requests] == ["manual"]
        assert await scene.statuses() == ["paying", "live"]
        await decide_in(scene.harness, FIRST, "approved")
        assert (await scene.charge()).captured_minor == (1999 if capture_method == "automatic" else 0)
        assert await scene.statuses() == ["completed", "paid"]


async def test_approved_session_waits_for_its_capture() -> None:
    async with play(risk=NamedEngine("review"), capture=[REJECTED]) as scene:
        await scene.begin("card")
        await decide_in(scene.harness, FIRST, "approved")
        assert (await scene.charge()).status == "authorized"
        assert await scene.statuses() == ["paying", "live"]


async def test_declined_review_lets_the_customer_try_again() -> None:
    async with play(risk=NamedEngine("review")) as scene:
        await scene.begin("card")
        await decide_in(scene.harness, FIRST, "declined")
        assert (await scene.charge()).status == "canceled"
        assert await scene.statuses() == ["choosing", "closed"]
        assert (await scene.session()).attempts[0].advice == "ask_customer"


@pytest.mark.parametrize(
    ("verdict", "ends"), [("approved", ["completed", "paid"]), ("declined", ["expired", "closed"])]
)
async def test_session_under_review_outlasts_its_time(verdict: ReviewVerdict, ends: list[str]) -> None:
    async with play(risk=NamedEngine("review")) as scene:
        await scene.begin("card")
        scene.harness.clock.advance(days=1)
        await scene.harness.do(expire_session_job(SESSION, delay_seconds=0))
        await scene.harness.idle()
        assert (await scene.charge()).status == "authorized"
        assert await scene.statuses() == ["expiring", "live"]
        await decide_in(scene.harness, FIRST, verdict)
        assert await scene.statuses() == ends


async def test_other_method_waits_for_the_review() -> None:
    async with play(risk=NamedEngine("review")) as scene:
        await scene.begin("card")
        await scene.begin("paypal")
        assert (await scene.charge()).status == "authorized"
        assert await scene.statuses() == ["switching", "live"]
        await decide_in(scene.harness, FIRST, "approved")
        assert await scene.statuses() == ["completed", "paid"]


async def test_merchant_that_ends_a_session_ends_its_review() -> None:
    async with play(risk=NamedEngine("review")) as scene:
        await scene.begin("card")
        await scene.end()
        charge = await scene.charge()
        assert (charge.status, review_status(charge)) == ("canceled", "closed")
        assert await scene.statuses() == ["expired", "closed"]


async def test_capture_under_review_completes_no_session() -> None:
    """The PSP took the money although it was asked to hold it: an approval completes the session."""
    async with play(risk=NamedEngine("review")) as scene:
        await scene.begin("card")
        await scene.pays()
        assert review_status(await scene.charge()) == "captured_by_psp"
        assert await scene.statuses() == ["paying", "live"]
        await decide_in(scene.harness, FIRST, "approved")
        assert await scene.statuses() == ["completed", "paid"]


async def test_other_method_cancels_the_charge_before_the_next() -> None:
    async with play(require_action, require_action) as scene:
        await scene.begin("card")
        await scene.begin("paypal")
        assert (await scene.charge(1)).status == "canceled"
        assert (await scene.charge(2)).status == "requires_action"
        assert await scene.statuses() == ["paying", "closed", "live"]
        await scene.pays(2)
        assert await scene.statuses() == ["completed", "closed", "paid"]


async def test_cancel_that_comes_too_late_completes_the_session() -> None:
    """The customer pays while the charge is being canceled: no next attempt begins."""

    def paid_meanwhile(_: object) -> Approved:
        return scene.paid(1)

    async with play(require_action, cancel=[paid_meanwhile]) as scene:
        await scene.begin("card")
        await scene.begin("paypal")
        assert await scene.statuses() == ["completed", "paid"]
        assert scene.harness.psp.charges_made == 0


async def test_undecided_charge_holds_the_next_attempt_back() -> None:
    """The PSP decides in a week, and cannot be asked to cancel meanwhile."""
    async with play(take_on) as scene:
        await scene.begin("card")
        assert (await scene.charge()).pending_until is not None
        await scene.begin("paypal")
        assert await scene.statuses() == ["switching", "live"]
        assert isinstance(await scene.harness.do(follow_session_job(SESSION)), RetryIn)
        assert len({request.charge_id for request in scene.harness.psp.requests}) == 1


async def test_declined_card_can_be_tried_again() -> None:
    async with play(decline, require_action) as scene:
        await scene.begin("card")
        assert await scene.statuses() == ["choosing", "closed"]
        await scene.begin("card")
        await scene.pays(2)
        assert await scene.statuses() == ["completed", "closed", "paid"]


async def test_session_that_the_merchant_ends_closes_its_attempt() -> None:
    async with play(require_action) as scene:
        await scene.begin("card")
        await scene.end()
        assert (await scene.charge()).status == "canceled"
        assert await scene.statuses() == ["expired", "closed"]


async def test_session_expires_at_its_time_and_not_before() -> None:
    async with play(require_action) as scene:
        timer = expire_session_job(SESSION, delay_seconds=0)
        await scene.begin("card")
        early = await scene.harness.do(timer)
        assert isinstance(early, RetryIn)
        assert early.delay_seconds == DAY.total_seconds()
        scene.harness.clock.advance(days=1)
        scene.harness.clock.distrusted = "it jumped"
        assert isinstance(await scene.harness.do(timer), RetryIn)
        assert await scene.statuses() == ["paying", "live"]
        scene.harness.clock.distrusted = None
        await scene.harness.do(timer)
        await scene.harness.idle()
        assert (await scene.charge()).status == "expired"
        assert await scene.statuses() == ["expired", "closed"]
        assert await scene.harness.do(timer) == Done()


async def test_late_payment_of_a_closed_attempt_is_given_back() -> None:
    async with play(decline, require_action) as scene:
        await scene.begin("card")
        await scene.begin("paypal")
        await scene.pays(1)
        await scene.pays(2)
        assert await scene.statuses() == ["completed", "returned", "paid"]
        charge = await scene.charge(1)
        assert (charge.refunded_minor, charge.refunds[0].reason) == (charge.captured_minor, "duplicate")
        assert (await scene.charge(2)).refunds == ()


async def test_second_payment_that_cannot_be_refunded_is_held() -> None:
    refused = RefundRejected(code="not_refundable", message="Too old.", occurred_at=NOON)
    async with play(decline, require_action, refund=[refused]) as scene:
        await scene.begin("card")
        await scene.begin("paypal")
        await scene.pays(1)
        assert await scene.statuses() == ["paying", "paid_again", "live"]
        held = [one.reason for one in await scene.harness.held() if one.kind == "checkout_session.follow"]
        assert held
        assert all("give the customer's money back" in reason for reason in held)


async def test_failed_refund_stops_no_other_work_of_a_session() -> None:
    refused = RefundRejected(code="not_refundable", message="Too old.", occurred_at=NOON)
    async with play(decline, require_action, require_action, refund=[refused]) as scene:
        await scene.begin("card")
        await scene.begin("paypal")
        await scene.pays(1)
        await scene.begin("card")
        assert await scene.statuses() == ["paying", "paid_again", "closed", "live"]
        assert (await scene.charge(2)).status == "canceled"
        assert (await scene.charge(3)).status == "requires_action"
        assert isinstance(await scene.harness.do(follow_session_job(SESSION)), Hold)
        await scene.pays(3)
        assert await scene.statuses() == ["completed", "paid_again", "closed", "paid"]


async def test_failed_refund_is_held_once_nothing_is_waited_for() -> None:
    """A held job is not done again: the charge that cannot be canceled yet would stay open."""
    refused = RefundRejected(code="not_refundable", message="Too old.", occurred_at=NOON)
    async with play(decline, take_on, refund=[refused]) as scene:
        await scene.begin("card")
        await scene.begin("paypal")
        await scene.pays(1)
        await scene.begin("card")
        assert await scene.statuses() == ["switching", "paid_again", "live"]
        follow = follow_session_job(SESSION)
        assert isinstance(await scene.harness.do(follow), RetryIn)
        assert isinstance(await scene.harness.do(follow, attempt=LOOKS_MAX), Hold)
        await scene.pays(2)
        assert await scene.statuses() == ["completed", "paid_again", "paid"]
        assert isinstance(await scene.harness.do(follow), Hold)


async def test_part_payment_completes_no_session_and_goes_back() -> None:
    """The PSP says in webhook and record that it took 1 cent; a person finds the same in its dashboard."""
    async with play(require_action, require_action) as scene:
        await scene.begin("card")
        whole = scene.paid()
        part = msgspec.structs.replace(whole, money=Money(1, whole.money.currency))
        scene.harness.psp.becomes(FIRST, part)
        await scene.harness.tell(FIRST, "captured", amount_minor=1)
        await scene.harness.idle()
        charge = await scene.charge()
        assert [one.reason for one in charge.held_reports] == ["amount_differs"]
        assert (charge.status, await scene.statuses()) == ("requires_action", ["paying", "live"])
        await scene.resolve(Resolution(decided_by="ada", reason="1 cent.", amount_minor=1))
        assert await scene.statuses() == ["choosing", "paid_again"]
        await scene.release()
        assert isinstance(await scene.harness.do(follow_session_job(SESSION)), RetryIn)
        await scene.harness.idle()
        assert (await scene.charge()).refunded_minor == 1
        await scene.begin("paypal")
        await scene.pays(2)
        assert await scene.statuses() == ["completed", "returned", "paid"]


async def test_part_captured_at_the_psp_pays_a_manual_session() -> None:
    """The webhook of the capture arrives, and FinCore has not heard of the hold."""
    async with play(require_action, capture_method="manual") as scene:
        await scene.begin("card")
        whole = scene.paid()
        scene.harness.psp.becomes(
            FIRST, msgspec.structs.replace(whole, money=Money(60, whole.money.currency))
        )
        await scene.harness.tell(FIRST, "captured", amount_minor=60)
        await scene.harness.idle()
        charge = await scene.charge()
        assert (charge.status, charge.captured_minor, charge.refunds) == ("succeeded", 60, ())
        assert charge.held_reports == ()
        assert await scene.statuses() == ["completed", "paid"]


async def test_job_of_an_unknown_session_is_held() -> None:
    async with harness_in_memory(ScriptedPsp()) as harness:
        assert isinstance(await harness.do(follow_session_job(SESSION)), Hold)
