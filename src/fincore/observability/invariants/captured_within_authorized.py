"""Law: 0 <= captured <= authorized <= asked for, on every charge, as the log tells it."""

from typing import Final

from fincore.observability.invariants.law import Law, Stores, Violation, named_rows
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.observability.invariants", "laws.sql")


async def _check(stores: Stores) -> list[Violation]:
    return await named_rows(stores.eventstore, _SQL.too_much_captured)


CAPTURED_WITHIN_AUTHORIZED: Final = Law(
    "captured_within_authorized",
    "No charge captured more than was authorized, nor authorized more than was asked for.",
    _check,
)
"""If it fails, a customer has paid more than they agreed to."""
