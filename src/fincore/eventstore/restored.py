"""A log that came from a dump: whether its new server goes on from where it ends, and where consumers stand beside it.

The log is ordered by the ids of the transactions that wrote it, and a new server counts from the start. Until it counts
on from above, readers do not see the events that came with the dump, and new ones sort before them.
"""

from typing import Literal, NamedTuple

from fincore.domain.errors import FinCoreError
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.eventstore", "restored.sql")
_SUBSCRIPTION_SQL = load_sql("fincore.eventstore", "subscription.sql")


class LogFromTheFuture(FinCoreError):
    """The log holds transactions that its server has not reached; nothing may be read from it or written to it."""

    def __init__(self, epoch: int) -> None:
        super().__init__(
            "the event store holds transactions that its server has not reached, because a dump was restored into it: "
            f"stop the server, run `pg_resetwal --epoch={epoch}` on its data folder, start it, and run "
            "`fincore restore check`"
        )


class Standing(NamedTuple):
    """Where a consumer stands. `ahead`: it applied an event that the log does not have; `events` are those to apply."""

    place: Literal["level", "behind", "ahead"]
    events: int


async def require_continuing_log(pool: Pool) -> None:
    """Raise `LogFromTheFuture` unless the next transaction of the server comes after those of the log."""
    row = await pool.fetchrow(_SQL.log_state)
    if row is not None and not row["continues"]:
        raise LogFromTheFuture(row["epoch"])


async def standing_of(log: Pool, target: Pool, consumer_name: str) -> Standing:
    """Where a consumer with its checkpoint in `target` stands in the log."""
    checkpoint = await target.fetchrow(_SUBSCRIPTION_SQL.read_checkpoint, consumer_name)
    tx, pos = (checkpoint["tx"], checkpoint["pos"]) if checkpoint is not None else (0, 0)
    row = await log.fetchrow(_SQL.beyond, tx, pos)
    if row is None:
        raise LookupError("a select without a from gives one row")
    if not row["has_place"] and (tx, pos) != (0, 0):
        return Standing("ahead", row["events_after"])
    return Standing("behind" if row["events_after"] else "level", row["events_after"])
