"""Whether a server and a database are such that FinCore can use them: asked once at start, answered in one sentence."""

from typing import Final, NamedTuple

import asyncpg

from fincore.domain.errors import ConfigurationError, StoreUnavailable
from fincore.postgres.failures import OUTAGES, outage_of
from fincore.postgres.pool import CONNECT_TIMEOUT_SECONDS

POSTGRESQL_MIN: Final = 15
"""The least major version: 14 has no `max` of transaction ids, and the PostgreSQL project no longer supports it."""

_INSPECT: Final = """
select
    current_setting('server_version_num')::integer as version_number,
    current_setting('server_version') as version,
    current_setting('server_encoding') as encoding,
    current_schema() as schema,
    current_setting('search_path') as search_path,
    current_setting('transaction_read_only')::boolean as is_read_only
"""


class Server(NamedTuple):
    """A server and one of its databases. `schema`: the first of the search path that exists, where tables are made."""

    version_number: int
    version: str
    encoding: str
    schema: str | None
    search_path: str
    is_read_only: bool


def flaw_of(server: Server, *, writes: bool) -> str | None:
    """Why FinCore cannot use a server, and what to do; None where it can. `writes`: it must take changes now."""
    if server.version_number < POSTGRESQL_MIN * 10_000:
        return (
            f"the server is PostgreSQL {server.version}: use version {POSTGRESQL_MIN} or later, "
            "or leave the setting empty for the embedded PostgreSQL"
        )
    if server.encoding != "UTF8":
        return (
            f"the database is encoded in {server.encoding}: create one with "
            "`create database fincore encoding 'UTF8' template template0` and name that"
        )
    if server.schema is None:
        return (
            f"no schema of the search_path ({server.search_path}) exists in the database: run "
            "`create schema public`, or reset the search_path of the login"
        )
    if writes and server.is_read_only:
        return "the server is read-only, as a standby is: name the one that takes changes, or wait for the fail-over"
    return None


async def inspect(dsn: str) -> Server:
    """What a server says of itself. Raises what asyncpg raises."""
    connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_SECONDS)
    try:
        row = await connection.fetchrow(_INSPECT)
    finally:
        await connection.close()
    if row is None:
        raise LookupError("a select without a from gives one row")
    return Server(**dict(row))


async def require_usable(dsn: str, *, setting: str, writes: bool = False) -> None:
    """Raise `ConfigurationError` or `StoreUnavailable`, which name the setting, unless FinCore can use the database."""
    try:
        server = await inspect(dsn)
    except ValueError:
        # The text may quote a part of the DSN, which holds a password.
        raise ConfigurationError(
            f"{setting} cannot be read as a postgresql:// URL: write `/`, `@`, `:` and `#` of a password as %2F, %40, "
            "%3A and %23"
        ) from None
    except Exception as error:
        outage = outage_of(error)
        if outage == "configuration":
            raise ConfigurationError(f"{setting}: {OUTAGES[outage]} ({_first_line(error)})") from error
        if outage is not None:
            raise StoreUnavailable(f"cannot reach PostgreSQL by {setting}: {_first_line(error)}") from error
        if isinstance(error, asyncpg.PostgresError):
            raise ConfigurationError(
                f"{setting}: the server refuses the session ({_first_line(error)})"
            ) from error
        raise
    flaw = flaw_of(server, writes=writes)
    if flaw is not None:
        raise ConfigurationError(f"{setting}: {flaw}")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
