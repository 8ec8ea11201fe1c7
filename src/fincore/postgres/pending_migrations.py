"""Which migrations a database has not seen.

Every process asks at start, so this loads none of the libraries that apply migrations: they take a quarter of a start.
"""

from collections.abc import Sequence
from importlib.resources import files

import asyncpg

from fincore.domain.errors import ConfigurationError, StoreUnavailable
from fincore.postgres.failures import outage_of
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import CONNECT_TIMEOUT_SECONDS, Connection, Pool

_SQL = load_sql("fincore.postgres", "pending_migrations.sql")


def history_table(package: str) -> str:
    """The table in which yoyo keeps what it applied of a package."""
    return f"_yoyo_{package.replace('.', '_')}"


async def pending(dsn: str, packages: Sequence[str]) -> list[str]:
    """The names of the migrations, of the first package that has any, that the database has not seen. It only reads.

    Raises `StoreUnavailable` when the server cannot be reached, and `ConfigurationError` when it refuses to tell.
    """
    try:
        connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_SECONDS)
        try:
            for package in packages:
                seen = await _applied(connection, history_table(package))
                missing = [name for name in _names(package) if name not in seen]
                if missing:
                    return missing
        finally:
            await connection.close()
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        if outage_of(error) is not None:
            raise StoreUnavailable(f"cannot reach PostgreSQL: {reason}") from error
        if isinstance(error, asyncpg.PostgresError):
            raise ConfigurationError(
                f"the login may not read which migrations were applied ({reason}): run `fincore migrate` with the login "
                "that owns the database"
            ) from error
        raise
    return []


async def applied_of(pool: Pool, package: str) -> tuple[list[str], list[str]]:
    """Which migrations of a package the database of a pool has seen, in order, and which it has not."""
    async with pool.acquire() as connection:
        # Read models have search paths of their own, and migrations are kept where the login's own path begins.
        seen = await _applied(connection, f"public.{history_table(package)}")
    names = _names(package)
    return [name for name in names if name in seen], [name for name in names if name not in seen]


def _names(package: str) -> list[str]:
    return sorted(
        file.name.removesuffix(".sql") for file in files(package).iterdir() if file.name.endswith(".sql")
    )


async def _applied(connection: Connection, history: str) -> set[str]:
    if not await connection.fetchval(_SQL.table_exists, history):
        return set()
    # The name of a table is no parameter; it is made of the name of a package of ours.
    return {row["migration_id"] for row in await connection.fetch(f"select migration_id from {history}")}  # noqa: S608 -- see above
