"""One event of the log by its id: its type, its place in its stream, and who caused it. What it says is not read."""

from datetime import datetime

import msgspec

from fincore.domain.ids import EventId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.read", "event_facts.sql")


class EventFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Where an event came from: `correlation` is the request or job that began it all, `causation` what directly led to it."""

    type: str
    version: int
    recorded_at: datetime
    actor: str
    correlation: str
    causation: str | None


async def event_facts(eventstore: Pool, event_id: EventId) -> EventFacts | None:
    """An event, or None where the log has none with this id."""
    row = await eventstore.fetchrow(_SQL.event_facts, event_id)
    return None if row is None else EventFacts(**dict(row))
