"""Invariant: a job works on everything that the PSP is being asked for."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, scan
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")

GRACE_SECONDS: Final = 60.0
"""What is this young may be between two jobs, or ahead of the view."""


async def _check(stores: Stores) -> list[Violation]:
    return [*await _idle_charges(stores), *await _idle_refunds(stores)]


async def _idle_charges(stores: Stores) -> list[Violation]:
    async def judge(charges: Sequence[asyncpg.Record]) -> list[Violation]:
        with_jobs = await stores.jobs.charges_with_jobs([row["charge_id"] for row in charges])
        idle = [row for row in charges if row["charge_id"] not in with_jobs]
        return [
            Violation(
                f"charge {row['charge_id']}",
                f"waits for the PSP to {row['operation']} it and no job names it",
            )
            for row in await _unchanged(stores, idle)
        ]

    return await scan(stores.paymentdb, _SQL.open_charges, GRACE_SECONDS, judge=judge)


async def _idle_refunds(stores: Stores) -> list[Violation]:
    async def judge(refunds: Sequence[asyncpg.Record]) -> list[Violation]:
        with_jobs = await stores.jobs.refunds_with_jobs([row["refund_id"] for row in refunds])
        idle = [row for row in refunds if row["refund_id"] not in with_jobs]
        return [
            Violation(
                f"refund {row['refund_id']} of {row['charge_id']}", "is in processing and no job names it"
            )
            for row in await _unchanged(stores, idle)
        ]

    return await scan(stores.paymentdb, _SQL.open_refunds, GRACE_SECONDS, judge=judge)


async def _unchanged(stores: Stores, rows: Sequence[asyncpg.Record]) -> list[asyncpg.Record]:
    """The rows behind which the log has nothing newer: the view may lag behind the worker."""
    current = await stores.eventstore.fetch(
        _SQL.streams_at_versions,
        [row["stream_id"] for row in rows],
        [row["version"] for row in rows],
        GRACE_SECONDS,
    )
    streams = {row["stream_id"] for row in current}
    return [row for row in rows if row["stream_id"] in streams]


OPEN_CHARGES_HAVE_WORK: Final = Invariant(
    "open_charges_have_work",
    "Every charge with a pending operation and every refund in processing has a job that waits, is being done or is "
    "held for a person.",
    _check,
)
"""If it fails, a customer waits for an outcome that no job will ever find out."""
