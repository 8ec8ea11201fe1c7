"""Which processes of the installation have sessions at a server now, by the names that they give themselves."""

from typing import Final, NamedTuple

from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.postgres", "sessions.sql")
_PREFIX: Final = "fincore-"


class ProcessSessions(NamedTuple):
    """A kind of process, such as a role, and how many sessions all of them have."""

    process: str
    sessions: int


async def sessions_of_processes(pool: Pool) -> list[ProcessSessions]:
    """The processes that have a session now, by name. One that asked for nothing in minutes may have none."""
    rows = await pool.fetch(_SQL.sessions_of_processes)
    return [ProcessSessions(row["name"].removeprefix(_PREFIX), row["sessions"]) for row in rows]
