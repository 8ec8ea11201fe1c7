"""Invariant: what a PSP calls by one reference belongs to one charge."""

from typing import Final

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, named_rows
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")


async def _check(stores: Stores) -> list[Violation]:
    return await named_rows(stores.eventstore, _SQL.references_of_others)


ONE_REFERENCE_ONE_CHARGE: Final = Invariant(
    "one_reference_one_charge",
    "No payment, refund or dispute at a PSP account belongs to two charges.",
    _check,
)
"""If it fails, money of one customer counts for the charge of another. Compare both charges with the PSP's dashboard."""
