"""Invariant: nothing is captured of a charge that the rules sent to review before it is approved."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, scan
from fincore.domain.ids import StreamId, charge_of
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")


async def _check(stores: Stores) -> list[Violation]:
    async def judge(captures: Sequence[asyncpg.Record]) -> list[Violation]:
        return [
            Violation(
                f"charge {charge_of(StreamId(row['stream_id']))}",
                f"version {row['version']} asks for a capture that no approval comes before",
            )
            for row in captures
        ]

    return await scan(stores.eventstore, _SQL.captures_before_approval, judge=judge)


REVIEWED_CHARGES_AWAIT_APPROVAL: Final = Invariant(
    "reviewed_charges_await_approval",
    "No capture is asked for of a charge that the rules sent to review before its review is approved.",
    _check,
)
"""If it fails, FinCore took money that staff were to decide on first. What a PSP took of itself is counted apart."""
