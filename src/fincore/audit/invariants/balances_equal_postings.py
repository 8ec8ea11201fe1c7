"""Invariant: an account's balance is the sum of its postings, on each day too, and each posting continues the one before."""

from typing import Final

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, named_rows
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")


async def _check(stores: Stores) -> list[Violation]:
    return [
        *await named_rows(stores.ledgerdb, _SQL.broken_chains),
        *await named_rows(stores.ledgerdb, _SQL.wrong_balances),
        *await named_rows(stores.ledgerdb, _SQL.wrong_days),
        *await named_rows(stores.ledgerdb, _SQL.wrong_hours),
        *await named_rows(stores.ledgerdb, _SQL.retired_accounts_with_balances),
    ]


BALANCES_EQUAL_POSTINGS: Final = Invariant(
    "balances_equal_postings",
    "Every account's balance, now and at the end of each day, is the sum of its postings, which chain without a "
    "hole; a retired account holds nothing.",
    _check,
)
"""If it fails, a balance is not what was booked; the first posting named is where it went wrong."""
