"""Invariant: what entries left on clearing is what its items say, so that no expectation of a PSP's statement is lost or made up."""

from typing import Final

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, named_rows
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")


async def _check(stores: Stores) -> list[Violation]:
    return await named_rows(stores.ledgerdb, _SQL.wrong_items)


CLEARING_ITEMS_EQUAL_POSTINGS: Final = Invariant(
    "clearing_items_equal_postings",
    "Every entry that moved a clearing account, other than by a match, has one item there that says the same, fees apart.",
    _check,
)
"""If it fails, a line of a PSP's statement may find nothing to match, or match what never was: `fincore rebuild ledgerdb --verify` names the items; without `--verify` it mends them."""
