"""Invariant: what two people of staff agreed on is carried out, or refused, soon."""

from typing import Final

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, named_rows
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")


async def _check(stores: Stores) -> list[Violation]:
    return await named_rows(stores.eventstore, _SQL.agreed_proposals_that_wait)


AGREED_PROPOSALS_END: Final = Invariant(
    "agreed_proposals_end",
    "Every act that two people of staff agreed on was carried out or refused within ten minutes.",
    _check,
)
"""If it fails, money or rules are not what two people decided. See that the role `staff` runs, and what its log says of the proposal."""
