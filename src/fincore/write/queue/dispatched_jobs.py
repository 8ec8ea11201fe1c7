"""Due jobs for a relay to messages: each is reserved before it is sent, so that no two relays send it and none is sent again too soon."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, get_args

from fincore.domain.job import JobKind
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.write.queue", "dispatch.sql")

LOST_AFTER_SECONDS: Final = 30.0
"""How long no worker has to answer a message until it is taken to be lost. It doubles with each message about the job."""
DOUBLINGS_MAX: Final = 5


class DispatchedJobs:
    """The port DueJobs of the relay, on PgQueuer's table. `heartbeat_timeout_seconds` is that of the workers."""

    def __init__(
        self,
        pool: Pool,
        *,
        heartbeat_timeout_seconds: float,
        lost_after_seconds: float = LOST_AFTER_SECONDS,
    ) -> None:
        self._pool = pool
        self._heartbeat_timeout = timedelta(seconds=heartbeat_timeout_seconds)
        self._lost_after = timedelta(seconds=lost_after_seconds)
        self._kinds = list(get_args(JobKind))

    async def reserve(self, *, jobs_max: int) -> list[str]:
        """The ids of due jobs of which no message is under way, those that wait longest first; they count as sent from now on."""
        rows = await self._pool.fetch(
            _SQL.reserve, self._kinds, jobs_max, self._heartbeat_timeout, self._lost_after, DOUBLINGS_MAX
        )
        return [str(row["job_id"]) for row in rows]

    async def release(self, job_ids: Sequence[str]) -> None:
        """Let reserved jobs be reserved again at once: no message about them was sent."""
        await self._pool.execute(_SQL.release, [int(job_id) for job_id in job_ids])

    async def under_way(self) -> int:
        """Of how many jobs a message is under way that no worker has answered."""
        return int(await self._pool.fetchval(_SQL.count_under_way))

    async def lag_seconds(self) -> float:
        """How long the job has been due that waits longest for its first message."""
        return max(0.0, float(await self._pool.fetchval(_SQL.lag, self._kinds)))

    async def forget(self) -> None:
        """Forget messages about jobs that are no more."""
        await self._pool.execute(_SQL.forget)
