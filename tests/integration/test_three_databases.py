"""The three stores may be three databases: each gets its own schema and nothing else, and everything still agrees."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import asyncpg
import psycopg
import pytest

from fincore.audit.invariants import check_all
from fincore.backoffice.charge_history import ChargeNotFound, charge_history
from fincore.backoffice.merchants import list_keys
from fincore.backoffice.unknown_outcomes import NotResolved, list_unknown, resolve_charge
from fincore.bootstrap.databases import Databases, open_stores
from fincore.bootstrap.operator_stores import operator_stores
from fincore.bootstrap.roles import STORES_OF_ROLE
from fincore.bootstrap.schemas import migrate_databases, require_migrated
from fincore.domain.errors import ConfigurationError, StoreUnavailable
from fincore.domain.events import CHARGE_EVENTS
from fincore.domain.ids import new_charge_id
from fincore.domain.resolution import Resolution
from fincore.eventstore.log import EventLog
from fincore.notify.failing_endpoints import FailingEndpoints
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledger.suspense import open_suspense
from fincore.read.ledgerdb.queries import LedgerQueries
from fincore.read.ledgerdb.verification import verify
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.databases import with_database
from fixtures.traffic import fates, follow, live, running_writer


@pytest.fixture(scope="module")
def empty(postgres_dsn: str) -> Iterator[Databases]:
    """Three databases with nothing in them, which no test changes."""
    with three_databases(postgres_dsn) as databases:
        yield databases


@pytest.fixture(scope="module")
def apart(postgres_dsn: str) -> Iterator[Databases]:
    """Three databases, migrated once for all tests."""
    with three_databases(postgres_dsn) as databases:
        assert asyncio.run(migrate_databases(databases)) != []
        yield databases


@contextmanager
def three_databases(server_dsn: str) -> Iterator[Databases]:
    """New ones, which are dropped at the end."""
    names = [f"apart_{store}_{uuid4().hex}" for store in ("log", "views", "books")]
    # No session stays open: the database that it is in is copied for other tests.
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        for name in names:
            connection.execute(f"create database {name}".encode())
    log, views, books = (with_database(server_dsn, name) for name in names)
    yield Databases(eventstore=log, paymentdb=views, ledgerdb=books)
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        for name in names:
            connection.execute(f"drop database {name} with (force)".encode())


async def schemas_in(dsn: str) -> set[str]:
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch(
        "select nspname from pg_namespace where nspname !~ '^pg_' and nspname not in ('public', 'information_schema')"
    )
    await connection.close()
    return {row["nspname"] for row in rows}


async def test_each_store_has_own_schema_and_invariants_hold(apart: Databases) -> None:
    assert await schemas_in(apart.eventstore) == {
        "audit",
        "eventstore",
        "merchants",
        "notify",
        "pages",
        "queue",
        "relay",
        "risk",
        "routing",
        "staff",
        "vault",
    }
    assert await schemas_in(apart.paymentdb) == {"paymentdb"}
    assert await schemas_in(apart.ledgerdb) == {"ledgerdb", "reconciliation"}
    async with open_stores(apart, application_name="tests-apart") as stores:
        log = EventLog(stores.eventstore, CHARGE_EVENTS)
        async with running_writer(stores.eventstore) as writer:
            await live(writer, fates())
        assert await follow(log, stores.paymentdb, Projectionist()) > 0
        assert await follow(log, stores.ledgerdb, LedgerService()) > 0
        rows = await LedgerQueries(stores.ledgerdb).trial_balance(livemode=False)
        assert sum(row.debit_minor for row in rows) == sum(row.credit_minor for row in rows) == 3 * 1000 + 999
        assert [result.invariant.name for result in await check_all(stores) if not result.holds] == []


async def test_second_migration_applies_nothing(apart: Databases) -> None:
    assert await migrate_databases(apart) == []
    await require_migrated(apart)


async def test_a_store_that_was_not_migrated_is_named(empty: Databases) -> None:
    with pytest.raises(ConfigurationError, match=r"the eventstore database lacks .*fincore migrate"):
        await require_migrated(empty)


async def test_a_role_starts_while_a_store_it_does_not_need_is_away(apart: Databases) -> None:
    away = Databases(
        eventstore=apart.eventstore, paymentdb=apart.paymentdb, ledgerdb="postgresql://127.0.0.1:1/nobody"
    )
    await require_migrated(away, STORES_OF_ROLE["api"])
    async with open_stores(away, application_name="tests-away", needed=STORES_OF_ROLE["api"]) as stores:
        assert await stores.eventstore.fetchval("select true")
        with pytest.raises(OSError, match=r"refused|111"):
            await stores.ledgerdb.fetchval("select true")
    with pytest.raises(StoreUnavailable):
        async with open_stores(away, application_name="tests-away", needed=STORES_OF_ROLE["ledger"]):
            pass


async def test_operator_commands_need_only_their_own_store(databases: Databases) -> None:
    away = "postgresql://postgres@127.0.0.1:9/postgres"
    log_alone = Databases(eventstore=databases.eventstore, paymentdb=away, ledgerdb=away)
    async with operator_stores(log_alone, "eventstore") as stores:
        merchant_id = await stores.merchants.create_merchant("Corner Shop")
        assert await list_keys(stores.merchants, merchant_id) == []
        assert await stores.jobs.held(limit=1) == []
        assert await FailingEndpoints(stores.notify).given_up(limit=1) == []
        with pytest.raises(ChargeNotFound):
            await charge_history(stores.log, new_charge_id())
        with pytest.raises(NotResolved, match="the log has no such charge"):
            await resolve_charge(
                stores.resolver,
                new_charge_id(),
                "failed",
                Resolution(decided_by="ada", reason="The dashboard has none."),
            )
    without_books = Databases(eventstore=databases.eventstore, paymentdb=databases.paymentdb, ledgerdb=away)
    async with operator_stores(without_books, "eventstore", "paymentdb") as stores:
        assert await list_unknown(stores.paymentdb, stores.jobs, limit=1) == []
    books_alone = Databases(eventstore=away, paymentdb=away, ledgerdb=databases.ledgerdb)
    async with operator_stores(books_alone, "ledgerdb") as stores:
        assert await open_suspense(stores.ledgerdb) == []
        assert (await verify(stores.ledgerdb, all_findings=False, expected={})).holds
    with pytest.raises(StoreUnavailable):
        async with operator_stores(books_alone):
            pass
