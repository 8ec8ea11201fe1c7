"""Which break a group of lines and items is: the table is whole, and no money of a group is lost between its breaks."""

from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.domain.currency import Currency
from fincore.domain.settlement_events import LineKind
from fincore.domain.settlement_file import MATCHABLE, KindTotal
from fincore.reconciliation.matching.differences import (
    MEANINGS,
    SHAPES_TO_CLASS,
    Break,
    BreakClass,
    Difference,
    Part,
    Shape,
    break_table,
    breaks_of,
    meanings_table,
)
from fincore.reconciliation.matching.families import FAMILY_OF_ITEM, FAMILY_OF_LINE, Family, ItemKind
from fincore.reconciliation.reading.statement import stated_totals

USD, EUR = Currency("usd"), Currency("eur")

parts = st.one_of(
    st.just(Part()),
    st.builds(lambda minor: Part(lines=1, line_minor=minor), st.integers(-99, 99)),
    st.builds(lambda minor: Part(items=1, item_minor=minor), st.integers(-99, 99)),
    st.builds(lambda line, item: Part(1, line, 1, item), st.integers(-99, 99), st.integers(-99, 99)),
)


def difference(gross: Part, fee: Part, *, family: Family = "payment", currency: Currency = USD) -> Difference:
    return Difference(
        1, "one", currency, family, gross, fee, line_no=1, entry_id=2 if gross.items + fee.items else None
    )


def classes(found: list[Break]) -> list[str]:
    return [one.break_class for one in found]


def test_every_pair_of_shapes_but_none_has_a_class() -> None:
    shapes = get_args(Shape)
    assert set(SHAPES_TO_CLASS) == set(product(shapes, shapes)) - {("none", "none")}


def test_every_break_class_has_a_meaning() -> None:
    assert set(MEANINGS) == set(get_args(BreakClass))
    assert len(meanings_table().splitlines()) == len(MEANINGS)
    assert len(break_table().splitlines()) == 1 + len(SHAPES_TO_CLASS)


def test_every_kind_of_line_and_item_has_a_family() -> None:
    assert set(FAMILY_OF_LINE) == set(get_args(LineKind))
    assert set(FAMILY_OF_ITEM) == set(get_args(ItemKind))
    assert set(get_args(Family)) >= set(FAMILY_OF_ITEM.values())


def test_kinds_with_a_family_may_be_matched_in_the_log() -> None:
    assert {kind for kind, family in FAMILY_OF_LINE.items() if family} <= MATCHABLE


@given(gross=parts, fee=parts, family=st.sampled_from(get_args(Family)))
def test_breaks_of_a_group_add_up_to_its_difference(gross: Part, fee: Part, family: Family) -> None:
    if gross == fee == Part():
        return
    found = breaks_of([difference(gross, fee, family=family)])
    assert found
    assert sum(one.amount_minor for one in found) == gross.difference_minor + fee.difference_minor
    assert len({one.is_fee for one in found}) == len(found)


def test_line_with_its_fee_and_no_item_is_one_break() -> None:
    (found,) = breaks_of([difference(Part(1, 500), Part(1, -20))])
    assert (found.break_class, found.amount_minor) == ("missing_here", 480)


def test_item_with_its_fee_and_no_line_is_one_break() -> None:
    (found,) = breaks_of([difference(Part(0, 0, 1, 500), Part(0, 0, 1, -20))])
    assert (found.break_class, found.amount_minor) == ("missing_there", -480)


def test_both_parts_that_differ_are_two_breaks() -> None:
    found = breaks_of([difference(Part(1, 499, 1, 500), Part(1, -21, 1, -20))])
    assert classes(found) == ["amount", "fee"]
    assert [one.amount_minor for one in found] == [-1, -1]


@pytest.mark.parametrize(
    ("told_minor", "name"), [(0, "fee_not_returned"), (139, "fee_not_returned"), (141, "fee")]
)
def test_fee_of_a_refund_is_kept_or_differs(told_minor: int, name: str) -> None:
    fee = Part(1 if told_minor else 0, told_minor, 1, 140)
    (found,) = breaks_of([difference(Part(), fee, family="refund")])
    assert (found.break_class, found.amount_minor) == (name, told_minor - 140)


@pytest.mark.parametrize("family", ["hold", "release"])
def test_hold_that_one_side_has_is_its_own_class(family: Family) -> None:
    assert classes(breaks_of([difference(Part(1, -5), Part(), family=family)])) == ["hold"]
    assert classes(breaks_of([difference(Part(0, 0, 1, -5), Part(), family=family)])) == ["hold"]


def test_same_thing_in_two_currencies_is_one_break() -> None:
    told = difference(Part(1, 500), Part(1, -20), currency=EUR)
    owed = difference(Part(0, 0, 1, 500), Part(0, 0, 1, -20))._replace(line_no=None)
    (found,) = breaks_of([told, owed])
    assert (found.break_class, found.amount_minor, found.of.currency) == ("currency", 480, EUR)
    assert found.of.entry_id == owed.entry_id, "an older break of the item goes on in it"


def test_repeated_line_is_a_duplicate() -> None:
    (found,) = breaks_of([difference(Part(1, 500), Part(1, -20))._replace(is_duplicate=True)])
    assert (found.break_class, found.amount_minor) == ("duplicate", 480)


def total(kind: LineKind, gross_minor: int, fee_minor: int, lines: int = 1) -> KindTotal:
    return KindTotal(kind=kind, currency=USD, lines=lines, gross_minor=gross_minor, fee_minor=fee_minor)


def test_fee_of_a_payout_is_told_as_the_accounts() -> None:
    told = stated_totals([total("account_fee", -3, 0), total("payout", -500, -25)], {})
    assert told == (total("account_fee", -3, -25), total("payout", -500, 0))
    (payout, fee) = stated_totals([total("payout", -500, -25)], {})
    assert (payout, fee) == (total("payout", -500, 0), total("account_fee", 0, -25, lines=0))


def test_opening_balance_is_a_total_without_lines() -> None:
    (opening,) = stated_totals([], {USD: 700})
    assert (opening.kind, opening.lines, opening.gross_minor) == ("opening", 0, 700)


def test_thing_in_two_currencies_is_missing_in_both() -> None:
    """The amount in the currency of the charge, the fee in that of the settlement."""
    amount = difference(Part(items=1, item_minor=10_000), Part(), currency=EUR)
    fee = difference(Part(), Part(items=1, item_minor=-350))
    found = breaks_of([amount, fee])
    assert [(one.break_class, one.amount_minor, one.is_fee) for one in found] == [
        ("missing_there", -10_000, False),
        ("missing_there", 350, True),
    ]
    assert classes(breaks_of([fee])) == ["fee"]


def test_wrong_amount_and_fee_currency_are_two_breaks() -> None:
    amount = difference(Part(1, 10_001, 1, 10_000), Part(), currency=EUR)
    told = difference(Part(), Part(lines=1, line_minor=-350), currency=Currency("chf"))
    owed = difference(Part(), Part(items=1, item_minor=-350))
    found = breaks_of([told, amount, owed])
    assert [(one.break_class, one.amount_minor, one.of.currency) for one in found] == [
        ("currency", -350, "chf"),
        ("amount", 1, "eur"),
    ]


def test_thing_told_as_a_whole_in_a_wrong_currency_is_one_break() -> None:
    told = difference(
        Part(lines=1, line_minor=10_800), Part(lines=1, line_minor=-350), currency=Currency("chf")
    )
    amount = difference(Part(items=1, item_minor=10_000), Part(), currency=EUR)
    fee = difference(Part(), Part(items=1, item_minor=-350))
    assert classes(breaks_of([told, amount, fee])) == ["currency"]


def test_break_of_a_converted_line_has_no_parts_to_adjust() -> None:
    """Its line moved another currency than the one in which it differs."""
    one = difference(Part(1, 10_001, 1, 10_000), Part(1, -351, 1, -350), currency=EUR)._replace(
        is_converted=True
    )
    assert [(found.break_class, found.parts) for found in breaks_of([one])] == [
        ("amount", ()),
        ("fee", ("fee",)),
    ]
