"""Connections and pools of asyncpg, all with the same stated bounds."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Literal, TypeAlias

import asyncpg
from asyncpg.pool import PoolAcquireContext, PoolConnectionProxy

from fincore.domain.errors import StoreUnavailable
from fincore.postgres.array_types import tell_array_types
from fincore.postgres.failures import OUTAGES, meaning_of, outage_of

CONNECT_TIMEOUT_SECONDS: Final = 10.0
COMMAND_TIMEOUT_SECONDS: Final = 30.0
ACQUIRE_TIMEOUT_SECONDS: Final = 10.0
"""How long a caller waits for a connection of a pool that is all in use: then the server counts as unavailable."""
POOL_SIZE_MAX: Final = 8
"""Connections of one pool; a process has one for each store it needs."""
IDLE_CONNECTION_SECONDS_MAX: Final = 300.0
STATEMENTS_PER_CONNECTION_MAX: Final = 50_000
PROBE_TIMEOUT_SECONDS: Final = 2.0
IDLE_IN_TRANSACTION_TIMEOUT_MILLISECONDS: Final = 30_000
"""A writer that stalls inside a transaction holds every reader of the log back: PostgreSQL ends it."""

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Statements: TypeAlias = "Pool | Connection"
"""Where a store's statements run: each by itself on a connection of a pool, or all in the transaction of one connection."""

StoreState = Literal["ok", "read_only", "unavailable"]
"""What a probe finds: a server that serves, one that only reads, or none that answers in time."""

_IS_READ_ONLY: Final = "select current_setting('transaction_read_only')::boolean"
"""True on a standby, and where `default_transaction_read_only` is set."""


class _Lease(PoolAcquireContext):
    """A connection for the time of a block. Where it turns out to be read-only, the pool replaces all that it has.

    After a fail-over the server of such sessions may stay read-only for ever, while new sessions find one that writes.
    """

    async def __aexit__(self, *raised: object) -> None:
        if any(isinstance(one, BaseException) and meaning_of(one) == "read_only" for one in raised):
            await self.pool.expire_connections()
        await super().__aexit__(*raised)


class _BoundedPool(asyncpg.Pool):
    """asyncpg's pool with a bound on each wait: by itself a wait has a bound only if the caller names one."""

    def acquire(self, *, timeout: float | None = None) -> "PoolAcquireContext[asyncpg.Record]":
        return _Lease(self, ACQUIRE_TIMEOUT_SECONDS if timeout is None else timeout)


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
    pool = await _BoundedPool(
        dsn,
        # asyncpg restores a minimum in the background, so also with sessions of a server that is read-only for now.
        min_size=0,
        max_size=size_max,
        max_queries=STATEMENTS_PER_CONNECTION_MAX,
        max_inactive_connection_lifetime=IDLE_CONNECTION_SECONDS_MAX,
        connection_class=asyncpg.Connection,
        record_class=asyncpg.Record,
        loop=None,
        timeout=CONNECT_TIMEOUT_SECONDS,
        init=tell_array_types,
        reset=_keep_session,
        command_timeout=COMMAND_TIMEOUT_SECONDS,
        server_settings=session_settings(application_name=application_name, role=role)
        | (extra_settings or {}),
    )
    try:
        if not is_lazy:
            await pool.fetchval(_IS_READ_ONLY)
    except Exception as error:
        pool.terminate()
        outage = outage_of(error)
        if outage is None:
            raise
        raise StoreUnavailable(f"{OUTAGES[outage]}: {error}") from error
    return pool


@asynccontextmanager
async def transaction_on(store: Statements) -> AsyncIterator[Connection]:
    """A transaction of its own on a pool; within a transaction a part of it, which can fail alone."""
    if isinstance(store, asyncpg.Pool):
        async with store.acquire() as connection, connection.transaction():
            yield connection
    else:
        async with store.transaction():
            yield store


async def store_state(
    pool: Pool, *, writes: bool = True, timeout_seconds: float = PROBE_TIMEOUT_SECONDS
) -> StoreState:
    """Whether the server answers in time and, where it must take what we write, whether it does.

    Where it does not, the pool replaces its sessions: the next ones may find another server.
    """
    try:
        async with asyncio.timeout(timeout_seconds), pool.acquire() as connection:
            if await connection.fetchval(_IS_READ_ONLY) and writes:
                await pool.expire_connections()
                return "read_only"
    except Exception as error:
        if outage_of(error) is None:
            raise
        return "unavailable"
    return "ok"


async def certificate_ends_at(pool: Pool, *, timeout_seconds: float = PROBE_TIMEOUT_SECONDS) -> float | None:
    """When the server's certificate ends, in seconds since 1970; None where none is checked, or no connection is free in time."""
    try:
        async with asyncio.timeout(timeout_seconds), pool.acquire() as connection:
            # asyncpg has no public name for it.
            tls: ssl.SSLObject | None = connection._transport.get_extra_info("ssl_object")  # type: ignore[attr-defined] # noqa: SLF001
    except Exception as error:
        if outage_of(error) is None:
            raise
        return None
    # Empty where the DSN has the certificate not checked: then its end does no harm.
    certificate = tls.getpeercert() if tls is not None else None
    return ssl.cert_time_to_seconds(str(certificate["notAfter"])) if certificate else None


async def _keep_session(connection: Connection) -> None:
    """Nothing to reset: no session of ours changes settings, locks or listens, and a reset is one more round trip."""
