"""Invariant: debits equal credits, in each entry and in the whole ledger, for each currency and mode."""

from typing import Final

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, named_rows
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")


async def _check(stores: Stores) -> list[Violation]:
    return [
        *await named_rows(stores.ledgerdb, _SQL.unbalanced_entries),
        *await named_rows(stores.ledgerdb, _SQL.postings_without_entry),
        *await named_rows(stores.ledgerdb, _SQL.unbalanced_ledgers),
    ]


ENTRIES_BALANCE: Final = Invariant(
    "entries_balance",
    "In every entry, and over all of them, debits equal credits in each currency and mode.",
    _check,
)
"""If it fails, money appeared from nowhere or vanished in the books; the entry named is the one that was altered."""
