"""A database that FinCore cannot use is refused at start in one sentence that names the setting."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from fincore.bootstrap.databases import Databases
from fincore.bootstrap.schemas import migrate_databases, require_migrated
from fincore.domain.errors import ConfigurationError, FinCoreError, StoreUnavailable
from fincore.postgres import server as server_module
from fincore.postgres.migrations import MigrationFailed
from fincore.postgres.pool import Connection


@pytest.fixture
async def session(postgres_dsn: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(postgres_dsn)
    yield connection
    await connection.close()


@pytest.fixture
async def name(session: Connection) -> AsyncIterator[str]:
    """A name for a database of the test's own."""
    name = f"start_{uuid4().hex}"
    yield name
    await session.execute(f"drop database if exists {name} with (force)")


def all_in(dsn: str) -> Databases:
    return Databases(eventstore=dsn, paymentdb=dsn, ledgerdb=dsn)


async def refused(databases: Databases, kind: type[FinCoreError], names: str) -> str:
    """What `migrate` and a start say, which is the same one sentence."""
    told = []
    for act in (migrate_databases, require_migrated):
        with pytest.raises(kind, match=names) as error:
            await act(databases)
        assert "\n" not in str(error.value)
        told.append(str(error.value))
    assert told[0] == told[1]
    return told[0]


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
async def test_other_encoding_is_refused_at_start(
    session: Connection, postgres_dsn: str, name: str, encoding: str
) -> None:
    await session.execute(f"create database {name} encoding '{encoding}' locale 'C' template template0")
    dsn = postgres_dsn.replace("/postgres?", f"/{name}?")
    assert (await refused(all_in(dsn), ConfigurationError, encoding)).startswith("FINCORE_EVENTSTORE_DSN: ")


async def test_search_path_without_schema_is_refused_at_start(
    session: Connection, postgres_dsn: str, name: str
) -> None:
    await session.execute(f"create database {name}")
    await session.execute(f"alter database {name} set search_path = nowhere")
    dsn = postgres_dsn.replace("/postgres?", f"/{name}?")
    await refused(all_in(dsn), ConfigurationError, r"search_path \(nowhere\)")


async def test_older_server_is_refused_at_start(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The only server here is as good as too old once more is asked of it."""
    monkeypatch.setattr(server_module, "POSTGRESQL_MIN", 99)
    await refused(all_in(postgres_dsn), ConfigurationError, "version 99 or later")


async def test_wrong_database_names_the_setting_of_its_store(dsn: str, postgres_dsn: str) -> None:
    away = postgres_dsn.replace("/postgres?", "/no_such?")
    databases = Databases(eventstore=dsn, paymentdb=dsn, ledgerdb=away)
    assert (await refused(databases, ConfigurationError, "no such database")).startswith(
        "FINCORE_LEDGERDB_DSN: "
    )
    # A role that does not need the store starts.
    await require_migrated(databases, ("eventstore", "paymentdb"))


async def test_server_that_is_away_names_the_setting() -> None:
    away = "postgresql://fincore:alone@127.0.0.1:9/fincore"
    told = await refused(all_in(away), StoreUnavailable, "cannot reach PostgreSQL by FINCORE_EVENTSTORE_DSN")
    assert "alone" not in told


async def test_unreadable_dsn_is_refused_without_its_password() -> None:
    told = await refused(
        all_in("postgresql://fincore:alone/xyz@127.0.0.1/fincore"), ConfigurationError, "cannot be read"
    )
    assert "alone" not in told
    assert "xyz" not in told


async def test_migrate_on_a_read_only_server_is_one_sentence(dsn: str) -> None:
    with pytest.raises(ConfigurationError, match="read-only"):
        await migrate_databases(all_in(f"{dsn}&options=-c%20default_transaction_read_only%3Don"))


async def test_login_that_may_not_migrate_is_one_sentence(
    session: Connection, postgres_dsn: str, name: str
) -> None:
    await session.execute(f"create role {name} login")
    await session.execute(f"create database {name}")
    dsn = postgres_dsn.replace("postgres:@/postgres?", f"{name}:@/{name}?")
    try:
        with pytest.raises(MigrationFailed, match=r"createrole or the role fincore_service") as error:
            await migrate_databases(all_in(dsn))
        assert "\n" not in str(error.value)
    finally:
        await session.execute(f"drop database {name} with (force)")
        await session.execute(f"drop role {name}")


async def test_login_without_rights_is_told_who_may_migrate(session: Connection, dsn: str, name: str) -> None:
    await session.execute(f"create role {name} login")
    try:
        with pytest.raises(ConfigurationError, match=r"permission denied .* `fincore migrate`") as error:
            await require_migrated(all_in(dsn.replace("postgres:@/", f"{name}:@/")))
        assert "\n" not in str(error.value)
    finally:
        await session.execute(f"drop role {name}")
