"""The state of breakers that all processes share: small rows in PostgreSQL, changed only by its own clock."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from fincore.domain.outcome import PspAccount, PspName
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.write.routing.breaker import BreakerPolicy, BreakerState, Condition, Counts, RollingCounts

IDLE_FOR: Final = timedelta(hours=1)
"""How long after its wait a breaker that no call asks for is closed. Until then one call tries the account first."""

_SQL = load_sql("fincore.write.routing", "breaker_store.sql")


class AccountKey(NamedTuple):
    """An account at a PSP."""

    psp: PspName
    account: PspAccount


class SharedBreaker(msgspec.Struct, frozen=True, kw_only=True):
    """One breaker as the database has it. `seconds_left` until its wait or the time for its probe is over.

    `counts` are those of the window; `changed_at` is None for a breaker that has never opened.
    """

    state: BreakerState
    seconds_left: float
    waits: int
    openings: int
    reason: str
    changed_at: datetime | None
    counts: Counts


NOTHING_KNOWN: Final = SharedBreaker(
    state="closed", seconds_left=0.0, waits=0, openings=0, reason="", changed_at=None, counts=Counts()
)
"""Of an account that was not called lately, and has no breaker with a state."""


class BreakerStore:
    """Reads and moves breakers. Each move returns whether it was this process that made it."""

    def __init__(self, pool: Pool, policy: BreakerPolicy) -> None:
        self._pool = pool
        self._window = timedelta(seconds=policy.window_seconds)
        self._longest_wait_seconds = policy.longest_wait_seconds

    async def add(self, seen: Mapping[AccountKey, Counts]) -> None:
        """Add what this process has seen."""
        await self._pool.execute(
            _SQL.add_counts,
            [key.psp for key in seen],
            [key.account for key in seen],
            [counts.available for counts in seen.values()],
            [counts.unavailable for counts in seen.values()],
            self._window / RollingCounts.BUCKETS,
        )
        await self._pool.execute(_SQL.drop_old_counts, self._window)

    async def read(self) -> dict[AccountKey, SharedBreaker]:
        """Every breaker that has a state or counts."""
        return {
            AccountKey(row["psp"], row["account"]): SharedBreaker(
                state=row["state"],
                seconds_left=row["seconds_left"],
                waits=row["waits"],
                openings=row["openings"],
                reason=row["reason"],
                changed_at=row["changed_at"],
                counts=Counts(row["available"], row["unavailable"]),
            )
            for row in await self._pool.fetch(
                _SQL.read_breakers, self._window, self._longest_wait_seconds, IDLE_FOR
            )
        }

    async def open(self, key: AccountKey, wait_seconds: float, reason: str) -> bool:
        """Open a closed breaker."""
        return bool(await self._pool.fetchval(_SQL.open_breaker, *key, wait_seconds, reason, IDLE_FOR))

    async def claim_probe(self, key: AccountKey, probe_seconds: float) -> bool:
        """Claim the right to try the account once."""
        arguments = (*key, probe_seconds, self._longest_wait_seconds)
        return bool(await self._pool.fetchval(_SQL.claim_probe, *arguments))

    async def close(self, key: AccountKey) -> bool:
        """Close a half-open breaker."""
        return bool(await self._pool.fetchval(_SQL.close_breaker, *key))

    async def reopen(self, key: AccountKey, wait_seconds: float, condition: Condition) -> bool:
        """Open a half-open breaker again."""
        arguments = (*key, wait_seconds, condition.waits, condition.reason)
        return bool(await self._pool.fetchval(_SQL.reopen_breaker, *arguments))
