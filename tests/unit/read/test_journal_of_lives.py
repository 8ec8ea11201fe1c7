"""Whole lives of charges in the journal: what they leave on each account, summed apart from it, and the order that matters."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from fincore.domain.events import ChargeEvent
from fincore.read.ledger.accounts import CHART, account_name, normal_side
from fincore.read.ledger.entry import Entry
from fincore.read.ledger.holdings import Holdings
from fixtures.books import lives
from fixtures.money_events import MERCHANT
from fixtures.money_lives import MoneyLife, money_lives


def booked(events: tuple[ChargeEvent, ...]) -> list[Entry]:
    """The entries of one charge, each held against those before it."""
    recorded = lives(events)
    holdings = Holdings({recorded[0].stream_id: {}})
    return [entry for one in recorded if (entry := holdings.book(one)) is not None]


def left_by(entries: list[Entry]) -> dict[str, int]:
    left: Counter[str] = Counter()
    for entry in entries:
        for movement in entry.movements:
            for account, side in ((movement.debit, "debit"), (movement.credit, "credit")):
                grows = normal_side(CHART[account.code].type) == side
                left[account_name(account)] += movement.amount_minor if grows else -movement.amount_minor
    return {account: minor for account, minor in left.items() if minor}


@given(life=money_lives())
def test_life_of_charge_leaves_what_its_amounts_come_to(life: MoneyLife) -> None:
    entries = booked(life.events)
    assert [entry.reason for entry in entries if entry.reason] == []
    assert left_by(entries) == life.balances


@given(life=money_lives())
def test_debits_equal_credits_in_each_currency(life: MoneyLife) -> None:
    assets_less_debts: Counter[str] = Counter()
    for account, minor in left_by(booked(life.events)).items():
        kind = account.split(":", 1)[0]
        currency = account.rsplit(":", 1)[1]
        assets_less_debts[currency] += minor if kind in ("psp", "expense", "suspense") else -minor
    assert set(assets_less_debts.values()) <= {0}


@given(life=money_lives())
def test_abandoned_attempt_moves_no_account_of_merchant(life: MoneyLife) -> None:
    for entry in booked(life.events):
        touched = {
            account.code for movement in entry.movements for account in (movement.debit, movement.credit)
        }
        assert not (entry.kind.startswith("charge.attempt_") and "merchant_payable" in touched)
        owners = {one.owner for movement in entry.movements for one in (movement.debit, movement.credit)}
        assert owners <= {"", "stripe" if entry.kind.startswith("charge.attempt_") else "paypal", MERCHANT}


@given(life=money_lives(), order=st.randoms(use_true_random=False))
def test_life_in_any_order_moves_same_money_at_psps(life: MoneyLife, order: Random) -> None:
    """What comes before what it gives back waits in suspense; what the PSPs owe us is right all the same."""
    shuffled = list(life.events)
    order.shuffle(shuffled)
    entries = booked(tuple(shuffled))
    left, right = left_by(entries), life.balances
    for account in left.keys() | right.keys():
        if ":clearing:" in account:
            assert left.get(account, 0) == right.get(account, 0)
    suspended = {entry.kind for entry in entries if entry.reason}
    assert ("suspense" in {name.split(":")[0] for name in left}) <= bool(suspended)
