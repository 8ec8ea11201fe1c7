"""Invariant: breaks and settlement files stand as what people and runs did last left them."""

from typing import Final

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, named_rows
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "breaks.sql")


async def _check(stores: Stores) -> list[Violation]:
    return [
        *await named_rows(stores.ledgerdb, _SQL.breaks_beside_their_actions),
        *await named_rows(stores.ledgerdb, _SQL.actions_that_do_not_follow),
        *await named_rows(stores.ledgerdb, _SQL.files_beside_their_decisions),
    ]


BREAKS_FOLLOW_THEIR_ACTIONS: Final = Invariant(
    "breaks_follow_their_actions",
    "Every break has the status and the owner of its last action, each action follows the one before, and every settlement file stands as "
    "the last decision about it allows.",
    _check,
)
"""If it fails, a break was closed or a file was left out without a record of who did it and why."""
