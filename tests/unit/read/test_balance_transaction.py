"""The types of balance transactions beside the journal they are made of."""

from typing import get_args

from fincore.read.ledger.journal import JOURNAL
from fincore.read.ledgerdb.balance_transaction import KINDS, OPERATOR, TYPES, BalanceTransactionType


def test_each_event_moving_merchant_money_has_one_type() -> None:
    moving = [
        name
        for name, lines in JOURNAL.items()
        if any("merchant_payable" in (line.debit, line.credit) for line in lines)
    ]
    assert sorted([*moving, OPERATOR]) == sorted(kind for kinds in KINDS.values() for kind in kinds)
    assert len(TYPES) == len(moving) + 1
    assert set(KINDS) == set(get_args(BalanceTransactionType))
