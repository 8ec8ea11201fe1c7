"""The throttle of logins, in the database, so that no restart forgets it: by account and by address.

An attempt is counted before the password is looked at, so that many at once are no way around it.
"""

from hashlib import sha256
from typing import Final, NamedTuple

from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.write.staff", "login_attempts.sql")


class Throttle(NamedTuple):
    """So many attempts are free; after that each makes the next one wait, twice as long as the one before, up to a bound.

    What was not tried for `forgotten_seconds` begins anew.
    """

    free: int
    first_wait_seconds: float
    wait_seconds_max: float
    forgotten_seconds: float


ACCOUNT: Final = Throttle(free=5, first_wait_seconds=5, wait_seconds_max=900, forgotten_seconds=86_400)
ADDRESS: Final = Throttle(free=30, first_wait_seconds=5, wait_seconds_max=900, forgotten_seconds=3_600)


class LoginAttempts:
    """Counts attempts to log in."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(self, account: str, address: str) -> float:
        """Count an attempt on an account from an address; how many seconds to wait before the next, 0 where it may be made now.

        The address comes first: one that must wait adds nothing to what is counted of accounts, so that it can lock none.
        """
        for kind, key, throttle in (("address", address, ADDRESS), ("account", account, ACCOUNT)):
            wait_seconds: float = await self._pool.fetchval(
                _SQL.begin_attempt, kind, _hash(key), *map(float, throttle)
            )
            if wait_seconds > 0:
                return wait_seconds
        return 0.0

    async def forget(self, account: str) -> None:
        """Forget the attempts on an account: its person logged in, or was given another password."""
        await self._pool.execute(_SQL.forget_attempts, _hash(account))

    async def purge(self) -> None:
        """Delete what is too old to count."""
        await self._pool.execute(_SQL.purge_attempts, ACCOUNT.forgotten_seconds)


def _hash(key: str) -> bytes:
    return sha256(key.encode()).digest()
