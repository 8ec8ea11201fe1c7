"""Restoring the three stores from dumps: what has to be there before `pg_restore`, and what has to be right after it."""

import asyncio
from typing import Final, NamedTuple

import asyncpg

from fincore.bootstrap.databases import SETTING_OF_STORE, STORES, Databases, open_stores
from fincore.bootstrap.schemas import require_databases, require_migrated
from fincore.domain.errors import ConfigurationError
from fincore.eventstore.restored import LogFromTheFuture, require_continuing_log, standing_of
from fincore.postgres.migrations import make_service_role
from fincore.postgres.pool import CONNECT_TIMEOUT_SECONDS

_SCHEMAS_THERE: Final = """
select string_agg(nspname, ', ' order by nspname)
from pg_namespace
where nspname in ('eventstore', 'merchants', 'notify', 'queue', 'paymentdb', 'ledgerdb')
"""

_REMEDIES: Final = {
    "projectionist": "run `fincore rebuild paymentdb`",
    "ledger": "run `fincore rebuild ledgerdb`; where that says that what differs is sealed, restore LedgerDB from a dump "
    "that is not younger than the event store's",
    "notify": "restore the event store's dump again: what this consumer applied is in the same dump",
}
"""By consumer: what to do where it has applied what the restored log does not have."""


class RestoreReport(NamedTuple):
    """What was found after a restore: a text for people, and whether FinCore may start."""

    text: str
    is_good: bool


async def prepare_restore(databases: Databases) -> str:
    """Make the services' role on each server, which no dump of a database holds; say what is ready.

    Raises `ConfigurationError` for a database that cannot be used or is not empty.
    """
    await require_databases(databases, writes=True)
    setting_of = {getattr(databases, store): SETTING_OF_STORE[store] for store in reversed(STORES)}
    for dsn, setting in setting_of.items():
        connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_SECONDS)
        try:
            there = await connection.fetchval(_SCHEMAS_THERE)
        finally:
            await connection.close()
        if there:
            raise ConfigurationError(
                f"{setting}: the database holds the schemas {there}: create an empty one and name that"
            )
    for dsn in setting_of:
        await asyncio.to_thread(make_service_role, dsn)
    return "\n".join(f"{setting}: ready for pg_restore" for setting in reversed(setting_of.values()))


async def check_restore(databases: Databases) -> RestoreReport:
    """Whether the server goes on from the restored log, and where each read model stands beside it.

    Raises `ConfigurationError` where a store lacks its schema.
    """
    await require_migrated(databases)
    async with open_stores(databases, application_name="fincore-restore", size_max=2) as stores:
        try:
            await require_continuing_log(stores.eventstore)
        except LogFromTheFuture as error:
            return RestoreReport(str(error), is_good=False)
        lines = ["eventstore: the server goes on from the end of the log"]
        is_good = True
        targets = (
            ("projectionist", "paymentdb", stores.paymentdb),
            ("ledger", "ledgerdb", stores.ledgerdb),
            ("notify", "eventstore", stores.notify),
        )
        for consumer, store, target in targets:
            found = await standing_of(stores.eventstore, target, consumer)
            match found.place:
                case "level":
                    lines.append(f"{store}: {consumer} has applied the whole log")
                case "behind":
                    lines.append(
                        f"{store}: {consumer} is {found.events:,} events behind the log and applies them when it starts"
                    )
                case "ahead":
                    is_good = False
                    lines.append(
                        f"{store}: {consumer} has applied events that the restored log does not have: {_REMEDIES[consumer]}"
                    )
    return RestoreReport("\n".join(lines), is_good)
