"""When the pages were last compared with the inventory of the package, and with what result."""

from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.write.pages.metrics import PAGE_PROBLEMS, PAGES_MATCHED_AT

_SQL = load_sql("fincore.write.pages", "verifications.sql")


class Verifications:
    """The record of the last comparison."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def record(self, problems: int) -> None:
        """The pages were compared just now; `problems` things differed or could not be checked."""
        await self._pool.execute(_SQL.record_verification, problems)


async def measure_verifications(pool: Pool) -> None:
    """Tell Prometheus how the last comparison went, and when the pages matched last: 0 for never."""
    row = await pool.fetchrow(_SQL.last_verification)
    PAGE_PROBLEMS.set(row["problems"] if row else 0)
    PAGES_MATCHED_AT.set((row["matched_at_seconds"] or 0.0) if row else 0.0)
