"""What a decision of a review comes to, by how the charge stands; and what may be captured meanwhile."""

from datetime import timedelta
from typing import Any, Final

import msgspec
import pytest

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.currency import Currency
from fincore.domain.events import (
    CancelRequested,
    CaptureRequested,
    ChargeActionRequired,
    ChargeAuthorized,
    ChargeCanceled,
    ChargeCaptured,
    ChargeEvent,
    ReviewDecided,
    ReviewOpened,
    event_type,
)
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.refusal import Refusal
from fincore.domain.requests import request_cancel, request_capture
from fincore.domain.review_decisions import decide_review
from fincore.domain.risk_review import ReviewStatus, capture_method_at_psp, review_status
from fincore.write.worker.policies.reviews import ReviewPolicy, opened_review
from fixtures.commits import MERCHANT, captured, created
from fixtures.reviews import NOON, OPENED, assessed, decided

PI: Final = PspReference("pi_1")
AUTHORIZED: Final = ChargeAuthorized(
    merchant_id=MERCHANT,
    livemode=False,
    psp=PspName("stripe"),
    psp_account=PspAccount("test"),
    psp_reference=PI,
    amount_minor=1000,
    currency=Currency("usd"),
    occurred_at=NOON,
)
ACTION: Final = ChargeActionRequired(psp_reference=PI)
CAPTURE: Final = CaptureRequested(amount_minor=1000, requested_at=NOON)
CANCEL: Final = CancelRequested(reason="fraudulent", requested_at=NOON)
CANCELED: Final = ChargeCanceled(reason="fraudulent", psp_reference=PI, occurred_at=NOON)
CAPTURED: Final[ChargeCaptured] = captured(psp_reference=PI)


def after(*events: ChargeEvent, **changes: Any) -> Charge:
    charge = evolve(evolve(None, created(**changes)), assessed())
    for event in events:
        charge = evolve(charge, event)
    return charge


APPROVED: Final = (AUTHORIZED, OPENED, decided("approved"))
DECLINED: Final = (AUTHORIZED, OPENED, decided("declined"), CANCEL)

CASES: Final[dict[str, tuple[tuple[ChargeEvent, ...], ReviewStatus, str, str]]] = {
    # events -> (how the review stands, what an approval comes to, what a decline comes to)
    "processing": ((), "open", "nothing_held", "charge_not_cancelable"),
    "customer acts": ((ACTION,), "open", "nothing_held", "charge.review_decided charge.cancel_requested"),
    "held": (
        (AUTHORIZED, OPENED),
        "open",
        "charge.review_decided charge.capture_requested",
        "charge.review_decided charge.cancel_requested",
    ),
    "merchant cancels": ((AUTHORIZED, CANCEL), "open", "operation_in_progress", "operation_in_progress"),
    "approved": (APPROVED, "approved", "review_over", "review_over"),
    "approved and captured": ((*APPROVED, CAPTURE, CAPTURED), "approved", "review_over", "review_over"),
    "declined": (DECLINED, "declined", "review_over", "review_over"),
    "declined and given up": ((*DECLINED, CANCELED), "declined", "review_over", "review_over"),
    "canceled": ((AUTHORIZED, OPENED, CANCELED), "closed", "review_over", "review_over"),
    "captured by the PSP": ((CAPTURED,), "captured_by_psp", "charge.review_decided", "review_over"),
    "declined and captured by the PSP": (
        (*DECLINED, CAPTURED),
        "captured_by_psp",
        "charge.review_decided",
        "review_over",
    ),
}


def named(outcome: tuple[ChargeEvent, ...] | Refusal) -> str:
    return outcome.code if isinstance(outcome, Refusal) else " ".join(map(event_type, outcome))


@pytest.mark.parametrize("case", CASES)
def test_decision_of_a_review_comes_to_what_the_table_says(case: str) -> None:
    events, status, approval, decline = CASES[case]
    charge = after(*events)
    assert review_status(charge) == status
    for verdict, expected in (("approved", approval), ("declined", decline)):
        outcome = decide_review(charge, verdict, by="ada", reason="Called.", now=NOON)  # type: ignore[arg-type]
        assert named(outcome) == expected, verdict
        if not isinstance(outcome, Refusal):
            assert evolve(charge, outcome[0]).review_decided == outcome[0]


def test_approved_manual_charge_is_left_to_its_merchant() -> None:
    charge = after(AUTHORIZED, OPENED, capture_method="manual")
    outcome = decide_review(charge, "approved", by="ada", reason="Known.", now=NOON)
    assert named(outcome) == "charge.review_decided"
    approved = after(AUTHORIZED, OPENED, decided("approved"), capture_method="manual")
    assert isinstance(request_capture(approved, 400, NOON), CaptureRequested)


def test_second_decision_names_the_first() -> None:
    outcome = decide_review(after(*APPROVED), "declined", by="bob", reason="Odd.", now=NOON)
    assert isinstance(outcome, Refusal)
    assert outcome.detail == "the charge was approved by ada, 2026-01-02 12:00 UTC"


def test_decision_keeps_who_took_it_and_why() -> None:
    outcome = decide_review(after(AUTHORIZED), "declined", by="ada", reason="Stolen.", now=NOON)
    assert not isinstance(outcome, Refusal)
    assert outcome == (
        ReviewDecided(decision="declined", by="ada", reason="Stolen.", decided_at=NOON),
        CancelRequested(reason="fraudulent", requested_at=NOON),
    )


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ((AUTHORIZED, OPENED), "charge_under_review"),
        ((AUTHORIZED, OPENED, decided("declined")), "charge_not_capturable"),
    ],
)
def test_merchant_captures_nothing_before_an_approval(events: tuple[ChargeEvent, ...], code: str) -> None:
    charge = after(*events, capture_method="manual")
    refused = request_capture(charge, None, NOON)
    assert isinstance(refused, Refusal)
    assert refused.code == code
    assert isinstance(request_cancel(charge, "duplicate", NOON), CancelRequested)


def test_psp_is_asked_to_hold_however_the_review_ends() -> None:
    for events in ((), (AUTHORIZED,), APPROVED, DECLINED):
        assert capture_method_at_psp(after(*events)) == "manual"
    assert capture_method_at_psp(evolve(None, created())) == "automatic"
    assert capture_method_at_psp(evolve(evolve(None, created()), assessed("allow"))) == "automatic"


def test_refunded_charge_that_psp_captured_is_closed() -> None:
    charge = after(CAPTURED)
    refunded = msgspec.structs.replace(charge, captured_minor=0)
    assert (review_status(charge), review_status(refunded)) == ("captured_by_psp", "closed")


HOUR: Final = 3_600.0
POLICY: Final = ReviewPolicy(decision_seconds=72 * HOUR, margin_seconds=12 * HOUR)


@pytest.mark.parametrize(
    ("held_hours", "hours"),
    [(168, 72), (84, 72), (60, 48), (24, 12), (10, 5), (0, 0), (-5, 0)],
)
def test_review_is_decided_before_the_hold_lapses(held_hours: float, hours: float) -> None:
    decide_by = POLICY.decide_by(NOON, NOON + timedelta(hours=held_hours))
    assert decide_by == NOON + timedelta(hours=hours)


def test_review_opens_once_the_money_is_held() -> None:
    def opened(charge: Charge, *events: ChargeEvent) -> tuple[ReviewOpened, ...]:
        return opened_review(charge, events, policy=POLICY, hold_seconds=60 * HOUR, now=NOON)

    assert opened(after(AUTHORIZED), AUTHORIZED) == (
        ReviewOpened(decide_by=NOON + timedelta(hours=48), opened_at=NOON),
    )
    assert opened(after(ACTION), ACTION) == ()
    assert opened(after(AUTHORIZED, OPENED, CANCEL), CANCEL) == ()
    assert opened(after(*APPROVED), AUTHORIZED) == ()
    named = msgspec.structs.replace(after(AUTHORIZED), capture_before=NOON + timedelta(hours=24))
    assert opened(named, AUTHORIZED)[0].decide_by == NOON + timedelta(hours=12)
