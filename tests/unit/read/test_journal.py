"""The journal: which event books what, without a database."""

import pytest

from fincore.domain.events import EVENTS, ChargeEvent, event_type
from fincore.read.ledger.accounts import account_name, normal_side
from fincore.read.ledger.journal import JOURNAL, Entry, entry_of, journal_table
from fixtures.commits import captured
from fixtures.traffic import fates

EVERY_EVENT = {event_type(event): event for life in fates() for event in life}


def legs(entry: Entry | None) -> list[tuple[str, str, int]]:
    assert entry is not None
    return [(leg.side, account_name(leg.account), leg.amount_minor) for leg in entry.legs]


def test_a_capture_is_owed_by_the_psp_and_owed_to_the_merchant() -> None:
    assert legs(entry_of(captured(1999))) == [
        ("debit", "psp:stripe:clearing:usd", 1999),
        ("credit", "merchant:mer_01tests:payable:usd", 1999),
    ]


def test_a_capture_that_makes_no_sense_goes_to_suspense() -> None:
    assert legs(entry_of(captured(-500))) == [
        ("debit", "suspense:usd", 500),
        ("credit", "psp:stripe:clearing:usd", 500),
    ]


def test_a_capture_of_nothing_moves_nothing() -> None:
    assert entry_of(captured(0)) is None


def test_the_journal_knows_every_event() -> None:
    assert set(JOURNAL) == set(EVENTS) == set(EVERY_EVENT)


@pytest.mark.parametrize("event", EVERY_EVENT.values(), ids=EVERY_EVENT)
def test_an_event_is_booked_exactly_where_the_journal_has_legs(event: ChargeEvent) -> None:
    assert (entry_of(event) is not None) == bool(JOURNAL[event_type(event)])


@pytest.mark.parametrize("amount_minor", [1, 1999, -500])
def test_every_entry_balances(amount_minor: int) -> None:
    entry = entry_of(captured(amount_minor))
    sides = {"debit": 0, "credit": 0}
    for side, _, amount in legs(entry):
        assert amount > 0
        sides[side] += amount
    assert sides["debit"] == sides["credit"] > 0


def test_what_we_own_grows_by_debit_and_what_we_owe_by_credit() -> None:
    entries = [entry_of(captured()), entry_of(captured(-1))]
    sides = {
        account_name(leg.account): normal_side(leg.account)
        for entry in entries
        if entry
        for leg in entry.legs
    }
    assert sides == {
        "psp:stripe:clearing:usd": "debit",
        "suspense:usd": "debit",
        "merchant:mer_01tests:payable:usd": "credit",
    }


def test_the_journal_prints_as_a_table() -> None:
    lines = journal_table().splitlines()
    assert "charge.captured         Dr  psp:{psp}:clearing:{currency}" in lines
    assert "                        Cr  merchant:{merchant}:payable:{currency}" in lines
    assert "charge.failed           -   moves no money" in lines
