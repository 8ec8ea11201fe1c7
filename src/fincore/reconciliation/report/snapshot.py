"""One view of LedgerDB for all statements of a report."""

import contextlib
from collections.abc import AsyncIterator

from fincore.postgres.pool import Connection, Pool


@contextlib.asynccontextmanager
async def snapshot(ledgerdb: Pool) -> AsyncIterator[Connection]:
    """A connection that sees no later commit and writes nothing."""
    async with (
        ledgerdb.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield connection
