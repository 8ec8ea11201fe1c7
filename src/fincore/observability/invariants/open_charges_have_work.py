"""Law: somebody is working on every charge whose outcome is open."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from fincore.observability.invariants.law import Law, Stores, Violation, scan
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.observability.invariants", "laws.sql")

GRACE_SECONDS: Final = 60.0
"""A charge this young may be between two jobs, or ahead of the view."""


async def _check(stores: Stores) -> list[Violation]:
    """Where the queue is not kept beside the log, its jobs cannot be seen from here, and nothing is claimed."""
    if not await stores.eventstore.fetchval(_SQL.has_table, "queue.pgqueuer"):
        return []

    async def judge(charges: Sequence[asyncpg.Record]) -> list[Violation]:
        named = await stores.eventstore.fetch(_SQL.charges_with_jobs, [row["charge_id"] for row in charges])
        at_work = {row["charge_id"] for row in named}
        idle = {row["stream_id"]: row["charge_id"] for row in charges if row["charge_id"] not in at_work}
        # The view may lag behind the worker: the log has the last word on whether the charge is still open.
        rows = await stores.eventstore.fetch(_SQL.streams_left_in_processing, list(idle), GRACE_SECONDS)
        return [
            Violation(f"charge {idle[row['stream_id']]}", "is in processing and no job names it")
            for row in rows
        ]

    return await scan(stores.paymentdb, _SQL.open_charges, GRACE_SECONDS, judge=judge)


OPEN_CHARGES_HAVE_WORK: Final = Law(
    "open_charges_have_work",
    "Every charge in processing has a job that waits, is being done or is held for a person.",
    _check,
)
"""If it fails, a customer waits for an outcome that nobody is finding out."""
