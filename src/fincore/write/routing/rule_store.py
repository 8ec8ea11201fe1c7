"""The store of routing rules: every version as it was written, with author, time and reason. The latest is live."""

from datetime import datetime
from typing import Final

import msgspec

from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Statements

_SQL = load_sql("fincore.write.routing", "rule_store.sql")

VERSIONS_LISTED_MAX: Final = 1_000


class RuleVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the rules."""

    version: int
    text: str
    set_at: datetime
    set_by: str
    reason: str


class RuleStore:
    """Reads and adds versions."""

    def __init__(self, store: Statements) -> None:
        self._store = store

    async def live_version(self) -> int:
        """The number of the live version; 0 where no rules were ever set."""
        return await self._store.fetchval(_SQL.live_version) or 0

    async def read(self, version: int) -> RuleVersion | None:
        """One version."""
        row = await self._store.fetchrow(_SQL.read_version, version)
        return None if row is None else RuleVersion(**dict(row))

    async def list(self, limit: int = VERSIONS_LISTED_MAX) -> list[RuleVersion]:
        """The latest versions, newest first."""
        return [RuleVersion(**dict(row)) for row in await self._store.fetch(_SQL.list_versions, limit)]

    async def add(self, text: str, *, after: int, by: str, reason: str) -> int | None:
        """Let a text be live from now on; return its version. None where the live version is not `after` any more."""
        added: int | None = await self._store.fetchval(_SQL.add_version, after, text, by, reason)
        return added
