"""The consumer that keeps the tables of `paymentdb`."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from fincore.domain.checkout_session_events import CheckoutSessionEvent
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import StreamId, charge_of, session_of
from fincore.domain.log_events import LogEvent, of_charges, of_sessions
from fincore.domain.recorded_event import RecordedEvent
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection
from fincore.read.paymentdb import charge_row, session_row
from fincore.read.paymentdb.charge_view import ChargeView
from fincore.read.projectionist.projection import Projection
from fincore.read.projectionist.session_fold import session_rows

_SQL = load_sql("fincore.read.projectionist", "projectionist.sql")

_UPSERTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "charges": _SQL.upsert_charges,
        "refunds": _SQL.upsert_refunds,
        "disputes": _SQL.upsert_disputes,
        "events": _SQL.insert_events,
        "search_terms": _SQL.insert_search_terms,
    }
)
"""Table -> the statement that writes rows of it."""


class Projectionist:
    """Folds a batch of events into rows: four statements, however many events, and one or two for each rarer table."""

    name = "projectionist"

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent[LogEvent]]) -> None:
        """Write the rows after events, in log order, inside the transaction of `connection`."""
        if charges := of_charges(events):
            await self._apply_to_charges(connection, charges)
        if sessions := of_sessions(events):
            await self._apply_to_sessions(connection, sessions)

    async def _apply_to_charges(
        self, connection: Connection, events: Sequence[RecordedEvent[ChargeEvent]]
    ) -> None:
        # What is born in the batch is folded from its birth; a row it may have from before is not set back.
        born = {recorded.stream_id for recorded in events if recorded.version == 1}
        older = {recorded.stream_id for recorded in events} - born
        projection = Projection(await self._current(connection, older) if older else None)
        for recorded in events:
            projection.add(recorded)
        for table, rows in projection.rows().items():
            await connection.execute(_UPSERTS[table], *map(list, zip(*rows, strict=True)))

    async def _apply_to_sessions(
        self, connection: Connection, events: Sequence[RecordedEvent[CheckoutSessionEvent]]
    ) -> None:
        born = {recorded.stream_id for recorded in events if recorded.version == 1}
        older = {recorded.stream_id for recorded in events} - born
        views = {}
        if older:
            rows = await connection.fetch(_SQL.current_sessions, [session_of(stream) for stream in older])
            views = {StreamId(row["stream_id"]): session_row.view_of(row) for row in rows}
        changed = session_rows(events, views)
        if changed.sessions:
            await connection.execute(_SQL.upsert_sessions, *map(list, zip(*changed.sessions, strict=True)))
        if changed.events:
            await connection.execute(_SQL.insert_events, *map(list, zip(*changed.events, strict=True)))

    async def _current(self, connection: Connection, streams: set[StreamId]) -> dict[StreamId, ChargeView]:
        rows = await connection.fetch(_SQL.current_charges, [charge_of(stream) for stream in streams])
        return {StreamId(row["stream_id"]): charge_row.view_of(row) for row in rows}
