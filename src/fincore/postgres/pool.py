"""Connections and pools of asyncpg, all with the same stated bounds."""

import asyncio
from typing import Final, TypeAlias

import asyncpg
from asyncpg.pool import PoolAcquireContext, PoolConnectionProxy

from fincore.domain.errors import StoreUnavailable

CONNECT_TIMEOUT_SECONDS: Final = 10.0
COMMAND_TIMEOUT_SECONDS: Final = 30.0
ACQUIRE_TIMEOUT_SECONDS: Final = 10.0
"""How long anybody waits for a connection of a pool that is all in use: then the server counts as away."""
POOL_SIZE_MAX: Final = 8
"""Connections of one pool; a process has one for each store it needs."""
IDLE_CONNECTION_SECONDS_MAX: Final = 300.0
STATEMENTS_PER_CONNECTION_MAX: Final = 50_000
IDLE_IN_TRANSACTION_TIMEOUT_MILLISECONDS: Final = 30_000
"""A writer that stalls inside a transaction holds every reader of the log back: PostgreSQL ends it."""

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

CONNECTION_ERRORS: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # A session that dies while a statement is being sent leaves asyncpg's protocol in a state it did not expect.
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
"""What asyncpg raises when the server is away, starting, stopping or full: try again later."""


def is_connection_loss(error: BaseException) -> bool:
    """Whether an error means that the server could not be reached, so that the same statement may be tried again.

    asyncpg's refusal of a bad argument is also an InterfaceError, but a ValueError too: that one stays an error.
    """
    return isinstance(error, CONNECTION_ERRORS) and not isinstance(error, ValueError)


class _BoundedPool(asyncpg.Pool):
    """asyncpg's pool, in which nobody waits for ever: by itself a wait has a bound only where each caller names one."""

    def acquire(self, *, timeout: float | None = None) -> "PoolAcquireContext[asyncpg.Record]":
        return super().acquire(timeout=ACQUIRE_TIMEOUT_SECONDS if timeout is None else timeout)


def session_settings(*, application_name: str, role: str | None = None) -> dict[str, str]:
    """The server settings of each of our sessions; `role` gives up the owner's rights for those of a service."""
    settings = {
        "application_name": application_name,
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MILLISECONDS),
        "jit": "off",
    }
    if role is not None:
        settings["role"] = role
    return settings


async def create_pool(
    dsn: str,
    *,
    application_name: str,
    role: str | None = None,
    size_max: int = POOL_SIZE_MAX,
    is_lazy: bool = False,
    extra_settings: dict[str, str] | None = None,
) -> Pool:
    """A pool of at most `size_max` connections. Raise `StoreUnavailable` when the server cannot be reached.

    A lazy pool does not try to reach it before it is used.
    """
    try:
        return await _BoundedPool(
            dsn,
            min_size=0 if is_lazy else 1,
            max_size=size_max,
            max_queries=STATEMENTS_PER_CONNECTION_MAX,
            max_inactive_connection_lifetime=IDLE_CONNECTION_SECONDS_MAX,
            connection_class=asyncpg.Connection,
            record_class=asyncpg.Record,
            loop=None,
            timeout=CONNECT_TIMEOUT_SECONDS,
            reset=_keep_session,
            command_timeout=COMMAND_TIMEOUT_SECONDS,
            server_settings=session_settings(application_name=application_name, role=role)
            | (extra_settings or {}),
        )
    except CONNECTION_ERRORS as error:
        raise StoreUnavailable(f"cannot reach PostgreSQL: {error}") from error


async def is_reachable(pool: Pool, *, timeout_seconds: float = 2.0) -> bool:
    """Whether the server answers a trivial statement in time."""
    try:
        async with asyncio.timeout(timeout_seconds):
            return bool(await pool.fetchval("select true"))
    except CONNECTION_ERRORS:
        return False


async def _keep_session(connection: Connection) -> None:
    """Nothing to reset: no session of ours changes settings, locks or listens, and a reset is one more round trip."""
