"""How far the log has been carried to each sink: a place that moves by compare-and-set, so that a second relay is fenced."""

from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.relay.stream_record import Place

_SQL = load_sql("fincore.relay", "relay_checkpoints.sql")


class RelayCheckpoints:
    """The places of all sinks, in the event store's database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, sink: str) -> Place:
        """How far a sink has come; it starts at the beginning of the log."""
        row = await self._pool.fetchrow(_SQL.read, sink)
        if row is None:
            await self._pool.execute(_SQL.begin, sink)
            return Place(0, 0)
        return Place(row["tx"], row["pos"])

    async def move(self, sink: str, at: Place, to: Place) -> bool:
        """Move the place of a sink from `at`; False where it is no longer there."""
        return bool(await self._pool.fetchval(_SQL.move, sink, *at, *to))
