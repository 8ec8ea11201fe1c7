"""Invariant: what an abandoned attempt took or holds by mistake goes back to the customer."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, scan
from fincore.audit.invariants.open_charges_have_work import GRACE_SECONDS
from fincore.domain.ids import StreamId, charge_of
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")


async def _check(stores: Stores) -> list[Violation]:
    async def judge(attempts: Sequence[asyncpg.Record]) -> list[Violation]:
        with_jobs = await stores.jobs.attempts_with_jobs(
            {charge_of(StreamId(row["stream_id"])) for row in attempts}
        )
        return [
            Violation(
                f"charge {charge_id}",
                f"attempt {row['attempt']} {_DID[row['last_heard']]} money by mistake, and no job gives it back",
            )
            for row in attempts
            if ((charge_id := charge_of(StreamId(row["stream_id"]))), row["attempt"]) not in with_jobs
        ]

    attempts_told = _SQL.attempts.format(captured_minor=_SQL.captured_minor)
    statement = _SQL.mistaken_attempts.format(attempts=attempts_told)
    return await scan(stores.eventstore, statement, GRACE_SECONDS, judge=judge)


_DID: Final = {"charge.attempt_captured": "took", "charge.attempt_authorized": "holds"}

MISTAKEN_MONEY_GOES_BACK: Final = Invariant(
    "mistaken_money_goes_back",
    "Every abandoned attempt that took or holds money has given it back, a job of its own gives it back, or a person was asked "
    "to.",
    _check,
)
"""If it fails, a customer waits for money that an attempt took by mistake, and nothing gives it back: look at the charge's attempts with `fincore charges show`, and give the money back at the PSP."""
