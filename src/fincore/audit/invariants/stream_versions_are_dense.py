"""Invariant: the versions of every stream are 1, 2, 3 ... without a hole."""

from typing import Final

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, named_rows
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")


async def _check(stores: Stores) -> list[Violation]:
    return await named_rows(stores.eventstore, _SQL.holes_in_streams)


STREAM_VERSIONS_ARE_DENSE: Final = Invariant(
    "stream_versions_are_dense", "Every stream's versions are 1, 2, 3 ... without a hole.", _check
)
"""If it fails, an event has been removed from the log, and later decisions relied on it."""
