"""What a person may decide about a settlement file as it stands."""

from datetime import UTC, datetime
from itertools import product
from typing import get_args

import msgspec
import pytest

from fincore.domain.outcome import PspName
from fincore.reconciliation.file_decision import (
    FILE_TRANSITIONS,
    FileAction,
    FileDecision,
    FileStatus,
    KnownFile,
    LastDecision,
    is_repeated,
    refusal_of,
)

REPLACING = KnownFile(
    file_id="sf_2",
    name="STL.CSV",
    psp=PspName("paypal"),
    status="kept",
    format="paypal_stl",
    is_released=False,
    is_disproved=False,
    replaces="sf_1",
    replaced_status="booked",
    replaced_by=None,
    last=None,
)
REFUSED = msgspec.structs.replace(REPLACING, status="refused", replaces=None, replaced_status=None)
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
DISMISS = FileDecision(action="dismiss", actor="operator:ann", reason="a copy")


def decision(action: FileAction, **changes: str) -> FileDecision:
    return msgspec.structs.replace(DISMISS, action=action, **changes)


@pytest.mark.parametrize(("status", "action"), list(product(get_args(FileStatus), get_args(FileAction))))
def test_decision_is_possible_as_the_table_says(status: FileStatus, action: FileAction) -> None:
    refusal = refusal_of(msgspec.structs.replace(REPLACING, status=status), decision(action))
    assert (refusal is None) == ((status, action) in FILE_TRANSITIONS)


def test_kept_file_that_replaces_nothing_is_left_to_runs() -> None:
    alone = msgspec.structs.replace(REPLACING, replaces=None, replaced_status=None)
    for action in ("release", "dismiss"):
        assert "`fincore reconcile run` reads it" in (refusal_of(alone, decision(action)) or "")


def test_released_file_is_not_released_again() -> None:
    released = msgspec.structs.replace(REPLACING, is_released=True)
    assert not released.waits_for_a_person
    assert "waits for no decision" in (refusal_of(released, decision("release")) or "")
    assert refusal_of(released, DISMISS) is None


def test_file_is_not_read_beside_the_one_in_its_place() -> None:
    replaced = msgspec.structs.replace(REFUSED, replaced_by="sf_3")
    assert "sf_3 came in its place" in (refusal_of(replaced, decision("read_again")) or "")


def test_file_that_the_psp_disproves_is_not_read_again() -> None:
    disproved = msgspec.structs.replace(REFUSED, is_disproved=True)
    assert "asks the PSP for it again" in (refusal_of(disproved, decision("read_again")) or "")
    assert refusal_of(disproved, DISMISS) is None


def test_file_is_read_in_a_format_of_its_psp_only() -> None:
    assert refusal_of(REFUSED, decision("read_again", format="paypal_stl")) is None
    refusal = refusal_of(REFUSED, decision("read_again", format="stripe_payout_itemized"))
    assert "choose a format of paypal's" in (refusal or "")


def test_dismissed_file_says_who_dismissed_it_and_why() -> None:
    last = LastDecision(
        action="dismiss",
        status="dismissed",
        actor="operator:bob",
        by="bob",
        reason="a copy",
        format=None,
        account_id=None,
        acted_at=NOON,
    )
    dismissed = msgspec.structs.replace(REPLACING, status="dismissed", last=last)
    assert refusal_of(dismissed, DISMISS) == (
        'STL.CSV (sf_2) is dismissed by bob at 2026-11-03 12:00:00: "a copy"; release it first'
    )
    assert is_repeated(dismissed, msgspec.structs.replace(DISMISS, actor="operator:bob"))
    assert not is_repeated(dismissed, DISMISS)
    assert not is_repeated(msgspec.structs.replace(dismissed, status="refused"), DISMISS)
