"""What a charge may do, as a printed table, as rows, and as a state machine that Hypothesis drives."""

from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fincore.domain.charge import (
    TERMINAL,
    TRANSITIONS,
    Charge,
    ChargeStatus,
    Refusal,
    decide,
    evolve,
    fold,
    transition_table,
)
from fincore.domain.currency import Currency
from fincore.domain.events import (
    EVENTS,
    ChargeCaptured,
    ChargeEvent,
    ChargeFailed,
    decode_event,
    encode_event,
)
from fincore.domain.money import Money
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Declined,
    Fact,
    Failure,
    PspReference,
    Unknown,
)
from fixtures.commits import created

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
UNKNOWN = Unknown(reason="timed out", since=NOON)

FACTS: dict[str, Fact | Unknown] = {
    "captured": CAPTURED,
    "authorized": AUTHORIZED,
    "declined": DECLINED,
    "action required": ACTION,
    "canceled": CANCELED,
    "unknown": UNKNOWN,
}


def charge_after(*facts: Fact | Unknown) -> Charge:
    charge = evolve(None, created())
    for fact in facts:
        events = decide(charge, fact)
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
}

# What becomes of each fact in each state: the next state, `same` (known already), or `refused`.
TABLE = """
                 captured   authorized  declined  action required  canceled  unknown
processing       succeeded  authorized  failed    requires_action  canceled  processing
requires_action  succeeded  authorized  failed    same             canceled  same
authorized       succeeded  same        refused   same             canceled  same
succeeded        same       same        refused   same             refused   same
failed           refused    refused     same      same             same      same
canceled         refused    same        same      same             same      same
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
    decision = decide(charge, FACTS[fact])
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


def test_no_transition_leaves_a_terminal_state() -> None:
    assert not [before for before, _ in TRANSITIONS if before in TERMINAL]


def test_every_event_has_a_transition_and_the_table_prints_them_all() -> None:
    assert {event for _, event in TRANSITIONS} == set(EVENTS)
    assert len(transition_table().splitlines()) == len(TRANSITIONS)
    assert "authorized       charge.captured         succeeded" in transition_table()


def test_the_psp_may_not_report_more_than_the_charge() -> None:
    too_much = Approved(
        kind="captured", money=Money(1001, Currency("usd")), psp_reference=PI, occurred_at=NOON
    )
    assert decide(STATES["processing"], too_much) == Refusal(
        "amount_exceeds_charge", "the PSP reports 10.01 USD, the charge is for 10.00 USD"
    )


def test_the_psp_may_not_report_another_currency() -> None:
    euros = Approved(kind="captured", money=Money(1000, Currency("eur")), psp_reference=PI, occurred_at=NOON)
    decision = decide(STATES["processing"], euros)
    assert isinstance(decision, Refusal)
    assert decision.code == "currency_differs"


def test_a_second_payment_at_the_psp_is_never_taken_for_the_first() -> None:
    other = Approved(kind="captured", money=USD_10, psp_reference=PspReference("pi_2"), occurred_at=NOON)
    decision = decide(STATES["succeeded"], other)
    assert isinstance(decision, Refusal)
    assert decision.code == "psp_reference_differs"


def test_an_unknown_outcome_is_recorded_once_and_forgotten_when_it_is_known() -> None:
    charge = charge_after(UNKNOWN)
    assert (charge.status, charge.unknown_since) == ("processing", NOON)
    assert decide(charge, UNKNOWN) == ()
    assert charge_after(UNKNOWN, CAPTURED).unknown_since is None


def test_money_is_what_the_psp_says() -> None:
    less = Approved(kind="captured", money=Money(900, Currency("usd")), psp_reference=PI, occurred_at=NOON)
    charge = charge_after(AUTHORIZED, less)
    assert (charge.authorized_minor, charge.captured_minor) == (1000, 900)


def test_a_stream_must_begin_with_its_creation() -> None:
    (event,) = _events(decide(STATES["processing"], CAPTURED))
    with pytest.raises(KeyError):
        evolve(None, event)
    with pytest.raises(KeyError):
        evolve(STATES["processing"], created())


def test_events_survive_json() -> None:
    for fact in FACTS.values():
        for event in (created(metadata={"order": "42"}), *_events(decide(STATES["processing"], fact))):
            name, schema_version, data = encode_event(event)
            assert decode_event(name, schema_version, data) == event


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
    def a_fact_arrives(self, fact: Fact | Unknown) -> None:
        decision = decide(self.charge, fact)
        if not isinstance(decision, Refusal):
            self.events += decision
            assert decide(self.charge, fact) == (), "the same fact again must change nothing"

    @rule(amount_minor=st.integers(1, 2000))
    def the_psp_captures_some_amount(self, amount_minor: int) -> None:
        money = Money(amount_minor, Currency("usd"))
        fact = Approved(kind="captured", money=money, psp_reference=PI, occurred_at=NOON)
        decision = decide(self.charge, fact)
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
