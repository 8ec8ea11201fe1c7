"""Invariant: what people adjusted and took back is the same in the log and in the record by which runs match it."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
import msgspec

from fincore.audit.invariants.invariant import STATEMENT_TIMEOUT_SECONDS, Invariant, Stores, Violation, scan
from fincore.domain.ids import StreamId, adjustment_of
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "settlement.sql")


async def _check(stores: Stores) -> list[Violation]:
    return [*await _events_without_decision(stores), *await _decisions_without_event(stores)]


async def _events_without_decision(stores: Stores) -> list[Violation]:
    async def judge(events: Sequence[asyncpg.Record]) -> list[Violation]:
        rows = await stores.ledgerdb.fetch(
            _SQL.decisions_of_events, [row["event_id"] for row in events], timeout=STATEMENT_TIMEOUT_SECONDS
        )
        decided = {row["event_id"]: _content(row["said"]) for row in rows}
        return [
            Violation(
                f"{adjustment_of(StreamId(row['stream_id']))}, {row['type']}",
                "is not what the record of adjustments says"
                if row["event_id"] in decided
                else "is not in the record of adjustments: the next run takes it over from the log",
            )
            for row in events
            if decided.get(row["event_id"]) != _content(row["data"])
        ]

    return await scan(stores.eventstore, _SQL.adjustment_events, judge=judge)


async def _decisions_without_event(stores: Stores) -> list[Violation]:
    async def judge(decisions: Sequence[asyncpg.Record]) -> list[Violation]:
        rows = await stores.eventstore.fetch(
            _SQL.known_events, [row["event_id"] for row in decisions], timeout=STATEMENT_TIMEOUT_SECONDS
        )
        known = {row["event_id"] for row in rows}
        return [
            Violation(row["adjustment_id"], "was told to the log, and the log does not have it")
            for row in decisions
            if row["event_id"] not in known
        ]

    return await scan(stores.ledgerdb, _SQL.told_decisions, judge=judge)


def _content(text: str) -> dict[str, Any]:
    return msgspec.json.decode(text, type=dict[str, Any])


ADJUSTMENTS_ARE_TOLD: Final = Invariant(
    "adjustments_are_told",
    "Every adjustment and every reversal of the log is in the record by which runs match it, with the same content, and the other way round.",
    _check,
)
"""If it fails, a break was ended by an entry that no person decided, or a run does not know what an entry was booked for: compare `fincore reconcile adjustments` with the log."""
