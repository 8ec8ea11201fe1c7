"""When a charge goes on to the next account of its plan: each condition holds back a charge that could be made twice."""

from typing import Any, Literal

import msgspec
import pytest

from fincore.domain.attempt import ATTEMPT_TRANSITIONS
from fincore.domain.attempt_outcomes import as_of_attempt, decide_attempt
from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.events import ChargeRerouted, ReportHeld, RerouteCode
from fincore.domain.failover import next_candidate, reroute
from fincore.domain.operation import PendingOperation
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Declined,
    Failure,
    PspReference,
    SubReference,
    Unknown,
)
from fincore.domain.payment_method import PayPalWallet
from fincore.domain.payment_outcomes import decide_payment
from fincore.domain.refusal import Refusal
from fincore.domain.transition_table import attempt_table
from fixtures.commits import created
from fixtures.routes import ADYEN, EUROPE, PAYPAL_US, STRIPE_FIRST, THEN_ADYEN, THEN_PAYPAL, planned, routed
from fixtures.scripted_psp import NOON, PAYPAL, STRIPE, TEST_ACCOUNT, approval, pending

ORDER = PspReference("5O190127TN364715T")
THREE = (STRIPE_FIRST, THEN_PAYPAL, THEN_ADYEN)
UNKNOWN = Unknown(reason="timed out", since=NOON)
DECLINED = Declined(
    failure=Failure(code="card_declined", message="No.", advice="retry_later"), occurred_at=NOON
)


def charge(*said: Any, attempts: Any = THREE, **changes: Any) -> Charge:
    one = evolve(None, created(**routed(*attempts), **changes))
    for outcome in said:
        events = decide_payment(one, outcome)
        assert not isinstance(events, Refusal)
        for event in events:
            one = evolve(one, event)
    return one


def next_of(one: Charge, code: RerouteCode = "account_unavailable") -> tuple[ChargeRerouted, ...]:
    operation = one.operation or PendingOperation(kind="authorize", number=1, requested_at=NOON)
    return reroute(one, operation, code=code, reason="no connection", now=NOON)


def after_next(one: Charge) -> Charge:
    (event,) = next_of(one)
    return evolve(one, event)


def test_the_next_attempt_goes_to_the_next_account() -> None:
    second = after_next(charge())
    assert (second.psp, second.psp_account, second.payment_method) == (PAYPAL, PAYPAL_US, PayPalWallet())
    assert (second.status, second.attempt_number, second.psp_reference) == ("processing", 2, None)
    assert second.operation == PendingOperation(kind="authorize", number=2, requested_at=NOON)
    (abandoned,) = second.abandoned_attempts
    assert (abandoned.number, abandoned.status, abandoned.psp, abandoned.psp_account) == (
        1,
        "abandoned",
        STRIPE,
        TEST_ACCOUNT,
    )
    assert as_of_attempt(second, abandoned).payment_method == STRIPE_FIRST.payment_method
    third = after_next(second)
    assert (third.psp, third.psp_account, third.attempt_number) == (ADYEN, EUROPE, 3)
    assert next_of(third) == ()


def test_a_charge_has_three_attempts_at_most() -> None:
    more = (*THREE, planned(STRIPE, "fourth"))
    assert next_candidate(after_next(after_next(charge(attempts=more)))) is None


@pytest.mark.parametrize("attempts", [(STRIPE_FIRST,), (STRIPE_FIRST, STRIPE_FIRST)])
def test_no_account_gets_a_second_attempt(attempts: Any) -> None:
    assert next_candidate(charge(attempts=attempts)) is None
    assert next_of(charge(attempts=attempts)) == ()


def test_a_charge_without_a_plan_has_one_attempt() -> None:
    assert next_of(evolve(None, created())) == ()


HELD = ReportHeld(
    psp=STRIPE,
    psp_account=TEST_ACCOUNT,
    psp_event_id="evt_1",
    report_type="payment_intent.odd",
    reason="not_understood",
    detail="It names no amount.",
    held_at=NOON,
)
NOT_SAFE: dict[str, Charge] = {
    "unknown": charge(UNKNOWN),
    "waiting for its customer": charge(ActionRequired(psp_reference=ORDER)),
    "approved, to be completed": charge(approval(ORDER)),
    "pending": charge(pending(ORDER)),
    "declined": charge(DECLINED),
    "captured": charge(
        Approved(kind="captured", money=charge().amount, psp_reference=ORDER, occurred_at=NOON)
    ),
    "held": charge(
        Approved(kind="authorized", money=charge().amount, psp_reference=ORDER, occurred_at=NOON),
        capture_method="manual",
    ),
    "pending, and the PSP named no payment": msgspec.structs.replace(
        charge(pending(ORDER)), psp_reference=None
    ),
    "a report waits for a person": evolve(charge(), HELD),
    "the PSP named a payment": msgspec.structs.replace(charge(), psp_reference=ORDER),
    "a completion without a name": msgspec.structs.replace(charge(approval(ORDER)), psp_reference=None),
    "an authorization that is not processing": msgspec.structs.replace(charge(), status="requires_action"),
}


@pytest.mark.parametrize("code", ["account_unavailable", "account_not_called"])
@pytest.mark.parametrize("state", NOT_SAFE)
def test_a_charge_of_which_money_may_have_moved_stays(
    state: str, code: Literal["account_unavailable", "account_not_called"]
) -> None:
    assert next_of(NOT_SAFE[state], code) == ()


@pytest.mark.parametrize("state", [name for name in NOT_SAFE if name != "unknown"])
def test_what_is_not_unknown_never_fails_over_by_inference(state: str) -> None:
    assert next_of(NOT_SAFE[state], "never_happened") == ()
    assert next_of(charge(), "never_happened") == ()
    assert len(next_of(charge(UNKNOWN), "never_happened")) == 1


def test_an_unknown_charge_with_a_held_report_stays() -> None:
    assert next_of(evolve(charge(UNKNOWN), HELD), "never_happened") == ()


def test_another_operation_than_the_one_that_failed_stays() -> None:
    first = charge()
    assert first.operation is not None
    second = after_next(first)
    assert reroute(second, first.operation, code="account_unavailable", reason="late", now=NOON) == ()


def test_attempt_told_twice_of_a_part_holds_it_once() -> None:
    hold = SubReference("authorization", PspReference("5DK47"))
    capture = SubReference("capture", PspReference("3C679"))
    late = after_next(charge())
    told: tuple[tuple[Literal["authorized", "captured"], tuple[SubReference, ...]], ...] = (
        ("authorized", (hold,)),
        ("captured", (hold, capture)),
    )
    for kind, parts in told:
        approved = Approved(
            kind=kind, money=late.amount, psp_reference=ORDER, occurred_at=NOON, sub_references=parts
        )
        events = decide_attempt(late, 1, approved, NOON)
        assert not isinstance(events, Refusal)
        for event in events:
            late = evolve(late, event)
    (attempt,) = late.abandoned_attempts
    assert attempt.sub_references == (hold, capture)
    assert [attempt.is_called(name) for name in (ORDER, PspReference("5DK47"), PspReference("5DK48"))] == [
        True,
        True,
        False,
    ]


def test_every_transition_of_an_abandoned_attempt_is_printed() -> None:
    assert len(attempt_table().splitlines()) == len(ATTEMPT_TRANSITIONS)
    assert "abandoned        charge.attempt_captured         captured" in attempt_table()
