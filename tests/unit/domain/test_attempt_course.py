"""The course of one attempt: approval, completion, a renewed request to act, and what the PSP decides later."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.currency import Currency
from fincore.domain.events import CaptureRequested, ChargeEvent
from fincore.domain.money import Money
from fincore.domain.operation import PendingOperation
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Declined,
    Failure,
    KnownOutcome,
    PspReference,
    Rejected,
    Unknown,
)
from fincore.domain.payment_method import CardInstrument
from fincore.domain.payment_outcomes import ACTION_ROUNDS_MAX, decide_payment
from fincore.domain.refusal import Refusal
from fincore.domain.requests import request_cancel, request_capture
from fincore.domain.resolution import Resolution, decide_charge_outcome
from fixtures.commits import created
from fixtures.scripted_psp import NOON, approval, pending

ORDER = PspReference("5O190127TN364715T")
USD_10 = Money(1000, Currency("usd"))
ACTION = ActionRequired(psp_reference=ORDER, redirect_url="https://psp.example/approve")
CAPTURED = Approved(kind="captured", money=USD_10, psp_reference=ORDER, occurred_at=NOON)
AUTHORIZED = Approved(kind="authorized", money=USD_10, psp_reference=ORDER, occurred_at=NOON)
DECLINED = Declined(
    failure=Failure(code="card_declined", message="No.", advice="ask_customer"), occurred_at=NOON
)
REFUSED = Rejected(failure=DECLINED.failure, occurred_at=NOON)
UNKNOWN = Unknown(reason="timed out", since=NOON)
PENDING = pending(ORDER)
Said = KnownOutcome | Rejected | Unknown


def events_of(charge: Charge, said: Said) -> tuple[ChargeEvent, ...]:
    decided = decide_payment(charge, said)
    assert not isinstance(decided, Refusal)
    return decided


def after(charge: Charge, *said: Said) -> Charge:
    for one in said:
        for event in events_of(charge, one):
            charge = evolve(charge, event)
    return charge


CARD = CardInstrument(brand="visa", last4="4242", expiry_month=12, expiry_year=2030)


@pytest.mark.parametrize("said", [CAPTURED, AUTHORIZED, DECLINED])
def test_instrument_that_comes_after_the_outcome_is_filled_in(said: Any) -> None:
    """A webhook may say that money moved before the call's answer says by which card."""
    known = msgspec.structs.replace(said, psp_reference=ORDER)
    told = msgspec.structs.replace(known, instrument=CARD)
    once = charge_after(known)
    assert once.instrument is None
    filled = after(once, told)
    assert (filled.instrument, filled.status) == (CARD, once.status)
    assert events_of(filled, told) == ()
    assert events_of(filled, known) == ()
    other = msgspec.structs.replace(told, instrument=msgspec.structs.replace(CARD, last4="0005"))
    assert events_of(filled, other) == ()


def charge_after(*said: Said, **changes: Any) -> Charge:
    return after(evolve(None, created(**changes)), *said)


def pending_operation(charge: Charge) -> PendingOperation:
    assert charge.operation is not None
    return charge.operation


@pytest.mark.parametrize("before", [(ACTION,), (), (UNKNOWN,)], ids=["asked", "unrecorded", "unknown"])
def test_an_approval_makes_the_completion_due(before: tuple[Said, ...]) -> None:
    charge = charge_after(*before, approval(ORDER))
    assert (charge.status, charge.psp_reference, charge.unknown_since) == ("processing", ORDER, None)
    assert (pending_operation(charge).kind, pending_operation(charge).number) == ("complete", 1)
    assert pending_operation(charge).requested_at == approval(ORDER).noticed_at


def test_an_approval_told_twice_completes_once() -> None:
    charge = charge_after(ACTION, approval(ORDER))
    assert events_of(charge, approval(ORDER)) == ()
    assert events_of(charge, approval(ORDER, minute=9)) == ()


@pytest.mark.parametrize("end", [CAPTURED, AUTHORIZED, DECLINED], ids=["captured", "authorized", "declined"])
def test_an_approval_after_its_completion_says_nothing(end: KnownOutcome) -> None:
    charge = charge_after(ACTION, approval(ORDER), end)
    assert events_of(charge, approval(ORDER, minute=9)) == ()


def test_an_approval_during_a_cancellation_says_nothing() -> None:
    charge = charge_after(ACTION)
    requested = request_cancel(charge, "requested_by_customer", NOON)
    assert not isinstance(requested, Refusal)
    charge = evolve(charge, requested)
    assert events_of(charge, approval(ORDER)) == ()
    assert events_of(charge, PENDING) == ()
    refused = after(charge, REFUSED)
    assert pending_operation(after(refused, approval(ORDER))).kind == "complete"


def test_a_completion_may_be_neither_canceled_nor_captured() -> None:
    for charge in (charge_after(ACTION, approval(ORDER)), charge_after(ACTION, PENDING)):
        assert isinstance(request_cancel(charge, "requested_by_customer", NOON), Refusal)
        assert isinstance(request_capture(charge, None, NOON), Refusal)


def test_renewed_action_waits_for_an_approval_that_is_newer() -> None:
    charge = charge_after(ACTION, approval(ORDER), ACTION)
    assert (charge.status, charge.operation, charge.actions_required) == ("requires_action", None, 2)
    assert events_of(charge, approval(ORDER)) == ()
    again = after(charge, approval(ORDER, minute=2))
    assert (pending_operation(again).kind, pending_operation(again).number) == ("complete", 2)


def test_approval_after_one_that_is_over_needs_no_later_time() -> None:
    """A customer may approve again in the second of an approval that was refused."""
    refused = charge_after(ACTION, approval(ORDER), msgspec.structs.replace(ACTION, is_approval_over=True))
    assert (refused.status, refused.actions_required, refused.approved_at) == ("requires_action", 2, None)
    again = after(refused, approval(ORDER))
    assert (pending_operation(again).kind, pending_operation(again).number) == ("complete", 2)
    assert after(again, CAPTURED).status == "succeeded"


def test_a_customer_asked_too_often_has_been_declined() -> None:
    charge = charge_after(ACTION)
    for minute in range(1, ACTION_ROUNDS_MAX):
        charge = after(charge, approval(ORDER, minute=minute), ACTION)
        assert charge.status == "requires_action"
    charge = after(charge, approval(ORDER, minute=ACTION_ROUNDS_MAX), ACTION)
    assert (charge.status, charge.actions_required) == ("failed", ACTION_ROUNDS_MAX)
    assert charge.failure is not None
    assert (charge.failure.code, charge.failure.advice) == ("authentication_failed", "ask_customer")


def test_pages_that_keep_changing_give_no_events_without_bound() -> None:
    charge = charge_after(ACTION)
    for page in range(ACTION_ROUNDS_MAX * 2):
        charge = after(
            charge, ActionRequired(psp_reference=ORDER, redirect_url=f"https://psp.example/{page}")
        )
    assert (charge.status, charge.actions_required) == ("requires_action", ACTION_ROUNDS_MAX)


@pytest.mark.parametrize(
    "before", [(), (ACTION,), (ACTION, approval(ORDER)), (UNKNOWN,)], ids=["new", "asked", "done", "unknown"]
)
def test_what_is_pending_is_neither_unknown_nor_told_again(before: tuple[Said, ...]) -> None:
    charge = charge_after(*before, PENDING)
    assert (charge.status, charge.pending_until) == ("processing", NOON + timedelta(days=7))
    assert charge.unknown_since is None
    for said in (UNKNOWN, PENDING, approval(ORDER, minute=9)):
        assert events_of(charge, said) == ()


@pytest.mark.parametrize(
    ("decided", "status"), [(CAPTURED, "succeeded"), (AUTHORIZED, "authorized"), (DECLINED, "failed")]
)
def test_what_was_pending_ends_as_the_psp_decides(decided: KnownOutcome, status: str) -> None:
    charge = charge_after(ACTION, approval(ORDER), PENDING, decided)
    assert (charge.status, charge.operation, charge.pending_until) == (status, None, None)


def pending_capture() -> Charge:
    charge = charge_after(AUTHORIZED, capture_method="manual")
    requested = request_capture(charge, None, NOON)
    assert isinstance(requested, CaptureRequested)
    return after(evolve(charge, requested), PENDING)


def test_a_pending_capture_that_is_declined_leaves_the_hold() -> None:
    charge = after(pending_capture(), DECLINED)
    assert (charge.status, charge.operation, charge.pending_until) == ("authorized", None, None)
    assert charge.operation_failure is not None
    assert charge.operation_failure.operation == "capture"


def test_a_pending_capture_bars_a_cancellation() -> None:
    refusal = request_cancel(pending_capture(), "requested_by_customer", NOON)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "operation_in_progress"
    assert after(pending_capture(), CAPTURED).status == "succeeded"


PERSON = Resolution(decided_by="ops", reason="seen at the PSP")


def test_person_may_decide_what_is_pending_or_unknown() -> None:
    unknown = charge_after(ACTION, approval(ORDER), UNKNOWN)
    for charge in (unknown, charge_after(ACTION, PENDING), charge_after(PENDING)):
        for said, status in (("failed", "failed"), ("captured", "succeeded")):
            decided = decide_charge_outcome(charge, said, PERSON, NOON)  # type: ignore[arg-type]
            assert not isinstance(decided, Refusal)
            ended = charge
            for event in decided:
                ended = evolve(ended, event)
            assert ended.status == status


def test_person_may_not_decide_what_waits_for_its_customer() -> None:
    assert isinstance(decide_charge_outcome(charge_after(ACTION), "failed", PERSON, NOON), Refusal)
    assert isinstance(
        decide_charge_outcome(charge_after(ACTION, approval(ORDER)), "failed", PERSON, NOON), Refusal
    )
