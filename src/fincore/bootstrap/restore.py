"""Reaching the stores before and after a restore from dumps, when they are not yet as every other task needs them."""

import asyncio

import asyncpg

from fincore.backoffice.restored_stores import ConsumerStanding, standings
from fincore.bootstrap.databases import SETTING_OF_STORE, STORES, Databases, open_stores
from fincore.bootstrap.schemas import require_databases, require_migrated
from fincore.domain.errors import ConfigurationError
from fincore.eventstore.restored import require_continuing_log
from fincore.postgres.migrations import make_service_role
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import CONNECT_TIMEOUT_SECONDS

_SQL = load_sql("fincore.bootstrap", "restore.sql")


async def prepare_databases(databases: Databases) -> list[str]:
    """Make the services' role on each server, which no dump of a database holds; return the settings that are ready.

    Raises `ConfigurationError` for a database that cannot be used or is not empty.
    """
    await require_databases(databases, writes=True)
    setting_of = {getattr(databases, store): SETTING_OF_STORE[store] for store in reversed(STORES)}
    for dsn, setting in setting_of.items():
        connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_SECONDS)
        try:
            there = await connection.fetchval(_SQL.schemas_there)
        finally:
            await connection.close()
        if there:
            raise ConfigurationError(
                f"{setting}: the database holds the schemas {there}: create an empty one and name that"
            )
    for dsn in setting_of:
        await asyncio.to_thread(make_service_role, dsn)
    return list(reversed(setting_of.values()))


async def standings_after_restore(databases: Databases) -> list[ConsumerStanding]:
    """Where each consumer stands beside the restored log.

    Raises `ConfigurationError` where a store lacks its schema, and `LogFromTheFuture` where the server does not go on from
    the log.
    """
    await require_migrated(databases)
    async with open_stores(databases, application_name="fincore-restore", size_max=2) as stores:
        await require_continuing_log(stores.eventstore)
        return await standings(
            stores.eventstore,
            {
                "projectionist": ("paymentdb", stores.paymentdb),
                "ledger": ("ledgerdb", stores.ledgerdb),
                "notify": ("eventstore", stores.notify),
                "risk": ("eventstore", stores.risk),
            },
        )
