"""Invariant: where a PSP's statements say something else than the ledger of a balance or of a payout, a break tells of it."""

from typing import Final

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, named_rows
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "differences.sql")


async def _check(stores: Stores) -> list[Violation]:
    return [
        *await named_rows(stores.ledgerdb, _SQL.balances_beside_statements),
        *await named_rows(stores.ledgerdb, _SQL.payouts_beside_their_lines),
    ]


DIFFERENCES_HAVE_BREAKS: Final = Invariant(
    "differences_have_breaks",
    "Up to the last run, what each PSP holds by the ledger is the ending balance of its last statement, and the lines of every payout sum "
    "to it, or a break tells of exactly the difference.",
    _check,
)
"""If it fails, money is missing that no report shows: a run overlooked it, or a statement, a line or a break was altered since."""
