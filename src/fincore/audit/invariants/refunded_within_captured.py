"""Invariant: 0 <= refunded <= captured <= authorized <= asked for, on every charge, as the log tells it."""

from typing import Final

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, named_rows
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")


async def _check(stores: Stores) -> list[Violation]:
    statements = (_SQL.impossible_amounts, _SQL.refunds_beyond_what_was_left)
    return [
        violation
        for statement in statements
        for violation in await named_rows(
            stores.eventstore, statement.format(captured_minor=_SQL.captured_minor)
        )
    ]


REFUNDED_WITHIN_CAPTURED: Final = Invariant(
    "refunded_within_captured",
    "No charge gave back more than it captured, captured more than was authorized or authorized more than was asked "
    "for; no refund was taken on for more than was left.",
    _check,
)
"""If it fails, a customer has paid more than they agreed to, or got back more than they paid."""
