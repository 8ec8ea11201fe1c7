"""What events are about beside their charge, for those who know events by their ids only."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from fincore.domain.ids import DisputeId, EventId, RefundId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.eventstore", "subjects.sql")


class Subject(NamedTuple):
    """The refund or the dispute an event is about."""

    refund_id: RefundId | None = None
    dispute_id: DisputeId | None = None


ONLY_THE_CHARGE: Final = Subject()


class Subjects:
    """Looks events up in the log itself, so that it never lags."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, event_ids: Iterable[EventId]) -> dict[EventId, Subject]:
        """The subjects of events; those about nothing but their charge, and ids of no event, are left out."""
        wanted = list(event_ids)
        if not wanted:
            return {}
        rows = await self._pool.fetch(_SQL.subjects, wanted)
        return {EventId(row["event_id"]): Subject(row["refund_id"], row["dispute_id"]) for row in rows}
