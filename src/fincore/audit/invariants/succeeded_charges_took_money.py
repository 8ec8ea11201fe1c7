"""Invariant: a charge that succeeded has taken something."""

from typing import Final

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, named_rows
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")


async def _check(stores: Stores) -> list[Violation]:
    return await named_rows(stores.eventstore, _SQL.captures_of_nothing)


SUCCEEDED_CHARGES_TOOK_MONEY: Final = Invariant(
    "succeeded_charges_took_money",
    "Every capture, and every correction to a success, is of at least 1 minor unit.",
    _check,
)
"""If it fails, a merchant takes a charge for paid by which no money moved."""
