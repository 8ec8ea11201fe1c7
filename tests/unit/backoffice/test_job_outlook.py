"""What a replay of a dead letter would do, for each kind of job and each state of what it is about."""

from typing import Any, get_args

import msgspec
import pytest

from fincore.backoffice.job_outlook import REPLAYS, JobOutlook, outlook_of, subject_of
from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.checkout_session import CheckoutSession
from fincore.domain.checkout_session_events import CheckoutSessionExpired
from fincore.domain.events import CaptureRequested, ChargeEvent, ChargeOutcomeUnknown
from fincore.domain.failover import reroute
from fincore.domain.ids import RefundId, new_charge_id, new_refund_id
from fincore.domain.job import Job, JobKind
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.requests import request_capture, request_refund
from fincore.write.queue import job_payloads
from fincore.write.queue.port import HeldJob, JobId
from fixtures.checkout_sessions import SESSION, session_of_events
from fixtures.commits import NOON, captured, created
from fixtures.reviews import assessed
from fixtures.routes import STRIPE_FIRST, THEN_PAYPAL, routed
from fixtures.traffic import authorized

CHARGE = new_charge_id()
REFUND = new_refund_id()


def charge(*events: ChargeEvent, **changes: Any) -> Charge:
    one = evolve(None, created(**changes))
    for event in events:
        one = evolve(one, event)
    return one


def letter(job: Job) -> HeldJob:
    return HeldJob(
        job_id=JobId("7"), kind=job.kind, payload=job.payload, attempts=3, reason="no answer", held_at=NOON
    )


def outlook(
    job: Job, charge: Charge | None = None, session: CheckoutSession | None = None
) -> tuple[str, bool]:
    found = outlook_of(letter(job), charge, session)
    return found.left_to_do, found.is_needed


UNKNOWN = ChargeOutcomeUnknown(reason="no response", since=NOON)
FRESH, IN_DOUBT, HELD, PAID = charge(), charge(UNKNOWN), charge(authorized()), charge(captured())


def capturing() -> Charge:
    event = request_capture(HELD, None, NOON)
    assert isinstance(event, CaptureRequested)
    return evolve(HELD, event)


def refunding(refund_id: RefundId = REFUND) -> Charge:
    event = request_refund(PAID, refund_id, 300, NOON)
    assert not hasattr(event, "code")
    return evolve(PAID, event)


def rerouted() -> Charge:
    one = charge(**routed(STRIPE_FIRST, THEN_PAYPAL))
    assert one.operation is not None
    (event,) = reroute(one, one.operation, code="account_unavailable", reason="away", now=NOON)
    return evolve(one, event)


def test_every_kind_of_job_says_what_a_replay_does_and_why_once() -> None:
    assert set(REPLAYS) == set(get_args(JobKind))
    assert all(replay.does and replay.once for replay in REPLAYS.values())


@pytest.mark.parametrize(
    ("job", "subject", "left"),
    [
        (job_payloads.authorize_job(CHARGE), FRESH, "call_psp"),
        (job_payloads.authorize_job(CHARGE), IN_DOUBT, "nothing"),
        (job_payloads.authorize_job(CHARGE), PAID, "nothing"),
        (job_payloads.authorize_job(CHARGE), rerouted(), "nothing"),
        (job_payloads.authorize_job(CHARGE, attempt=2), rerouted(), "call_psp"),
        (job_payloads.capture_job(CHARGE), capturing(), "call_psp"),
        (job_payloads.capture_job(CHARGE), HELD, "nothing"),
        (job_payloads.cancel_job(CHARGE), capturing(), "nothing"),
        (job_payloads.complete_job(CHARGE), FRESH, "nothing"),
        (job_payloads.resolve_job(CHARGE, delay_seconds=0), IN_DOUBT, "ask_psp"),
        (job_payloads.resolve_job(CHARGE, delay_seconds=0), FRESH, "nothing"),
        (job_payloads.poll_job(CHARGE, delay_seconds=0), HELD, "ask_psp"),
        (job_payloads.poll_job(CHARGE, delay_seconds=0), PAID, "nothing"),
        (job_payloads.review_job(CHARGE, delay_seconds=0), charge(assessed(), authorized()), "follow"),
        (job_payloads.review_job(CHARGE, delay_seconds=0), HELD, "nothing"),
        (job_payloads.reverse_attempt_job(CHARGE, 1, delay_seconds=0), rerouted(), "ask_psp"),
        (job_payloads.send_refund_job(CHARGE, REFUND), refunding(), "call_psp"),
        (job_payloads.resolve_refund_job(CHARGE, REFUND, delay_seconds=0), refunding(), "ask_psp"),
    ],
)
def test_replay_does_what_is_left_and_is_needed_for_it(job: Job, subject: Charge, left: str) -> None:
    assert outlook(job, subject) == (left, left != "nothing")


def test_question_how_a_charge_stands_is_never_needed() -> None:
    """Another job looks after a charge that waits for its customer."""
    assert outlook(job_payloads.inquire_job(CHARGE), FRESH) == ("nothing", False)


def test_session_is_followed_until_it_ended() -> None:
    follow, expire = (
        job_payloads.follow_session_job(SESSION),
        job_payloads.expire_session_job(SESSION, delay_seconds=0),
    )
    ended = session_of_events(CheckoutSessionExpired(reason="time", expired_at=NOON))
    for job in (follow, expire):
        assert outlook(job, session=session_of_events()) == ("follow", True)
        assert outlook(job, session=ended) == ("nothing", False)


def test_report_can_be_discarded_and_read_again() -> None:
    job = job_payloads.process_webhook_job(PspName("stripe"), PspAccount("test"), "evt_1")
    assert outlook(job) == ("read_report", False)
    subject = subject_of(letter(job))
    assert subject is not None
    assert (subject.psp, subject.psp_event_id, subject.charge_id) == ("stripe", "evt_1", None)


@pytest.mark.parametrize(
    "odd",
    [
        letter(job_payloads.authorize_job(CHARGE)),
        msgspec.structs.replace(letter(job_payloads.authorize_job(CHARGE)), kind="charge.of_a_later_release"),
        msgspec.structs.replace(letter(job_payloads.authorize_job(CHARGE)), payload=b"\xff"),
        letter(job_payloads.send_refund_job(CHARGE, new_refund_id())),
        letter(job_payloads.reverse_attempt_job(CHARGE, 9, delay_seconds=0)),
    ],
    ids=["no charge", "later kind", "no JSON", "no such refund", "no such attempt"],
)
def test_what_cannot_be_read_cannot_be_discarded(odd: HeldJob) -> None:
    subject = None if odd.kind == "charge.authorize" else PAID
    found: JobOutlook = outlook_of(odd, subject, None)
    assert (found.left_to_do, found.is_needed) == ("unreadable", True)
