"""Invariant: a dispute moves money only of a charge that has taken money."""

from typing import Final

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, named_rows
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")


async def _check(stores: Stores) -> list[Violation]:
    return await named_rows(stores.eventstore, _SQL.disputes_of_nothing)


DISPUTES_PRESUPPOSE_CAPTURES: Final = Invariant(
    "disputes_presuppose_captures",
    "No dispute withdrew, reinstated, held or released money of a charge that had captured nothing, and none moved a negative "
    "amount.",
    _check,
)
"""If it fails, the books hold what a bank took back and not what was taken before: clearing is too low."""
