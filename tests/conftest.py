"""What many tests share: a real PostgreSQL, and a fresh, migrated database for each test that asks for one."""

import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import psycopg
import pytest
from xdist.remote import Producer

from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operator_stores import OperatorStores, operator_stores
from fincore.bootstrap.schemas import migrate_databases
from fincore.postgres.embedded import EmbeddedPostgres
from fincore.postgres.pool import Pool, create_pool
from fixtures.databases import database_copy, prepared_database
from fixtures.distribution import FileScheduling, begins
from fixtures.forking import FORK_SERVER
from fixtures.memory_folder import use_memory_folder

use_memory_folder()

# An assertion of a model says what it compared, as one of a test does.
pytest.register_assert_rewrite("simulation")

pytest_plugins = ["fixtures.sandbox"]

SERVER_VARIABLE: Final = "FINCORE_TEST_DSN"
"""Names a PostgreSQL to test against, with the rights of a superuser; without it, tests start one of their own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the files that take longest begin first."""
    items.sort(key=lambda item: begins(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FileScheduling | None:
    """Distribute by file as `fixtures.distribution` does, where a run distributes by file."""
    return FileScheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_configure() -> None:
    """Look for no cycles while the tests are collected: it would take a quarter of that time, and there is little to free."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What was collected stays to the end, and need not be looked through again."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    """End the fork server, if any test needed it."""
    FORK_SERVER.stop()


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """The server that FINCORE_TEST_DSN names, or an embedded one, which need not outlive a power cut."""
    if os.environ.get(SERVER_VARIABLE):
        yield os.environ[SERVER_VARIABLE]
        return
    folder = Path(tempfile.mkdtemp(prefix="fincore-test-"))
    server = EmbeddedPostgres(folder)
    try:
        dsn = server.start()
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("alter system set fsync = off")
            connection.execute("alter system set full_page_writes = off")
            connection.execute("alter system set max_wal_size = '256MB'")
            connection.execute("select pg_reload_conf()")
        yield dsn
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template_database(postgres_dsn: str) -> Iterator[str]:
    """A migrated database that tests copy, so that each starts clean without migrating again.

    A module that needs the same rows for each of its tests overrides it by one that holds them.
    """

    async def migrated(dsn: str) -> None:
        await migrate_databases(Databases(eventstore=dsn, paymentdb=dsn, ledgerdb=dsn))

    with prepared_database(postgres_dsn, migrated) as (name, _):
        yield name


@pytest.fixture
async def dsn(postgres_dsn: str, template_database: str) -> AsyncIterator[str]:
    """A fresh database with every schema in it."""
    async with database_copy(postgres_dsn, template_database) as dsn:
        yield dsn


@pytest.fixture
def databases(dsn: str) -> Databases:
    """The three stores, all in one fresh database."""
    return Databases(eventstore=dsn, paymentdb=dsn, ledgerdb=dsn)


@pytest.fixture
async def operator(databases: Databases) -> AsyncIterator[OperatorStores]:
    """What an operator's command stands on."""
    async with operator_stores(databases) as stores:
        yield stores


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[Pool]:
    """A pool on a fresh database, with the rights of the services and no more."""
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        yield pool
    finally:
        pool.terminate()


@pytest.fixture
async def owner_pool(dsn: str) -> AsyncIterator[Pool]:
    """A pool with the rights of the tables' owner, for tests that tamper."""
    pool = await create_pool(dsn, application_name="tests-owner")
    try:
        yield pool
    finally:
        pool.terminate()
