"""What a charge may do, as a printed table, as rows, and as a state machine that Hypothesis drives."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fincore.domain.charge import TERMINAL, TRANSITIONS, Charge
from fincore.domain.charge_fold import STEPS, evolve, fold
from fincore.domain.currency import Currency
from fincore.domain.events import (
    CHARGE_EVENTS,
    EVENTS,
    CancelRequested,
    CaptureRequested,
    ChargeCaptured,
    ChargeEvent,
    ChargeFailed,
    ChargeStatus,
    FeeAssessed,
)
from fincore.domain.fee_plan import FeePlan, platform_fee_minor
from fincore.domain.ids import new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Consented,
    Declined,
    Expired,
    Failure,
    KnownOutcome,
    Pending,
    PspReference,
    Rejected,
    Unknown,
)
from fincore.domain.payment_corrections import correct_payment
from fincore.domain.payment_outcomes import decide_payment
from fincore.domain.refusal import Refusal
from fincore.domain.requests import request_cancel, request_capture, request_refund
from fincore.domain.transition_table import transition_table
from fixtures.commits import created
from fixtures.reviews import assessed

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
PI = PspReference("pi_1")
USD_10 = Money(1000, Currency("usd"))

CAPTURED = Approved(kind="captured", money=USD_10, psp_reference=PI, occurred_at=NOON)
AUTHORIZED = Approved(kind="authorized", money=USD_10, psp_reference=PI, occurred_at=NOON)
DECLINED = Declined(
    failure=Failure(code="card_declined", message="declined", advice="retry_later"), occurred_at=NOON
)
ACTION = ActionRequired(psp_reference=PI, redirect_url="https://psp.example/3ds")
CANCELED = Canceled(reason="abandoned", psp_reference=PI, occurred_at=NOON)
EXPIRED = Expired(reason="authorization_lapsed", psp_reference=PI, occurred_at=NOON)
APPROVED = Consented(psp_reference=PI, occurred_at=NOON, noticed_at=NOON)
PENDING = Pending(
    psp_reference=PI, reason="a bank debit", occurred_at=NOON, pending_until=NOON + timedelta(days=7)
)
UNKNOWN = Unknown(reason="timed out", since=NOON)
REJECTED = Rejected(
    failure=Failure(code="psp_unavailable", message="not reached", advice="retry_later"), occurred_at=NOON
)

FACTS: dict[str, KnownOutcome | Unknown] = {
    "captured": CAPTURED,
    "authorized": AUTHORIZED,
    "declined": DECLINED,
    "action required": ACTION,
    "approved": APPROVED,
    "pending": PENDING,
    "canceled": CANCELED,
    "expired": EXPIRED,
    "unknown": UNKNOWN,
}


def charge_after(*facts: KnownOutcome | Unknown, **changes: Any) -> Charge:
    charge = evolve(None, created(**changes))
    for fact in facts:
        events = decide_payment(charge, fact)
        assert not isinstance(events, Refusal)
        for event in events:
            charge = evolve(charge, event)
    return charge


STATES: dict[ChargeStatus, Charge] = {
    "processing": charge_after(),
    "requires_action": charge_after(ACTION),
    "authorized": charge_after(AUTHORIZED),
    "succeeded": charge_after(CAPTURED),
    "failed": charge_after(DECLINED),
    "canceled": charge_after(CANCELED),
    "expired": charge_after(EXPIRED),
}

# What becomes of each fact in each state: the next state, `same` (known already), or `refused`.
TABLE = """
                 captured   authorized  declined  action required  approved    pending     canceled  expired  unknown
processing       succeeded  authorized  failed    requires_action  processing  processing  canceled  expired  processing
requires_action  succeeded  authorized  failed    same             processing  processing  canceled  expired  same
authorized       succeeded  same        refused   same             same        same        canceled  expired  same
succeeded        same       same        refused   same             same        same        refused   refused  same
failed           refused    refused     same      same             same        same        same      same     same
canceled         refused    same        same      same             same        same        same      same     same
expired          refused    same        same      same             same        same        same      same     same
"""
HEADER, *ROWS = [line for line in TABLE.splitlines() if line]
CELLS = [
    (row.split()[0], fact, outcome)
    for row in ROWS
    for fact, outcome in zip(FACTS, row.split()[1:], strict=True)
]


@pytest.mark.parametrize(("state", "fact", "outcome"), CELLS, ids=[f"{s}-{f}-{o}" for s, f, o in CELLS])
def test_each_fact_in_each_state_has_the_outcome_of_the_table(
    state: ChargeStatus, fact: str, outcome: str
) -> None:
    charge = STATES[state]
    decision = decide_payment(charge, FACTS[fact])
    if outcome == "refused":
        assert isinstance(decision, Refusal)
        assert decision.code == "contradicts_state"
        return
    assert not isinstance(decision, Refusal)
    if outcome == "same":
        assert decision == ()
        return
    (event,) = decision
    assert evolve(charge, event).status == outcome


def test_the_table_names_every_state() -> None:
    assert {row.split()[0] for row in ROWS} == set(get_args(ChargeStatus)) == set(STATES)


def test_no_transition_leads_from_a_terminal_state_to_another() -> None:
    assert not [
        (before, after)
        for (before, _), after in TRANSITIONS.items()
        if before in TERMINAL and before != after
    ]


def test_each_charge_event_but_the_first_has_a_step() -> None:
    assert set(STEPS) == {shape for _, shape in EVENTS.values()} - {type(created())}


def test_each_charge_event_has_transition_and_table_row() -> None:
    beside = {
        "charge.corrected",
        "charge.fee_returned",
        "charge.fee_taken_again",
        "charge.outcome_decided",
        "charge.report_held",
        "charge.report_released",
        "charge.fraud_warned",
        "charge.fraud_warning_updated",
        *(name for name in EVENTS if name.startswith("charge.attempt_")),
    }
    assert {event for _, event in TRANSITIONS} == {
        name for name in EVENTS if name.startswith("charge.")
    } - beside
    shown = {
        name: re.sub(r"(attempt|fraud)_.*", r"\1_...", name) for name in EVENTS if name.startswith("charge.")
    }
    rows_beside = {shown[name] for name in beside}
    assert len(transition_table().splitlines()) == len(TRANSITIONS) + len(rows_beside)
    assert [name for name in shown.values() if f" {name} " not in transition_table()] == []
    assert "authorized       charge.captured           succeeded" in transition_table()


def test_the_psp_may_not_report_more_than_the_charge() -> None:
    too_much = Approved(
        kind="captured", money=Money(1001, Currency("usd")), psp_reference=PI, occurred_at=NOON
    )
    assert decide_payment(STATES["processing"], too_much) == Refusal(
        "amount_exceeds_charge", "the PSP reports 10.01 USD, the charge is for 10.00 USD"
    )


def test_the_psp_may_not_report_another_currency() -> None:
    euros = Approved(kind="captured", money=Money(1000, Currency("eur")), psp_reference=PI, occurred_at=NOON)
    decision = decide_payment(STATES["processing"], euros)
    assert isinstance(decision, Refusal)
    assert decision.code == "currency_differs"


def test_fact_about_second_psp_payment_is_refused() -> None:
    other = Approved(kind="captured", money=USD_10, psp_reference=PspReference("pi_2"), occurred_at=NOON)
    decision = decide_payment(STATES["succeeded"], other)
    assert isinstance(decision, Refusal)
    assert decision.code == "psp_reference_differs"


def test_unknown_outcome_is_recorded_once_and_ends_when_known() -> None:
    charge = charge_after(UNKNOWN)
    assert (charge.status, charge.unknown_since) == ("processing", NOON)
    assert decide_payment(charge, UNKNOWN) == ()
    assert charge_after(UNKNOWN, CAPTURED).unknown_since is None


@pytest.mark.parametrize("amount_minor", [0, -1, -1999])
def test_the_psp_may_not_report_less_than_one_minor_unit(amount_minor: int) -> None:
    for kind in ("captured", "authorized"):
        nothing = Approved(
            kind=kind,
            money=Money(amount_minor, Currency("usd")),
            psp_reference=PI,
            occurred_at=NOON,
        )
        for decision in (
            decide_payment(STATES["processing"], nothing),
            correct_payment(STATES["failed"], nothing),
        ):
            assert isinstance(decision, Refusal)
            assert decision.code == "amount_differs"


@pytest.mark.parametrize(
    "fact",
    [
        ActionRequired(psp_reference=PspReference("pi_other")),
        Canceled(reason="duplicate", psp_reference=PspReference("pi_other"), occurred_at=NOON),
        Expired(reason="abandoned", psp_reference=PspReference("pi_other"), occurred_at=NOON),
        Declined(
            failure=Failure(code="card_declined", message="Declined.", advice="ask_customer"),
            occurred_at=NOON,
            psp_reference=PspReference("pi_other"),
        ),
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_fact_about_other_payment_is_refused_in_each_state(fact: KnownOutcome) -> None:
    for state in ("requires_action", "authorized", "succeeded"):
        refusal = decide_payment(STATES[state], fact)
        assert isinstance(refusal, Refusal)
        assert refusal.code == "psp_reference_differs"


def test_a_correction_below_what_was_refunded_is_refused() -> None:
    charge = charge_after(AUTHORIZED, CAPTURED, capture_method="manual")
    requested = request_refund(charge, new_refund_id(), 600, NOON)
    assert not isinstance(requested, Refusal)
    charge = evolve(charge, requested)
    for minor in (599, 1):
        less = Approved(
            kind="captured", money=Money(minor, Currency("usd")), psp_reference=PI, occurred_at=NOON
        )
        refusal = correct_payment(charge, less)
        assert isinstance(refusal, Refusal)
        assert refusal.code == "contradicts_state"
    enough = Approved(kind="captured", money=Money(600, Currency("usd")), psp_reference=PI, occurred_at=NOON)
    assert not isinstance(correct_payment(charge, enough), Refusal)


def test_captured_amount_is_the_amount_reported_by_psp() -> None:
    less = Approved(kind="captured", money=Money(900, Currency("usd")), psp_reference=PI, occurred_at=NOON)
    charge = charge_after(AUTHORIZED, less, capture_method="manual")
    assert (charge.authorized_minor, charge.captured_minor) == (1000, 900)


def test_a_stream_must_begin_with_its_creation() -> None:
    (event,) = _events(decide_payment(STATES["processing"], CAPTURED))
    with pytest.raises(KeyError):
        evolve(None, event)
    with pytest.raises(KeyError):
        evolve(STATES["processing"], created())


def test_events_survive_json() -> None:
    for fact in FACTS.values():
        for event in (
            created(metadata={"order": "42"}),
            *_events(decide_payment(STATES["processing"], fact)),
        ):
            name, schema_version, data = CHARGE_EVENTS.encode(event)
            assert CHARGE_EVENTS.decode(name, schema_version, data) == event


def authorized(**changes: Any) -> Charge:
    return charge_after(AUTHORIZED, capture_method="manual", **changes)


def capturing(amount_minor: int | None = None) -> Charge:
    charge = authorized()
    requested = request_capture(charge, amount_minor, NOON)
    assert isinstance(requested, CaptureRequested)
    return evolve(charge, requested)


def canceling() -> Charge:
    charge = authorized()
    requested = request_cancel(charge, "requested_by_customer", NOON)
    assert isinstance(requested, CancelRequested)
    return evolve(charge, requested)


def after(charge: Charge, said: KnownOutcome | Rejected | Unknown) -> Charge:
    for event in _events(decide_payment(charge, said)):
        charge = evolve(charge, event)
    return charge


def test_a_capture_of_a_part_takes_that_and_releases_the_rest() -> None:
    part = Approved(kind="captured", money=Money(400, Currency("usd")), psp_reference=PI, occurred_at=NOON)
    charge = after(capturing(400), part)
    assert (charge.status, charge.authorized_minor, charge.captured_minor, charge.operation) == (
        "succeeded",
        1000,
        400,
        None,
    )
    assert charge.refundable_minor == 400


def test_rejected_capture_keeps_hold_and_next_has_new_number() -> None:
    charge = after(capturing(), REJECTED)
    assert (charge.status, charge.operation, charge.captured_minor) == ("authorized", None, 0)
    assert charge.operation_failure is not None
    assert (charge.operation_failure.operation, charge.operation_failure.failure.code) == (
        "capture",
        "psp_unavailable",
    )
    again = request_capture(charge, None, NOON)
    assert isinstance(again, CaptureRequested)
    charge = evolve(charge, again)
    assert charge.operation is not None
    assert (charge.operation.number, charge.operation_failure) == (2, None)


def test_unknown_capture_ends_with_each_known_outcome() -> None:
    charge = after(capturing(), UNKNOWN)
    assert (charge.status, charge.unknown_since) == ("authorized", NOON)
    assert decide_payment(charge, UNKNOWN) == ()
    for said in (CAPTURED, EXPIRED, CANCELED, REJECTED):
        known = after(charge, said)
        assert (known.unknown_since, known.operation) == (None, None)


def test_record_of_unchanged_hold_does_not_end_capture() -> None:
    assert decide_payment(capturing(), AUTHORIZED) == ()


def test_a_capture_that_was_faster_than_the_cancellation_counts() -> None:
    charge = after(canceling(), CAPTURED)
    assert (charge.status, charge.operation) == ("succeeded", None)
    assert decide_payment(charge, REJECTED) == ()


def test_a_rejected_cancellation_leaves_the_charge_as_it_was() -> None:
    charge = after(canceling(), REJECTED)
    assert (charge.status, charge.operation) == ("authorized", None)


def test_cancellation_asked_during_3ds_outlasts_authorization() -> None:
    """The customer authenticates while a cancellation is pending: it stays pending on the authorized charge."""
    waiting = charge_after(ACTION, capture_method="manual")
    requested = request_cancel(waiting, "duplicate", NOON)
    assert isinstance(requested, CancelRequested)
    charge = after(evolve(waiting, requested), AUTHORIZED)
    assert charge.status == "authorized"
    assert charge.operation is not None
    assert charge.operation.kind == "cancel"


def test_fee_with_or_after_capture_is_recorded_once() -> None:
    fee = Money(59, Currency("usd"))
    with_fee = Approved(kind="captured", money=USD_10, psp_reference=PI, occurred_at=NOON, fee=fee)
    assert charge_after(with_fee).fee == fee
    (assessed,) = _events(decide_payment(charge_after(CAPTURED), with_fee))
    assert isinstance(assessed, FeeAssessed)
    later = charge_after(CAPTURED, with_fee)
    assert later.fee == fee
    assert decide_payment(later, with_fee) == ()


@pytest.mark.parametrize(
    ("captured_minor", "fee_minor"), [(1000, 59), (1, 30 - 29), (50, 31), (51, 31), (0, 0), (10, 10)]
)
def test_platform_fee_is_rounded_half_up_and_capped_at_capture(captured_minor: int, fee_minor: int) -> None:
    plan = FeePlan(basis_points=290, fixed_minor=30)
    assert platform_fee_minor(plan, captured_minor) == fee_minor
    assert platform_fee_minor(None, captured_minor) == 0


def test_platform_fee_of_half_a_minor_unit_rounds_up() -> None:
    plan = FeePlan(basis_points=50, fixed_minor=0)
    assert [platform_fee_minor(plan, amount) for amount in (99, 100, 101, 299, 300)] == [0, 1, 1, 1, 2]


def test_capture_carries_platform_fee_of_charges_plan() -> None:
    plan = FeePlan(basis_points=100, fixed_minor=5)
    (event,) = _events(decide_payment(charge_after(fee_plan=plan), CAPTURED))
    assert isinstance(event, ChargeCaptured)
    assert event.platform_fee_minor == 15


CORRECTIONS: list[tuple[ChargeStatus, KnownOutcome, ChargeStatus | None]] = [
    ("failed", CAPTURED, "succeeded"),
    ("canceled", CAPTURED, "succeeded"),
    ("expired", CAPTURED, "succeeded"),
    ("failed", AUTHORIZED, "authorized"),
    ("canceled", AUTHORIZED, "authorized"),
    ("succeeded", CANCELED, "canceled"),
    ("succeeded", DECLINED, "failed"),
    ("succeeded", CAPTURED, None),
    ("failed", CANCELED, None),
    ("canceled", EXPIRED, None),
    ("expired", DECLINED, None),
]


@pytest.mark.parametrize(
    ("before", "record", "corrected"),
    CORRECTIONS,
    ids=[f"{b}-{type(r).__name__}-{a}" for b, r, a in CORRECTIONS],
)
def test_psp_record_corrects_final_charge_where_money_differs(
    before: ChargeStatus, record: KnownOutcome, corrected: ChargeStatus | None
) -> None:
    charge = STATES[before]
    if before == "failed":
        charge = charge_after(Declined(failure=DECLINED.failure, occurred_at=NOON, psp_reference=PI))
    events = _events(correct_payment(charge, record))
    for event in events:
        charge = evolve(charge, event)
    assert [CHARGE_EVENTS.encode(event)[0] for event in events] == (["charge.corrected"] if corrected else [])
    assert charge.status == (corrected or before)
    assert charge.captured_minor == (1000 if charge.status == "succeeded" else 0)


def test_charge_corrected_to_authorized_can_be_captured() -> None:
    charge = STATES["failed"]
    for event in _events(correct_payment(charge, AUTHORIZED)):
        charge = evolve(charge, event)
    assert (charge.status, charge.authorized_minor) == ("authorized", 1000)
    assert request_capture(charge, None, NOON) == CaptureRequested(amount_minor=1000, requested_at=NOON)


def test_a_record_of_another_amount_corrects_what_was_captured() -> None:
    less = Approved(kind="captured", money=Money(900, Currency("usd")), psp_reference=PI, occurred_at=NOON)
    charge = charge_after(AUTHORIZED, CAPTURED, capture_method="manual")
    refusal = decide_payment(charge, less)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "contradicts_state"
    (event,) = _events(correct_payment(charge, less))
    assert evolve(charge, event).captured_minor == 900


def of(amount_minor: int, kind: Literal["captured", "authorized"] = "captured") -> Approved:
    return Approved(kind=kind, money=Money(amount_minor, Currency("usd")), psp_reference=PI, occurred_at=NOON)


HELD = charge_after(AUTHORIZED, capture_method="manual")
LATE: dict[str, Charge] = {
    "automatic": STATES["processing"],
    "automatic, with the customer": STATES["requires_action"],
    "automatic, failed": STATES["failed"],
    "automatic, taken": STATES["succeeded"],
    "automatic, under review": evolve(charge_after(), assessed()),
    "manual, no hold known": charge_after(capture_method="manual"),
    "manual, with the customer": charge_after(ACTION, capture_method="manual"),
    "manual, failed": charge_after(DECLINED, capture_method="manual"),
}
CAPTURED_AT_PSP = ("manual, no hold known", "manual, with the customer", "manual, failed")
"""Where FinCore knows of no hold yet, and the merchant's own staff may have captured a part at the PSP."""


@pytest.mark.parametrize("case", LATE)
def test_other_amount_than_was_asked_for_is_refused(case: str) -> None:
    """In both directions, as a report and as the PSP's own record; only a person says that it is so."""
    charge = LATE[case]
    kinds: list[Literal["captured", "authorized"]] = []
    if case not in CAPTURED_AT_PSP:
        kinds.append("captured")
    if charge.status not in ("authorized", "succeeded"):
        kinds.append("authorized")
    for kind in kinds:
        assert not isinstance(correct_payment(charge, of(1000, kind)), Refusal)
        for minor in (1, 999, 1001):
            for decide in (decide_payment, correct_payment):
                refusal = decide(charge, of(minor, kind))
                assert isinstance(refusal, Refusal)
                assert refusal.code == ("amount_exceeds_charge" if minor > 1000 else "amount_differs")
        read = correct_payment(charge, of(999, kind), is_read_by_person=True)
        assert not isinstance(read, Refusal)


def test_part_of_a_hold_may_be_captured_at_the_psp() -> None:
    """The merchant's own staff may have made it, also before a capture that FinCore is asked for: the PSP then refuses that one."""
    asked = evolve(HELD, CaptureRequested(amount_minor=400, requested_at=NOON))
    for charge in (HELD, capturing(), after(capturing(), UNKNOWN), asked):
        for minor in (1, 400, 1000):
            assert evolve(charge, *_events(decide_payment(charge, of(minor)))).captured_minor == minor
    small = evolve(charge_after(capture_method="manual"), *_events(_read(of(300, "authorized"))))
    assert small.authorized_minor == 300
    assert not isinstance(decide_payment(small, of(300)), Refusal)
    refusal = decide_payment(small, of(301))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "amount_differs"


@pytest.mark.parametrize("case", CAPTURED_AT_PSP)
def test_part_may_be_captured_before_the_hold_is_known(case: str) -> None:
    """The answer to our call was lost, or comes after the webhook of the capture."""
    charge = LATE[case]
    for minor in (1, 400, 1000):
        taken = evolve(charge, *_events(correct_payment(charge, of(minor))))
        assert (taken.status, taken.captured_minor) == ("succeeded", minor)
        assert decide_payment(taken, of(1000, "authorized")) == (), "the answer that comes late"
    for minor in (0, 1001):
        assert isinstance(correct_payment(charge, of(minor)), Refusal)


def test_part_that_a_person_read_is_known_from_then_on() -> None:
    taken = evolve(charge_after(), *_events(_read(of(300))))
    assert (taken.status, taken.captured_minor) == ("succeeded", 300)
    assert decide_payment(taken, of(300)) == ()
    held = evolve(charge_after(), *_events(_read(of(300, "authorized"))))
    assert decide_payment(held, of(300, "authorized")) == ()
    assert isinstance(decide_payment(held, of(1000, "authorized")), Refusal)


def _read(outcome: Approved) -> tuple[ChargeEvent, ...] | Refusal:
    return decide_payment(charge_after(capture_method="manual"), outcome, is_read_by_person=True)


def test_a_record_before_the_end_is_an_ordinary_fact() -> None:
    assert correct_payment(STATES["authorized"], CAPTURED) == decide_payment(STATES["authorized"], CAPTURED)


def _events(decision: tuple[ChargeEvent, ...] | Refusal) -> tuple[ChargeEvent, ...]:
    assert not isinstance(decision, Refusal)
    return decision


class AChargeUnderAnyFacts(RuleBasedStateMachine):
    """Facts in any order, repeated, contradicting: money is counted once and no terminal state is left."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[ChargeEvent] = [created()]
        self.ended: ChargeStatus | None = None

    @property
    def charge(self) -> Charge:
        charge = fold(self.events)
        assert charge is not None
        return charge

    @rule(fact=st.sampled_from(list(FACTS.values())))
    def a_fact_arrives(self, fact: KnownOutcome | Unknown) -> None:
        decision = decide_payment(self.charge, fact)
        if not isinstance(decision, Refusal):
            self.events += decision
            assert decide_payment(self.charge, fact) == (), "the same fact again must change nothing"

    @rule(amount_minor=st.integers(1, 2000))
    def the_psp_captures_some_amount(self, amount_minor: int) -> None:
        money = Money(amount_minor, Currency("usd"))
        fact = Approved(kind="captured", money=money, psp_reference=PI, occurred_at=NOON)
        decision = decide_payment(self.charge, fact)
        if not isinstance(decision, Refusal):
            self.events += decision

    @precondition(lambda self: self.charge.status in TERMINAL)
    @rule()
    def it_is_over(self) -> None:
        self.ended = self.ended or self.charge.status

    @invariant()
    def captured_never_passes_authorized_nor_the_charge(self) -> None:
        charge = self.charge
        assert 0 <= charge.captured_minor <= charge.authorized_minor <= charge.amount.amount_minor

    @invariant()
    def money_is_captured_at_most_once(self) -> None:
        assert sum(isinstance(event, ChargeCaptured) for event in self.events) <= 1
        assert not (
            any(isinstance(event, ChargeCaptured) for event in self.events)
            and any(isinstance(event, ChargeFailed) for event in self.events)
        )

    @invariant()
    def an_end_is_final(self) -> None:
        assert self.ended in (None, self.charge.status)

    @invariant()
    def versions_count_events(self) -> None:
        assert self.charge.version == len(self.events)


TestAChargeUnderAnyFacts = AChargeUnderAnyFacts.TestCase
TestAChargeUnderAnyFacts.settings = settings(
    max_examples=200, stateful_step_count=15, deadline=None, print_blob=True
)
