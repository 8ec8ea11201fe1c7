"""The consumer that keeps `paymentdb.charges`."""

from collections.abc import Sequence

from fincore.domain.events import RecordedEvent
from fincore.domain.ids import StreamId, charge_of
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection
from fincore.read.paymentdb.charge_view import ChargeView
from fincore.read.paymentdb.row import row_of, view_of
from fincore.read.projectionist.fold import project

_SQL = load_sql("fincore.read.projectionist", "projectionist.sql")


class Projectionist:
    """Folds a batch of events into the rows of its streams: two statements, however many events."""

    name = "projectionist"

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent]) -> None:
        """Write the views after events, in log order, inside the transaction of `connection`."""
        views = await self._current(connection, {recorded.stream_id for recorded in events})
        changed: dict[StreamId, ChargeView] = {}
        for recorded in events:
            before = views.get(recorded.stream_id)
            after = project(before, recorded)
            if after is not before:
                views[recorded.stream_id] = changed[recorded.stream_id] = after
        if changed:
            # Rows in one order whoever writes them, so that two writers wait for each other and never deadlock.
            rows = sorted((row_of(view) for view in changed.values()), key=lambda row: str(row[0]))
            await connection.execute(_SQL.upsert_charges, *map(list, zip(*rows, strict=True)))

    async def _current(self, connection: Connection, streams: set[StreamId]) -> dict[StreamId, ChargeView]:
        rows = await connection.fetch(_SQL.current_charges, [charge_of(stream) for stream in streams])
        return {StreamId(row["stream_id"]): view_of(row) for row in rows}
