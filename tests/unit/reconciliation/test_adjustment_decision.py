"""What is booked to end a break, and what one person may decide alone."""

from typing import Any, Final, get_args

import msgspec
import pytest

from fincore.domain.adjustment import PARTS_MAX
from fincore.domain.adjustment_events import AdjustedItem, AdjustedLine, AdjustmentBooked
from fincore.domain.counted_person import counted_for
from fincore.domain.currency import Currency
from fincore.domain.ids import EventId, RunId, SettlementFileId, adjustment_id_of, new_event_id
from fincore.domain.money import Money
from fincore.domain.one_person_limits import OnePersonLimit, limits_of
from fincore.domain.outcome import PspAccount, PspName
from fincore.reconciliation.adjustments.decision import (
    ADJUSTABLE,
    Decision,
    FoundBreak,
    NotAdjusted,
    PartOfItem,
    PartOfLine,
    adjustable_table,
    adjustment_of_break,
)
from fincore.reconciliation.adjustments.limits import limit_flaw
from fincore.reconciliation.matching.differences import BreakClass
from fixtures.commits import NOON

USD: Final = Currency("usd")
EVENT: Final = EventId(new_event_id())
ID: Final = adjustment_id_of(run_id=RunId("run_1"), subject="line:1", generation=1)
SHORT: Final = FoundBreak(
    break_id=7,
    break_class="amount",
    subject="line:1",
    run_id=RunId("run_1"),
    psp=PspName("paypal"),
    psp_account=PspAccount("eu"),
    livemode=True,
    currency=USD,
    amount_minor=-970,
    charge_id=None,
    reference="C1",
    lines=(
        PartOfLine(AdjustedLine(SettlementFileId("sf_1"), 3, "gross"), 9_000),
        PartOfLine(AdjustedLine(SettlementFileId("sf_1"), 3, "fee"), -290),
    ),
    items=(
        PartOfItem(AdjustedItem(EVENT, "gross"), 10_000),
        PartOfItem(AdjustedItem(EVENT, "fee"), -320),
    ),
)


def decided(found: FoundBreak = SHORT, **changes: Any) -> AdjustmentBooked | NotAdjusted:
    fields: dict[str, Any] = {
        "kind": "adjustment",
        "amount_minor": found.amount_minor,
        "by": "ada",
        "reason": "why",
    }
    return adjustment_of_break(found, Decision(**(fields | changes)), ID, NOON)


def test_adjustment_is_the_statement_less_the_ledger() -> None:
    booked = decided(kind="write_off")
    assert isinstance(booked, AdjustmentBooked)
    assert (booked.gross_minor, booked.fee_minor, booked.adjusts) == (-1_000, 30, "clearing")
    assert [one.part for one in booked.lines] == ["gross", "fee"]
    assert [one.event_id for one in booked.items] == [EVENT, EVENT]
    assert (booked.break_class, booked.subject, booked.run_id) == ("amount", "line:1", "run_1")


def test_balance_is_adjusted_without_lines_and_items() -> None:
    booked = decided(msgspec.structs.replace(SHORT, break_class="balance", amount_minor=5))
    assert isinstance(booked, AdjustmentBooked)
    assert (booked.adjusts, booked.gross_minor, booked.lines, booked.items) == ("balance", 5, (), ())


@pytest.mark.parametrize(
    ("change", "decision", "sentence"),
    [
        ({}, {"amount_minor": -971}, "and not to -9.71 USD"),
        ({"amount_minor": -971}, {}, "do not come to its amount"),
        ({"lines": (), "items": ()}, {}, "no entry on clearing makes the sides of the break 7 equal"),
        ({"lines": SHORT.lines * PARTS_MAX}, {}, "an adjustment may be of 200"),
        ({"break_class": "balance"}, {"kind": "write_off"}, "nothing that the PSP owes"),
        ({"break_class": "late"}, {}, "fincore reconcile sources"),
        ({"break_class": "amount", "currency": None, "amount_minor": None}, {}, "explain it"),
    ],
)
def test_adjustment_that_books_nothing_says_what_to_do(
    change: dict[str, Any], decision: dict[str, Any], sentence: str
) -> None:
    refused = decided(msgspec.structs.replace(SHORT, **change), **decision)
    assert isinstance(refused, NotAdjusted)
    assert sentence in refused.sentence


@pytest.mark.parametrize("break_class", sorted(set(get_args(BreakClass)) - set(ADJUSTABLE)))
def test_class_that_no_entry_ends_names_a_command(break_class: BreakClass) -> None:
    refused = decided(msgspec.structs.replace(SHORT, break_class=break_class))
    assert isinstance(refused, NotAdjusted)
    assert "`fincore reconcile " in refused.sentence
    assert {name.strip("`") for name, _, _ in adjustable_table()} == set(get_args(BreakClass))


@pytest.mark.parametrize(
    ("minor", "today_minor", "sentence"),
    [
        (-1_000, 0, None),
        (1_000, 4_000, None),
        (1_001, 0, "10.01 USD is more than the 10.00 USD that one person may adjust at once"),
        (-1_000, 4_001, "it would be 50.01 USD today"),
    ],
)
def test_amount_is_held_against_both_limits(minor: int, today_minor: int, sentence: str | None) -> None:
    flaw = limit_flaw((OnePersonLimit(USD, 1_000, 5_000),), Money(minor, USD), today_minor=today_minor)
    assert (flaw is None) if sentence is None else (flaw is not None and sentence in flaw)


def test_currency_without_a_limit_names_the_setting() -> None:
    flaw = limit_flaw((), Money(1, USD), today_minor=0)
    assert flaw is not None
    assert "set FINCORE_ADJUSTMENT_LIMITS_MINOR" in flaw


@pytest.mark.parametrize(
    ("texts", "flaw"),
    [
        (["usd"], "must hold a currency"),
        (["usd:-1:5"], "must hold a currency"),
        (["zzz:1:5"], "must hold a currency"),
        (["USD:1:5"], "must hold a currency"),
        (["usd:1:5", "usd:2:5"], "two limits of usd"),
        (["usd:6:5"], "more of usd at once than in a day"),
    ],
)
def test_limits_that_make_no_sense_are_refused(texts: list[str], flaw: str) -> None:
    with pytest.raises(ValueError, match=flaw):
        limits_of(texts)


def test_limits_are_read_by_currency() -> None:
    assert limits_of(["usd:100:500", "jpy:0:0"]) == (("usd", 100, 500), ("jpy", 0, 0))


@pytest.mark.parametrize(
    "other",
    [
        " ANN LE\u00c9 ",
        "ann  le\u00e9",
        "ann\tle\u00e9",
        "ann\u00a0le\u00e9",
        "Ann Lee\u0301",
        "ann\u200b le\u00e9",
        "\uff21nn Le\u00c9",
    ],
)
def test_name_counts_as_one_person_in_each_spelling(other: str) -> None:
    assert counted_for(other) == counted_for("Ann Le\u00e9") == "ann le\u00e9"


def test_names_of_two_people_count_apart() -> None:
    assert len({counted_for(one) for one in ("ann lee", "annlee", "ann le\u00e9", "an lee")}) == 4
