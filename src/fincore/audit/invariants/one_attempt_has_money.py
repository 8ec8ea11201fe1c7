"""Invariant: a charge is paid once, by however many attempts it went through."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, scan
from fincore.audit.invariants.open_charges_have_work import GRACE_SECONDS
from fincore.domain.ids import StreamId, charge_of
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")


async def _check(stores: Stores) -> list[Violation]:
    async def judge(charges: Sequence[asyncpg.Record]) -> list[Violation]:
        named = {charge_of(StreamId(row["stream_id"])): row for row in charges}
        with_jobs = {charge_id for charge_id, _ in await stores.jobs.attempts_with_jobs(list(named))}
        found = []
        for charge_id, row in named.items():
            finding = row["finding"]
            if finding is None and row["is_owed"] and row["is_quiet"] and charge_id not in with_jobs:
                finding = "has money from several attempts, and no job gives any of it back"
            if finding is not None:
                found.append(Violation(f"charge {charge_id}", finding))
        return found

    attempts_told = _SQL.attempts.format(captured_minor=_SQL.captured_minor)
    statement = _SQL.charges_with_money_twice.format(attempts=attempts_told)
    return await scan(stores.eventstore, statement, GRACE_SECONDS, judge=judge)


ONE_ATTEMPT_HAS_MONEY: Final = Invariant(
    "one_attempt_has_money",
    "At most one attempt of a charge took money that did not go back, but for money that a job or a person is giving back; "
    "an attempt gives back what it took.",
    _check,
)
"""If it fails, a customer has paid twice for one charge, and nothing gives the money of one attempt back."""
