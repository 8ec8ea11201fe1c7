"""Which step of a proposal is possible, and for which person."""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import pytest

from fincore.domain.currency import Currency
from fincore.domain.ids import new_proposal_id
from fincore.domain.money import Money
from fincore.domain.one_person_limits import OnePersonLimit, over_limit
from fincore.domain.proposal import (
    PROPOSAL_TRANSITIONS,
    Proposal,
    ProposalStatus,
    ProposalStep,
    StepFlaw,
    step_flaw,
)
from fincore.domain.staff_actor import StaffActor, are_one_person

NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEA: Final = StaffActor("sub-lea", "lea")
MAX: Final = StaffActor("sub-max", "max")
OPEN: Final = Proposal(
    proposal_id=new_proposal_id(),
    kind="refund",
    status="proposed",
    livemode=False,
    merchant_id=None,
    object_id="ch_1",
    money=None,
    act=b"{}",
    proposer=LEA,
    reason="asked by phone",
    needed_because="it is much",
    proposed_at=NOON,
    expires_at=NOON + timedelta(days=7),
)
LATE: Final = NOON + timedelta(days=7)


@pytest.mark.parametrize(
    ("step", "by", "now", "flaw"),
    [
        ("approve", MAX, NOON, None),
        ("approve", LEA, NOON, "is_proposer"),
        ("approve", None, NOON, "is_proposer"),
        ("approve", StaffActor("sub-other", "LEA"), NOON, "is_proposer"),
        ("approve", StaffActor("SUB-LEA", "other"), NOON, "is_proposer"),
        ("approve", MAX, LATE, "is_over"),
        ("decline", MAX, NOON, None),
        ("decline", LEA, NOON, "is_proposer"),
        ("withdraw", LEA, NOON, None),
        ("withdraw", MAX, NOON, "is_not_proposer"),
        ("expire", None, NOON, "not_open"),
        ("expire", None, LATE, None),
        ("execute", None, NOON, "not_open"),
    ],
)
def test_open_proposal_takes_only_the_steps_of_its_people(
    step: ProposalStep, by: StaffActor | None, now: datetime, flaw: StepFlaw | None
) -> None:
    assert step_flaw(OPEN, step, by, now) == flaw


@pytest.mark.parametrize("status", ["executed", "refused", "declined", "withdrawn", "expired"])
def test_ended_proposal_takes_no_step(status: ProposalStatus) -> None:
    ended = msgspec.structs.replace(OPEN, status=status)
    steps: set[ProposalStep] = {step for _, step in PROPOSAL_TRANSITIONS}
    assert {step_flaw(ended, step, MAX, NOON) for step in steps} == {"not_open"}


@pytest.mark.parametrize(
    ("other", "is_one"),
    [
        (StaffActor("sub-\uff4cea", "x"), True),
        (StaffActor("sub-l\u200bea", "x"), True),
        (StaffActor("sub-x", " L\u0045A "), True),
        (StaffActor("sub-leo", "leo"), False),
    ],
)
def test_person_is_known_again_in_each_spelling(other: StaffActor, *, is_one: bool) -> None:
    assert are_one_person(LEA, other) is is_one


@pytest.mark.parametrize(
    ("minor", "today_minor", "is_over", "is_of_day"),
    [(100, 0, False, False), (101, 0, True, False), (100, 51, True, True), (-101, 0, True, False)],
)
def test_limit_holds_for_an_act_and_for_a_day(
    minor: int, today_minor: int, *, is_over: bool, is_of_day: bool
) -> None:
    usd = Currency("usd")
    over = over_limit((OnePersonLimit(usd, 100, 150),), Money(minor, usd), today_minor=today_minor)
    assert (over is not None) is is_over
    assert over is None or over.is_of_day is is_of_day
