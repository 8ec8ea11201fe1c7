"""Checkout sessions against all that can befall them: tabs, payment methods, webhooks in any order, late payments, crashes.

The merchant takes the money at once or later, gives it back, and cancels; some payments are decided long after the session is over.

    FINCORE_SIMULATION_EXAMPLES=2000 .venv/bin/pytest tests/simulation/test_checkout_sessions.py --hypothesis-seed=random

plays for longer; what fails prints a line that plays it again.
"""

import asyncio
import os
from datetime import timedelta
from typing import Any, Final, assert_never, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import fold
from fincore.domain.checkout_decisions import Decided, SessionRefusal, end_session
from fincore.domain.checkout_session import CheckoutSession
from fincore.domain.checkout_session_events import CheckoutSessionEvent, SessionPaymentMethod
from fincore.domain.events import CaptureMethod
from fincore.domain.ids import ChargeId, session_stream_of, stream_of
from fincore.domain.log_events import LogEvent
from fincore.domain.outcome import KnownOutcome, Outcome, PspReference, Unknown
from fincore.domain.outcome import Pending as PendingOutcome
from fincore.domain.return_page import word_of
from fincore.domain.risk import ReviewVerdict
from fincore.domain.risk_review import review_status
from fincore.domain.route_plan import PlannedAttempt, RoutePlan
from fincore.eventstore.commit import Commit, Committed, NewEvent, Provenance
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.eventstore.writer import Writer
from fincore.write.checkout.customer_checkout import (
    CheckoutSessions,
    Choose,
    Completed,
    Expired,
    GoTo,
    Pending,
    Step,
    Wait,
)
from fincore.write.checkout.session_jobs import session_jobs
from fincore.write.checkout.sessions import session_recorder
from fincore.write.payments.inquiries import Inquiries
from fincore.write.psp.port import AuthorizeRequest
from fincore.write.queue.port import JobRunner
from fincore.write.routing.router import RouteRequest
from fincore.write.worker.worker import Worker
from fixtures.checkout_sessions import SESSION, session_created
from fixtures.commits import MERCHANT
from fixtures.risk_engines import NamedEngine
from fixtures.sampling import sampled
from fixtures.scripted_psp import STRIPE, TEST_ACCOUNT, SteppedClock
from simulation.errands import Errand
from simulation.psp_model import FAULTS, Fault, Nature, PspModel
from simulation.psp_records import Payment
from simulation.psps import Psps
from simulation.queue_model import QueueModel
from simulation.world import StoreInMemory, World

EXAMPLES: Final = int(os.environ.get("FINCORE_SIMULATION_EXAMPLES", sampled(60)))
EXPLORES: Final = "FINCORE_SIMULATION_EXAMPLES" in os.environ
"""A run that names a number looks for new examples; every other run repeats the same ones, so that it is red or green."""
LASTS: Final = timedelta(hours=2)
WISHES_MAX: Final = 6
METHODS: Final[tuple[SessionPaymentMethod, ...]] = ("card", "paypal")
TESTS: Final = Provenance(correlation="req_tests", actor="tests")


class HostedPages(PspModel):
    """Every payment begins with the customer on the PSP's page; some are decided long after the session is over."""

    processing_lasts = timedelta(hours=3)

    def __init__(self, clock: SteppedClock, nature: Nature) -> None:
        super().__init__(clock, nature)
        self._denied: set[PspReference] = set()

    def customer_pays_slowly(self, payment: Payment, *, well: bool) -> None:
        """The customer pays by a debit, and their bank answers in hours."""
        assert payment.state == "requires_action"
        payment.state, payment.moved_at = "processing", self._clock.now()
        if not well:
            self._denied.add(payment.reference)
        self._tell_payment(payment)

    def _authorize(self, request: AuthorizeRequest) -> Outcome:
        payment = Payment(self.name, self._reference("pi"), request, self._clock.now())
        self.payments[payment.reference] = payment
        payment.state = "requires_action"
        self._tell_payment(payment)
        return self._record(payment)

    def _decide(self, payment: Payment) -> None:
        if payment.reference in self._denied:
            self._end(payment, "declined", "DENIED")
        else:
            self._accept(payment)

    def _record(self, payment: Payment) -> KnownOutcome | Unknown:
        if payment.state != "processing":
            return super()._record(payment)
        return PendingOutcome(
            psp_reference=payment.reference,
            reason="the customer's bank decides",
            occurred_at=payment.moved_at,
            pending_until=payment.moved_at + self.processing_lasts + timedelta(days=1),
        )


class HostedPsps(Psps):
    """One PSP."""

    def __init__(self, clock: SteppedClock, nature: Nature) -> None:
        super().__init__(clock, nature)
        self.intents = HostedPages(clock, nature)
        self.all = (self.intents,)
        self.by_name = {self.intents.name: self.intents}


class NoWait:
    """Nothing is waited for: a customer looks again by another step of the machine."""

    async def wait_beyond(self, *_: object, timeout_seconds: float) -> None:
        """Return at once."""


class OneAccount:
    """A router that knows one account."""

    def route(self, request: RouteRequest) -> RoutePlan:
        (choice,) = request.offered
        return RoutePlan(attempts=(PlannedAttempt(STRIPE, TEST_ACCOUNT, choice.payment_method),))


class SessionWorld(World):
    """One session, its customer with any number of tabs, and a worker."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        nature: Nature,
        capture_method: CaptureMethod,
        seed: int,
        *,
        is_reviewed: bool,
    ) -> None:
        clock = SteppedClock()
        queue = QueueModel(clock)
        store = StoreInMemory(clock, queue)
        super().__init__(loop, clock, queue, store, HostedPsps(clock, nature), seed=seed)
        self._session: CheckoutSession | None = None
        self._session_read_at = -1
        log = cast("EventLog[CheckoutSessionEvent]", self._log)
        writer = cast("Writer[CheckoutSessionEvent]", self._writer)
        self.sessions = session_recorder(log, writer)
        self.customers = CheckoutSessions(
            sessions=self.sessions,
            log=self._log,
            watch=cast("StreamWatch", NoWait()),
            inquiries=Inquiries(self._writer),
            router=OneAccount(),
            clock=clock,
        )
        self._handlers = Worker(
            queue=cast("JobRunner", queue),
            pool=store.inbox_pool,
            log=self._log,
            writer=cast("Writer[LogEvent]", self._writer),
            gateways=self.psps.by_name,
            webhooks=self.psps.by_name,
            clock=clock,
            sessions=self.sessions,
            draw=self.random.random,
            risk=NamedEngine("review") if is_reviewed else None,
        ).handlers
        created = session_created(
            merchant_id=MERCHANT,
            capture_method=capture_method,
            created_at=clock.now(),
            expires_at=clock.now() + LASTS,
        )
        self.word = word_of(created.page)
        commit: Commit[CheckoutSessionEvent] = Commit(
            provenance=TESTS,
            stream_id=session_stream_of(SESSION),
            events=(NewEvent(created),),
            jobs=session_jobs(SESSION, (created,)),
        )
        assert self.stage.run(writer.commit(commit)) == Committed()

    def begins(self, method: SessionPaymentMethod) -> Errand[Any]:
        """The customer chooses how to pay, in one of their tabs."""
        work = self.customers.begin(SESSION, self.word, method, request="req_tab")
        return self.stage.begin(self.stage.prepare(f"begin {method}", work, lambda _: None))

    def returns(self) -> Errand[Any]:
        """The customer comes back from the PSP's page, in one of their tabs."""
        work = self.customers.returned(SESSION, self.word, request="req_back", wait_seconds=0.0)
        return self.stage.begin(self.stage.prepare("return", work, lambda _: None))

    def sees(self) -> Step:
        """What the page shows to a customer who opens it now."""
        view = self.stage.look(self.customers.view(SESSION, self.word))
        assert view is not None
        return view.step

    def ends(self) -> Errand[Any]:
        """The merchant ends the session."""

        def decide(session: CheckoutSession) -> Decided | SessionRefusal:
            return end_session(session, "merchant", self.clock.now())

        work = self.sessions.record(SESSION, decide, TESTS)
        return self.stage.begin(self.stage.prepare("end", work, lambda _: None))

    def quiet_moment(self) -> None:
        """What is under way comes to its end, webhooks arrive, and jobs that are due are done, each once."""
        for errand in list(self.stage.errands):
            self.stage.finish(errand)
        for _ in range(3):
            if self.psps.tells:
                self._deliver_all()
            for job in self.queue.due:
                self.stage.finish(self.work_on(job))

    def charge(self, charge_id: ChargeId) -> Charge | None:
        """A charge as the log tells it; None where it is not made yet."""
        return fold(recorded.event for recorded in self.stage.look(self._log.load(stream_of(charge_id))))

    def session(self) -> CheckoutSession:
        """The session as the log tells it. Rules and invariants look many times between two writes: it is read once."""
        if self._session is None or self._session_read_at != self.stage.runs:
            self._session = self.stage.look(self.sessions.load(SESSION))
            self._session_read_at = self.stage.runs
        assert self._session is not None
        return self._session


_STEPS: Final = st.integers(0, 12)
_THEN: Final = st.sampled_from(["finish", "pause", "crash"])


class Sessions(RuleBasedStateMachine):
    """One session, and everything that can befall it."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world: SessionWorld
        self.is_reviewed = False

    @initialize(
        seed=st.integers(0, 2**16),
        nature=st.sampled_from(["telling", "silent", "wild"]),
        capture_method=st.sampled_from(["automatic", "manual"]),
        declines=st.integers(0, 2),
        is_reviewed=st.booleans(),
    )
    def the_session_begins(
        self, seed: int, nature: Nature, capture_method: CaptureMethod, declines: int, *, is_reviewed: bool
    ) -> None:
        """Some customers come after a decline or two: what was declined may be paid after all. Staff review all charges, or none."""
        self.world = SessionWorld(self.loop, nature, capture_method, seed, is_reviewed=is_reviewed)
        self.is_reviewed = is_reviewed
        self.a_customer_begins_in_peace("card")
        for _ in range(declines):
            for payment in self._payments("requires_action"):
                self.world.psps.intents.customer_finishes(payment, well=False)
            self.world.quiet_moment()
            self.a_customer_begins_in_peace("card")

    @rule(method=st.sampled_from(METHODS), steps=_STEPS, then=_THEN)
    def a_tab_begins(self, method: SessionPaymentMethod, steps: int, then: str) -> None:
        self._carry(self.world.begins(method), steps, then)

    @rule(steps=_STEPS, then=_THEN)
    def a_tab_comes_back(self, steps: int, then: str) -> None:
        """From the PSP's page, paid or not, or by the back button: it begins nothing, and may have the PSP asked."""
        attempts = len(self.world.session().attempts)
        self._carry(self.world.returns(), steps, then)
        assert len(self.world.session().attempts) == attempts

    @rule()
    def a_moment_passes_quietly(self) -> None:
        """Without these, hardly an example would come as far as a second attempt."""
        self.world.quiet_moment()

    @rule(method=st.sampled_from(METHODS))
    def a_customer_begins_in_peace(self, method: SessionPaymentMethod) -> None:
        """All that it takes to bring the customer to the PSP's page, if nothing else goes on."""
        self._carry(self.world.begins(method), 0, "finish")
        self.world.quiet_moment()

    @precondition(lambda self: self._payments("requires_action"))
    @rule(well=st.sampled_from([False, False, True]))
    def a_customer_acts_in_peace(self, *, well: bool) -> None:
        for payment in self._payments("requires_action"):
            self.world.psps.intents.customer_finishes(payment, well=well)
        self.world.quiet_moment()

    @precondition(lambda self: len(self.world.session().attempts) > 1)
    @rule(steps=_STEPS, then=_THEN)
    def the_merchant_ends_it(self, steps: int, then: str) -> None:
        self._carry(self.world.ends(), steps, then)

    @precondition(lambda self: self._payments("requires_action"))
    @rule(data=st.data(), well=st.booleans())
    def the_customer_acts(self, data: st.DataObject, *, well: bool) -> None:
        payment = data.draw(st.sampled_from(self._payments("requires_action")))
        self.world.psps.intents.customer_finishes(payment, well=well)

    @precondition(lambda self: self._payments("requires_action"))
    @rule(data=st.data(), well=st.booleans())
    def the_customer_pays_slowly(self, data: st.DataObject, *, well: bool) -> None:
        payment = data.draw(st.sampled_from(self._payments("requires_action")))
        pages = self.world.psps.intents
        assert isinstance(pages, HostedPages)
        pages.customer_pays_slowly(payment, well=well)
        self.world.quiet_moment()

    @precondition(lambda self: len(self.world.merchant.wishes) < WISHES_MAX)
    @rule(data=st.data(), steps=_STEPS, then=_THEN)
    def the_merchant_acts_on_a_charge(self, data: st.DataObject, steps: int, then: str) -> None:
        """By the API, on the charge of any attempt, whether or not it paid the session."""
        made = [one.charge_id for one in self.world.session().attempts if self.world.charge(one.charge_id)]
        if not made:
            return
        charge_id, merchant = data.draw(st.sampled_from(made)), self.world.merchant
        amount_minor = data.draw(st.sampled_from([None, 700]))
        match data.draw(st.sampled_from(["capture", "cancel", "refund", "refund"])):
            case "capture":
                wish = merchant.capture(charge_id, amount_minor)
            case "cancel":
                wish = merchant.cancel(charge_id)
            case _:
                wish = merchant.refund(charge_id, amount_minor)
        self._carry(self.world.send(wish, 0), steps, then)

    @precondition(lambda self: self.is_reviewed)
    @rule(data=st.data(), verdict=st.sampled_from(["approved", "declined"]), steps=_STEPS, then=_THEN)
    def staff_decide(self, data: st.DataObject, verdict: ReviewVerdict, steps: int, then: str) -> None:
        """About the charge of any attempt, whether or not that may be."""
        made = [one.charge_id for one in self.world.session().attempts if self.world.charge(one.charge_id)]
        if made:
            self._carry(self.world.staff_decide(data.draw(st.sampled_from(made)), verdict), steps, then)

    @precondition(lambda self: self._payments("declined"))
    @rule(data=st.data())
    def a_declined_payment_is_paid_after_all(self, data: st.DataObject) -> None:
        payment = data.draw(st.sampled_from(self._payments("declined")))
        self.world.psps.intents.customer_tries_again(payment)
        self.world.quiet_moment()

    @precondition(lambda self: self.world.psps.told)
    @rule(data=st.data(), steps=_STEPS, then=_THEN)
    def a_webhook_arrives(self, data: st.DataObject, steps: int, then: str) -> None:
        """Late, twice, or before the one that was sent earlier."""
        event = data.draw(st.sampled_from(self.world.psps.told))
        self._carry(self.world.deliver(event), steps, then)

    @precondition(lambda self: self.world.queue.due)
    @rule(data=st.data(), steps=_STEPS, then=_THEN)
    def a_job_is_done(self, data: st.DataObject, steps: int, then: str) -> None:
        job = data.draw(st.sampled_from(self.world.queue.due))
        self._carry(self.world.work_on(job), steps, then)

    @precondition(lambda self: self.world.stage.errands)
    @rule(data=st.data(), steps=_STEPS, then=_THEN)
    def something_goes_on(self, data: st.DataObject, steps: int, then: str) -> None:
        self._carry(data.draw(st.sampled_from(self.world.stage.errands)), steps, then)

    @rule(faults=st.lists(st.sampled_from(FAULTS), max_size=3))
    def the_next_calls_go_wrong(self, faults: list[Fault]) -> None:
        self.world.psps.fail_next(faults)

    @rule(minutes=st.sampled_from([0.1, 1, 20, 61, 125, 700]))
    def time_passes(self, minutes: float) -> None:
        self.world.pass_time(minutes * 60)

    @invariant()
    def one_attempt_can_be_paid_at_a_time(self) -> None:
        """Where calls arrive later than any PSP says they can, two pages may be open; what the second takes goes back."""
        if self.world.psps.nature != "wild":
            assert len(self._payments("requires_action")) <= 1

    @invariant()
    def one_attempt_is_live_at_most(self) -> None:
        session = self.world.session()
        statuses = [one.status for one in session.attempts]
        assert statuses.count("live") <= 1
        assert statuses.count("paid") == (session.status == "completed")
        assert session.status == "open" or "live" not in statuses
        assert len({one.charge_id for one in session.attempts}) == len(session.attempts)

    @invariant()
    def session_is_completed_by_a_whole_payment_that_staff_approved(self) -> None:
        """It stays completed when the payment is given back later."""
        paid = self.world.session().paid_attempt
        if paid is None:
            return
        charge = self.world.charge(paid.charge_id)
        assert charge is not None
        assert charge.authorized_minor == charge.amount.amount_minor
        assert charge.capture_method == "manual" or charge.captured_minor > 0 or charge.status != "authorized"
        assert (review_status(charge) == "approved") == self.is_reviewed

    @invariant()
    def page_says_what_the_log_says(self) -> None:
        """A tab leads to no page but that of the live attempt, and nothing is to be chosen once the session has ended."""
        session, step = self.world.session(), self.world.sees()
        match step:
            case Completed() | Expired():
                is_over = session.state == "choosing" and self.world.clock.now() >= session.expires_at
                assert session.status != "open" or (isinstance(step, Expired) and is_over)
            case GoTo():
                live = session.live_attempt
                assert session.state == "paying"
                assert live is not None
                assert live.payment_method == step.payment_method
            case Choose():
                assert session.state == "choosing"
            case Wait() | Pending():
                assert session.state in ("paying", "switching", "expiring")
            case _:
                assert_never(step)

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self._ends_well()
        finally:
            self.loop.close()

    def _ends_well(self) -> None:
        world = self.world
        world.rest(within=timedelta(days=1))
        # A person has the PSP, which answers again, asked about what it could not tell in time.
        world.queue.requeue()
        world.rest(within=timedelta(days=12))
        assert world.raised == []
        session = world.session()
        assert session.status != "open", session
        unreturned = {one.charge_id for one in session.attempts if one.status == "paid_again"}
        held = [job for job in world.queue.held if job.kind.startswith("checkout_session.")]
        assert bool(unreturned) == bool(held), (session, [job.held for job in held])
        payments = world.psps.payments.values()
        paid = {payment.charge_id for payment in payments if payment.has_money} - unreturned
        expected = {session.paid_attempt.charge_id} if session.paid_attempt else set()
        assert expected <= {payment.charge_id for payment in payments if payment.was_paid}
        for charge_id in expected - paid:
            # The merchant gave it back or up, or let the hold lapse: FinCore itself takes no payment away.
            charge = world.charge(charge_id)
            assert charge is not None
            assert charge.status in ("canceled", "expired") or charge.refunded_minor == charge.captured_minor
            assert session.capture_method == "manual" or world.merchant.wishes
        # A silent PSP shows a late payment of a closed attempt only when it is asked, and no job asks any more.
        if world.psps.tells:
            assert paid <= expected, session

    def _carry(self, errand: Errand[Any], steps: int, then: str) -> None:
        self.world.stage.finish(errand, steps=steps)
        if then == "finish":
            self.world.stage.finish(errand)
        elif then == "crash":
            self.world.crash(errand)

    def _payments(self, state: str) -> list[Payment]:
        return [one for one in self.world.psps.payments.values() if one.state == state]


@pytest.mark.sampled
@pytest.mark.timeout(300 + EXAMPLES)
def test_random_tabs_and_faults_leave_a_session_paid_once() -> None:
    run_state_machine_as_test(
        Sessions,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=40,
            deadline=None,
            print_blob=True,
            derandomize=not EXPLORES,
            suppress_health_check=[
                HealthCheck.too_slow,
                HealthCheck.data_too_large,
                HealthCheck.filter_too_much,
            ],
        ),
    )
