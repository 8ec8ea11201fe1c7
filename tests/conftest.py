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
import structlog
from xdist.remote import Producer
from xdist.workermanage import WorkerController

from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operator_stores import OperatorStores, operator_stores
from fincore.bootstrap.schemas import migrate_databases
from fincore.postgres.embedded import EmbeddedPostgres
from fincore.postgres.pool import Pool, create_pool
from fixtures.databases import Administrator, database_copy, prepared_database, with_database
from fixtures.distribution import FileScheduling, begins, collected_from
from fixtures.forking import FORK_SERVER
from fixtures.logs import reset_logs
from fixtures.memory_folder import use_memory_folder
from fixtures.prepared_data import PREPARED_DATA

use_memory_folder()

# An assertion of a model says what it compared, as one of a test does.
pytest.register_assert_rewrite("simulation")

pytest_plugins = ["fixtures.aws_emulator", "fixtures.sandbox"]

SERVER_VARIABLE: Final = "FINCORE_TEST_DSN"
"""Names a PostgreSQL to test against, with the rights of a superuser; without it, tests start one of their own."""

SERVER_SETTINGS: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_wal_size": "256MB",
    # PostgreSQL looks through all of them several times to make a database, and to drop one.
    "shared_buffers": "64MB",
    # It would look through each database of a test that lasts for some seconds.
    "autovacuum": "off",
}
"""Of the embedded server of tests, which need not outlive a power cut."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the files that take longest begin first; where the collection began makes no difference to the order."""
    items.sort(key=lambda item: begins(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FileScheduling | None:
    """Distribute by file as `fixtures.distribution` does, where a run distributes by file."""
    return FileScheduling(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """A command that a test ran in this process set logs up; the tests after it read what is logged without that."""
    if structlog.is_configured():
        reset_logs()


_RUN_FOLDER = pytest.StashKey[Path]()
_RUN_FOLDER_INPUT: Final = "run_folder"


def pytest_configure(config: pytest.Config) -> None:
    """Look for no cycles while the tests are collected: it would take a quarter of that time, and there is little to free.

    The process that pytest was started as makes a folder for what all processes of the run share.
    """
    gc.disable()
    worker = getattr(config, "workerinput", {})
    given = worker.get(_RUN_FOLDER_INPUT)
    folder = Path(given) if given else Path(tempfile.mkdtemp(prefix="fincore-run-"))
    (FORK_SERVER.use if given else FORK_SERVER.own)(folder / "forks")
    PREPARED_DATA.use(folder / "prepared")
    config.stash[_RUN_FOLDER] = folder
    if given and config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        folders = sorted(str(one) for one in Path(__file__).parent.glob("[a-z]*/"))
        process = int(worker["workerid"].removeprefix("gw"))
        config.args = collected_from(folders, process=process, processes=worker["workercount"])


def pytest_configure_node(node: WorkerController) -> None:
    """Tell a process that is to run tests which folder it shares with the others."""
    node.workerinput[_RUN_FOLDER_INPUT] = str(node.config.stash[_RUN_FOLDER])


def pytest_collection_finish() -> None:
    """What was collected stays to the end, and need not be looked through again."""
    gc.freeze()
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the fork server, and remove the folder of the run."""
    if not hasattr(config, "workerinput"):
        FORK_SERVER.stop()
        shutil.rmtree(config.stash[_RUN_FOLDER])


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """The server that FINCORE_TEST_DSN names, or an embedded one, migrated, which need not outlive a power cut."""
    if os.environ.get(SERVER_VARIABLE):
        yield os.environ[SERVER_VARIABLE]
        return
    folder = Path(tempfile.mkdtemp(prefix="fincore-test-"))
    server = EmbeddedPostgres(folder / "data")
    try:
        PREPARED_DATA.copy_to(folder / "data")
        settings = "".join(f"{name} = {value}\n" for name, value in SERVER_SETTINGS.items())
        with (folder / "data" / "pg" / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
            file.write(settings)
        dsn = server.start()
        yield dsn
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_database(postgres_dsn: str) -> Iterator[str]:
    """A migrated database that tests copy, so that each starts clean without migrating again."""
    if os.environ.get(SERVER_VARIABLE):

        async def migrated(dsn: str) -> None:
            await migrate_databases(Databases(eventstore=dsn, paymentdb=dsn, ledgerdb=dsn))

        with prepared_database(postgres_dsn, migrated) as (name, _):
            yield name
        return
    name = "template_fincore"
    # Not from a session of the database that is copied: it must have none.
    with psycopg.connect(with_database(postgres_dsn, "template1"), autocommit=True) as connection:
        connection.execute(f"create database {name} template postgres strategy file_copy".encode())
    yield name


@pytest.fixture(scope="session")
def template_database(migrated_database: str) -> str:
    """What tests copy. A module that needs the same rows for each of its tests overrides it by one that holds them."""
    return migrated_database


@pytest.fixture(scope="session")
def administrator(postgres_dsn: str, migrated_database: str) -> Iterator[Administrator]:
    """The administrator of the server; a session in a database that is copied no more."""
    assert migrated_database
    administrator = Administrator(postgres_dsn)
    yield administrator
    administrator.close()


@pytest.fixture
def dsn(administrator: Administrator, template_database: str) -> Iterator[str]:
    """A fresh database with every schema in it."""
    with database_copy(administrator, template_database) as dsn:
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
