"""Invariant: no money is in suspense, where its owner is unknown."""

from typing import Final

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, named_rows
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")


async def _check(stores: Stores) -> list[Violation]:
    return await named_rows(stores.ledgerdb, _SQL.in_suspense)


NOTHING_WAITS_IN_SUSPENSE: Final = Invariant(
    "nothing_waits_in_suspense",
    "No entry has money in suspense that was not cleared.",
    _check,
)
"""If it fails, money moved in a way that makes no sense: `fincore ledger suspense` says why. Find out who owns it, and book it with `fincore ledger clear`."""
