"""Deleting what the limits and the proposals of staff need no more. What people did stays in the audit trail and in the log."""

from datetime import timedelta
from typing import Final

from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.write.staff", "purges.sql")

COUNTED_REFUNDS_KEPT_FOR: Final = timedelta(days=31)
"""They count on their day; a repeated request is known by them for as long as idempotency keys are kept."""
ENDED_PROPOSALS_KEPT_FOR: Final = timedelta(days=401)
"""A financial year and the month after it. The database refuses the deletion of what is 400 days old or younger."""


class StaffPurges:
    """Deletes in steps: rows older than `kept_for` by the database's clock, at most `rows_max`; each returns how many."""

    def __init__(self, eventstore: Pool) -> None:
        self._pool = eventstore

    async def counted_refunds(self, *, kept_for: timedelta, rows_max: int) -> int:
        """Delete refunds that were counted for the limits of one person."""
        return await self._deleted(_SQL.purge_counted_refunds, kept_for, rows_max)

    async def ended_proposals(self, *, kept_for: timedelta, rows_max: int) -> int:
        """Delete proposals that have ended, with their steps."""
        return await self._deleted(_SQL.purge_proposals, kept_for, rows_max)

    async def _deleted(self, statement: str, kept_for: timedelta, rows_max: int) -> int:
        status = await self._pool.execute(statement, kept_for, rows_max)
        return int(status.rpartition(" ")[2])
