"""Refunds and disputes that events of the log name, for readers that have one id and need another."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from fincore.domain.ids import DisputeId, EventId, RefundId, StreamId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.read", "event_references.sql")


class EventReference(NamedTuple):
    """The refund or the dispute an event is about."""

    refund_id: RefundId | None = None
    dispute_id: DisputeId | None = None


ONLY_THE_CHARGE: Final = EventReference()


class EventReferences:
    """Looks events up in the log, so that the answer never lags."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, event_ids: Iterable[EventId]) -> dict[EventId, EventReference]:
        """What events are about; those about their charge alone, and ids of no event, are left out."""
        wanted = list(event_ids)
        if not wanted:
            return {}
        rows = await self._pool.fetch(_SQL.event_references, wanted)
        return {EventId(row["event_id"]): EventReference(row["refund_id"], row["dispute_id"]) for row in rows}

    async def stream_of_refund(self, refund_id: RefundId) -> StreamId | None:
        """The stream a refund was asked for in, or None where there is no such refund."""
        stream_id = await self._pool.fetchval(_SQL.stream_of_refund, refund_id)
        return None if stream_id is None else StreamId(stream_id)
