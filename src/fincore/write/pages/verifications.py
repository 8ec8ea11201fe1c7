"""When the pages and the frames were last compared with the inventory of the package, and with what result."""

from collections.abc import Collection
from typing import Literal

from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.write.pages.metrics import PAGE_PROBLEMS, PAGES_MATCHED_AT

_SQL = load_sql("fincore.write.pages", "verifications.sql")

Scope = Literal["pages", "frames_live", "frames_test"]
"""What is compared together: FinCore's pages, or the frames for PayPal of all accounts of one mode."""


class Verifications:
    """The record of the last comparison of each scope."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def expect(self, scopes: Collection[Scope]) -> None:
        """These scopes are to be compared: the alerts tell of one that never was."""
        await self._pool.execute(_SQL.expect_verifications, sorted(scopes))

    async def record(self, scope: Scope, problems: int) -> None:
        """All of a scope was compared just now; `problems` things differed or could not be checked."""
        await self._pool.execute(_SQL.record_verification, scope, problems)


async def measure_verifications(pool: Pool) -> None:
    """Tell Prometheus how the last comparison of each scope went, and when it matched last: 0 for never."""
    rows = {row["scope"]: row for row in await pool.fetch(_SQL.last_verifications)}
    # A scope of which the row was deleted is not to be compared any more.
    PAGE_PROBLEMS.clear()
    PAGES_MATCHED_AT.clear()
    PAGE_PROBLEMS.labels("pages").set(0)
    PAGES_MATCHED_AT.labels("pages").set(0)
    for scope, row in rows.items():
        PAGE_PROBLEMS.labels(scope).set(row["problems"])
        PAGES_MATCHED_AT.labels(scope).set(row["matched_at_seconds"] or 0.0)
