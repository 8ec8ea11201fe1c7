"""Invariant: every event that an endpoint wants has a delivery, and every delivery agrees with its attempts."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, named_rows, scan
from fincore.domain.ids import EventId, public_event_id
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")

LOOKED_BACK_SECONDS: Final = 7 * 86_400.0
"""Only events this young are looked at: deliveries that ended are forgotten after a month."""


async def _check(stores: Stores) -> list[Violation]:
    async def judge(missing: Sequence[asyncpg.Record]) -> list[Violation]:
        return [
            Violation(
                f"event {public_event_id(EventId(row['event_id']))}",
                f"has no delivery to {row['endpoint_id']}, which wants it",
            )
            for row in missing
        ]

    return [
        *await scan(stores.eventstore, _SQL.undelivered_events, LOOKED_BACK_SECONDS, judge=judge),
        *await named_rows(stores.eventstore, _SQL.deliveries_at_odds_with_attempts),
    ]


WANTED_EVENTS_HAVE_DELIVERIES: Final = Invariant(
    "wanted_events_have_deliveries",
    "Every event that an enabled webhook endpoint wants has a delivery, and every delivery says what its attempts say.",
    _check,
)
"""If it fails, a merchant was not notified of an event, or the log of deliveries differs from what was sent."""
