"""Payouts and settlement files in the journal: which event books what, without a database."""

from collections import Counter
from collections.abc import Iterable, Sequence
from textwrap import dedent
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.domain.currency import Currency
from fincore.domain.fx_position import FxPosition, convert
from fincore.domain.settlement_events import PAYMENT_LIKE, LineKind, SettlementEvent, SettlementKind
from fincore.read.ledger.accounts import CHART, account_name, normal_side
from fincore.read.ledger.entry import Entry, entry_of
from fincore.read.ledger.journal import JOURNAL, MoneyEvent
from fixtures.money_events import captured, entry_text, fee_assessed, refunded
from fixtures.settlement_money import (
    CONVERTED_CHARGE,
    SETTLED_CHARGE,
    SETTLEMENT_EXAMPLES,
    converted,
    matched,
    payout_canceled,
    payout_created,
    payout_failed,
    payout_paid,
    totalled,
)

TABLES = {
    "payout.created": """
        psp:stripe:test:in_transit:usd  94.80 USD
          psp:stripe:test:balance:usd              94.80 USD
    """,
    "payout.paid": """
        bank:main:usd                     94.80 USD
          psp:stripe:test:in_transit:usd             94.80 USD
    """,
    "payout.failed": """
        psp:stripe:test:balance:usd  94.80 USD
          bank:main:usd                         94.80 USD
    """,
    "payout.canceled": """
        psp:stripe:test:balance:usd       94.80 USD
          psp:stripe:test:in_transit:usd             94.80 USD
    """,
    "settlement_file.totalled": """
        psp:stripe:test:balance:usd      100.00 USD
          psp:stripe:test:unmatched:usd              100.00 USD
        psp:stripe:test:unmatched:usd      3.20 USD
          psp:stripe:test:balance:usd                  3.20 USD
    """,
    "settlement_file.matched": """
        psp:stripe:test:unmatched:usd    100.00 USD
          psp:stripe:test:clearing:usd               100.00 USD
        psp:stripe:test:clearing:usd       3.20 USD
          psp:stripe:test:unmatched:usd                3.20 USD
    """,
    "settlement_file.converted": """
        psp:stripe:test:unmatched:usd   108.00 USD
          fx:position:usd                           108.00 USD
        fx:position:eur                 100.00 EUR
          psp:stripe:test:clearing:eur              100.00 EUR
    """,
}
STATED_ELSEWHERE = {"payout", "payout_returned"}


def text(table: str) -> str:
    return dedent(table).strip()


def left_by(events: Iterable[MoneyEvent]) -> dict[str, int]:
    """What the entries of events leave on each account, on its normal side."""
    left: Counter[str] = Counter()
    for entry in map(entry_of, events):
        for movement in entry.movements if entry else ():
            for account, side in ((movement.debit, "debit"), (movement.credit, "credit")):
                grows = normal_side(CHART[account.code].type) == side
                left[account_name(account)] += movement.amount_minor if grows else -movement.amount_minor
    return {account: minor for account, minor in left.items() if minor}


@pytest.mark.parametrize("kind", TABLES)
def test_each_event_of_settlement_is_booked_as_shown(kind: str) -> None:
    assert entry_text(entry_of(SETTLEMENT_EXAMPLES[kind])) == text(TABLES[kind])


def test_each_rule_of_settlement_has_an_example() -> None:
    rules = {kind for kind, lines in JOURNAL.items() if lines and kind.startswith(("payout", "settlement"))}
    assert rules == set(TABLES) == set(SETTLEMENT_EXAMPLES)


AMOUNT = st.integers(-10_000, 10_000)


def test_settled_charge_leaves_nothing_at_the_psp() -> None:
    assert left_by(event for _, event in SETTLED_CHARGE) == {
        "bank:main:usd": 9_480,
        "merchant:mer_books:payable:usd": 9_850,
        "revenue:platform_fees:usd": 150,
        "expense:psp_fees:stripe:test:usd": 320,
        "expense:account_fees:stripe:test:usd": 200,
    }


def test_converted_charge_leaves_clearing_at_zero() -> None:
    left = left_by(event for _, event in CONVERTED_CHARGE)
    assert {name: minor for name, minor in left.items() if name.startswith(("psp:", "fx:"))} == {
        "psp:stripe:test:balance:usd": 6_050,
        "fx:position:eur": 6_000,
        "fx:position:usd": -6_480,
    }
    assert left["expense:fx:usd"] == 80


@given(st.lists(st.builds(FxPosition, st.integers(-9_999, 9_999), st.integers(-9_999, 9_999))), AMOUNT)
def test_positions_that_are_closed_leave_the_realised_difference(
    moved: list[FxPosition], last_minor: int
) -> None:
    """Random conversions, and one that gives back all that is left: both positions are zero, and the expense is what went out on the whole."""
    left_minor = sum(one.charge_minor for one in moved)
    moved = [*moved, FxPosition(-left_minor, last_minor)]
    position, events = FxPosition(), []
    for one in moved:
        position, realised_minor = convert(position, one)
        events.append(converted("refund", one.settled_minor, one.charge_minor, realised_minor=realised_minor))
    left = {name: minor for name, minor in left_by(events).items() if name.startswith(("fx:", "expense:"))}
    lost_minor = -sum(one.settled_minor for one in moved)
    assert left == ({"expense:fx:usd": lost_minor} if lost_minor else {})


@pytest.mark.parametrize(
    ("course", "left"),
    [
        (
            (payout_created(),),
            {"psp:stripe:test:in_transit:usd": 9_480, "psp:stripe:test:balance:usd": -9_480},
        ),
        ((payout_created(), payout_paid()), {"bank:main:usd": 9_480, "psp:stripe:test:balance:usd": -9_480}),
        ((payout_created(), payout_paid(), payout_failed()), {}),
        ((payout_created(), payout_failed(was_paid=False, bank_account=None)), {}),
        ((payout_created(), payout_canceled()), {}),
        (
            (payout_created(amount_minor=-500), payout_paid(amount_minor=-500)),
            {"bank:main:usd": -500, "psp:stripe:test:balance:usd": 500},
        ),
    ],
)
def test_payout_leaves_its_amount_where_it_ended(
    course: Sequence[SettlementEvent], left: dict[str, int]
) -> None:
    assert left_by(course) == left
    assert [entry.reason for entry in map(entry_of, course) if entry] == [None] * len(course)


@pytest.mark.parametrize("kind", [*get_args(LineKind), "opening"])
def test_total_of_each_kind_moves_balance_unless_a_payout_does(kind: SettlementKind) -> None:
    left = left_by([totalled(kind, -700, 30)])
    balance = left.pop("psp:stripe:test:balance:usd", 0)
    if kind in STATED_ELSEWHERE:
        assert (balance, left) == (0, {})
        return
    assert balance == -670
    if kind in PAYMENT_LIKE:
        assert left == {"psp:stripe:test:unmatched:usd": -670}
    elif kind == "account_fee":
        assert left == {"expense:account_fees:stripe:test:usd": 670}
    else:
        assert left == {"fx:position:usd": 700, "expense:fx:usd": -30}


def test_conversion_is_balanced_in_each_currency() -> None:
    left = left_by([totalled("conversion", -10_000, 0), totalled("conversion", 9_100, 0, currency="eur")])
    assert left == {
        "psp:stripe:test:balance:usd": -10_000,
        "fx:position:usd": 10_000,
        "psp:stripe:test:balance:eur": 9_100,
        "fx:position:eur": -9_100,
    }


@given(lines=st.lists(st.tuples(st.sampled_from(sorted(PAYMENT_LIKE - {"opening"})), AMOUNT, AMOUNT)))
def test_lines_that_are_all_matched_leave_clearing_as_they_state(
    lines: list[tuple[SettlementKind, int, int]],
) -> None:
    """What was matched is out of clearing and out of what is unmatched; what the PSP holds is what it states."""
    events = [event for line in lines for event in (totalled(*line), matched(*line))]
    net = sum(gross + fee for _, gross, fee in lines)
    expected = {"psp:stripe:test:balance:usd": net, "psp:stripe:test:clearing:usd": -net} if net else {}
    assert left_by(events) == expected


def test_total_of_nothing_books_nothing() -> None:
    assert entry_of(totalled(gross_minor=0, fee_minor=0)) is None
    assert entry_of(matched(gross_minor=0, fee_minor=0)) is None


# What makes no sense


def suspended(entry: Entry | None) -> tuple[str, dict[str, int]]:
    assert entry is not None
    assert entry.reason is not None
    left: Counter[str] = Counter()
    for movement in entry.movements:
        left[account_name(movement.debit)] += movement.amount_minor
        left[account_name(movement.credit)] -= movement.amount_minor
    return entry.reason, dict(left)


def test_payout_in_no_currency_never_is_on_its_way() -> None:
    course = [event(currency=Currency("zzz")) for event in (payout_created, payout_canceled)]
    assert left_by(course) == {}
    reason, left = suspended(entry_of(course[0]))
    assert "no currency of payments" in reason
    assert left == {"suspense:zzz": 9_480, "psp:stripe:test:balance:zzz": -9_480}


def test_payout_paid_into_no_bank_waits_in_suspense() -> None:
    reason, left = suspended(entry_of(payout_paid(bank_account="")))
    assert reason == "the amount of 9480 names no bank account"
    assert left == {"suspense:usd": 9_480, "psp:stripe:test:in_transit:usd": -9_480}


def test_payout_paid_in_no_currency_is_still_in_the_bank() -> None:
    _, left = suspended(entry_of(payout_paid(currency="zzz")))
    assert left == {"bank:main:zzz": 9_480, "suspense:zzz": -9_480}


def test_file_total_in_no_currency_still_moves_the_balance() -> None:
    _, left = suspended(entry_of(totalled(currency="bitcoin")))
    assert left == {"psp:stripe:test:balance:xxx": 9_680, "suspense:xxx": -9_680}


# What the PSP's statements are expected to show


def test_capture_is_expected_by_the_part_that_took_the_money() -> None:
    entry = entry_of(captured())
    assert entry is not None
    assert entry.expectation == ("payment", "pi_books", None)
    refund = entry_of(refunded())
    assert refund is not None
    assert refund.expectation == ("refund", "re_psp", "re_books")
    fee = entry_of(fee_assessed())
    assert fee is not None
    assert fee.expectation == ("fee", "pi_books", None)


def test_what_a_statement_tells_is_no_expectation() -> None:
    for event in SETTLEMENT_EXAMPLES.values():
        entry = entry_of(event)
        assert entry is not None
        assert entry.expectation is None
