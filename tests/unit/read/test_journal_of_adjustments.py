"""Adjustments in the journal: what each books, and what it leaves on clearing, without a database."""

from collections import Counter
from collections.abc import Iterable
from textwrap import dedent

import pytest

from fincore.domain.adjustment_events import AdjustmentBooked
from fincore.read.ledger.accounts import CHART, account_name, normal_side
from fincore.read.ledger.entry import entry_of
from fincore.read.ledger.journal import JOURNAL, MoneyEvent
from fixtures.adjustments import ADJUSTED_CHARGE, ADJUSTMENT_EXAMPLES, booked, taken_back
from fixtures.money_events import entry_text

BOOKED: dict[str, tuple[AdjustmentBooked, str]] = {
    "loss written off, with a fee that was never taken": (
        booked(fee_minor=32),
        """
        expense:write_offs:stripe:test:usd    10.00 USD
          psp:stripe:test:clearing:usd                   10.00 USD
        psp:stripe:test:clearing:usd           0.32 USD
          expense:write_offs:stripe:test:usd              0.32 USD
        """,
    ),
    "gain": (
        booked(kind="adjustment", gross_minor=700),
        """
        psp:stripe:test:clearing:usd           7.00 USD
          expense:adjustments:stripe:test:usd            7.00 USD
        """,
    ),
    "fee": (
        booked(kind="adjustment", gross_minor=0, fee_minor=-10),
        """
        expense:adjustments:stripe:test:usd  0.10 USD
          psp:stripe:test:clearing:usd                 0.10 USD
        """,
    ),
    "balance": (
        booked(kind="adjustment", adjusts="balance", gross_minor=-7),
        """
        expense:adjustments:stripe:test:usd  0.07 USD
          psp:stripe:test:balance:usd                  0.07 USD
        """,
    ),
    "opening": (
        booked(kind="adjustment", adjusts="opening", gross_minor=50_000),
        """
        psp:stripe:test:unmatched:usd     500.00 USD
          equity:opening:stripe:test:usd              500.00 USD
        """,
    ),
}


def left_by(events: Iterable[MoneyEvent]) -> dict[str, int]:
    """What the entries of events leave on each account, on its normal side."""
    left: Counter[str] = Counter()
    for entry in map(entry_of, events):
        for movement in entry.movements if entry else ():
            for account, side in ((movement.debit, "debit"), (movement.credit, "credit")):
                grows = normal_side(CHART[account.code].type) == side
                left[account_name(account)] += movement.amount_minor if grows else -movement.amount_minor
    return {account: minor for account, minor in left.items() if minor}


@pytest.mark.parametrize("name", BOOKED)
def test_each_adjustment_is_booked_as_shown(name: str) -> None:
    event, table = BOOKED[name]
    assert entry_text(entry_of(event)) == dedent(table).strip()


@pytest.mark.parametrize("name", BOOKED)
def test_reversal_leaves_nothing_of_an_adjustment(name: str) -> None:
    event, _ = BOOKED[name]
    assert left_by([event, taken_back(event)]) == {}


@pytest.mark.parametrize("name", BOOKED)
def test_adjustment_is_an_item_that_no_statement_names(name: str) -> None:
    event, _ = BOOKED[name]
    for one in (event, taken_back(event)):
        entry = entry_of(one)
        assert entry is not None
        assert entry.expectation == ("adjustment", "", None)
        assert entry.reason is None


def test_each_rule_of_adjustments_has_an_example() -> None:
    assert {kind for kind in JOURNAL if kind.startswith("adjustment")} == set(ADJUSTMENT_EXAMPLES)


def test_adjusted_charge_leaves_nothing_open() -> None:
    left = left_by(event for _, event in ADJUSTED_CHARGE)
    assert left == {
        "expense:adjustments:stripe:test:usd": -700,
        "expense:psp_fees:stripe:test:usd": 320,
        "expense:write_offs:stripe:test:usd": 1_000,
        "merchant:mer_books:payable:usd": 9_850,
        "psp:stripe:test:balance:usd": 9_380,
        "revenue:platform_fees:usd": 150,
    }
