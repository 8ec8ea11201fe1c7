"""How a break stands: the table is whole, and no status keeps a break for ever."""

from datetime import UTC, datetime
from itertools import product
from typing import get_args

import pytest

from fincore.reconciliation.breaks.break_decision import (
    Done,
    KnownBreak,
    LastAction,
    Refused,
    decide,
    is_repeated,
)
from fincore.reconciliation.breaks.break_status import (
    ACTION_MEANINGS,
    STANDING,
    STATUS_MEANINGS,
    TRANSITIONS,
    BreakAction,
    BreakStatus,
    PersonAction,
    RunAction,
    StandingStatus,
    break_status_table,
)

ACTIONS = (*get_args(PersonAction), *get_args(RunAction))


def known(status: BreakStatus, last: LastAction | None = None) -> KnownBreak:
    return KnownBreak(
        break_id=7,
        action_no=0 if last is None else 1,
        break_class="amount",
        currency=None,
        amount_minor=None,
        status=status,
        owner=None,
        last=last,
    )


def last(action: BreakAction, **changes: str | None) -> LastAction:
    fields: dict[str, str | None] = {
        "actor": "operator:ann",
        "by": "ann",
        "owner": None,
        "reason": None,
        "reference": None,
    }
    return LastAction(action=action, acted_at=datetime(2026, 11, 3, 12, tzinfo=UTC), **(fields | changes))  # type: ignore[arg-type]


def test_every_status_and_action_has_a_meaning_and_is_used() -> None:
    assert set(STATUS_MEANINGS) == set(get_args(BreakStatus))
    assert set(ACTION_MEANINGS) == set(ACTIONS)
    assert {action for _, action in TRANSITIONS} == set(ACTIONS)
    assert {status for status, _ in TRANSITIONS} == set(get_args(BreakStatus))
    assert set(STANDING) == set(get_args(StandingStatus))
    assert len(break_status_table().splitlines()) == 1 + len(TRANSITIONS)


def test_every_status_is_reached_from_open() -> None:
    reached: set[str] = {"open"}
    for _ in TRANSITIONS:
        reached |= {after for (before, _), after in TRANSITIONS.items() if before in reached}
    assert reached == set(get_args(BreakStatus))


def test_runs_close_and_merge_every_standing_break() -> None:
    assert {(status, TRANSITIONS.get((status, "match"))) for status in STANDING} == {
        (status, "matched_late") for status in STANDING
    }
    assert {(status, TRANSITIONS.get((status, "merge"))) for status in STANDING} == {
        (status, "merged") for status in STANDING
    }


def test_what_a_person_answered_is_open_again_when_it_changes() -> None:
    assert TRANSITIONS["explained", "change"] == TRANSITIONS["claimed", "change"] == "open"
    for closed in ("adjusted", "written_off", "dismissed"):
        assert TRANSITIONS[closed, "find_again"] == "open"


def test_notes_never_change_a_status() -> None:
    assert all(
        after == before for (before, action), after in TRANSITIONS.items() if action in ("note", "assign")
    )


@pytest.mark.parametrize(("status", "action"), list(product(get_args(BreakStatus), get_args(PersonAction))))
def test_decision_follows_the_table_and_names_the_status(status: BreakStatus, action: PersonAction) -> None:
    decided = decide(known(status), Done(action=action, actor="operator:bob"))
    if (status, action) in TRANSITIONS:
        assert decided == TRANSITIONS[status, action]
    else:
        assert isinstance(decided, Refused)
        assert status.replace("_", " ") in decided.sentence


def test_refusal_says_who_acted_when_and_why() -> None:
    explained = known("explained", last("explain", reason="a fee of 2019"))
    decided = decide(explained, Done(action="claim", actor="operator:bob", reference="T-1"))
    assert decided == Refused(
        'the break 7 is explained (explain by ann at 2026-11-03 12:00:00: "a fee of 2019"): reopen it first'
    )


def test_same_action_of_same_person_is_repeated() -> None:
    explained = known("explained", last("explain", reason="a fee"))
    assert is_repeated(explained, Done(action="explain", actor="operator:ann", reason="a fee"))
    assert not is_repeated(explained, Done(action="explain", actor="operator:bob", reason="a fee"))
    assert not is_repeated(explained, Done(action="explain", actor="operator:ann", reason="another fee"))
    assigned = known("open", last("assign", owner="ann"))
    assert is_repeated(assigned, Done(action="assign", actor="operator:ann", owner="ann"))
    assert not is_repeated(assigned, Done(action="assign", actor="operator:ann", owner="bob"))
    assert not is_repeated(known("open"), Done(action="note", actor="operator:ann", reason="a fee"))
