"""Which schema goes to which store, and bringing them up to date."""

import asyncio
from collections.abc import Collection
from typing import Final

from fincore.bootstrap.databases import SERVICE_ROLE, STORES, Databases
from fincore.domain.errors import ConfigurationError
from fincore.postgres.migrations import migrate, pending

SCHEMAS: Final = (
    ("eventstore", "fincore.postgres.schema"),
    ("eventstore", "fincore.eventstore.schema"),
    ("eventstore", "fincore.write.merchants.schema"),
    ("eventstore", "fincore.notify.schema"),
    ("paymentdb", "fincore.postgres.schema"),
    ("paymentdb", "fincore.read.paymentdb.schema"),
    ("ledgerdb", "fincore.postgres.schema"),
    ("ledgerdb", "fincore.read.ledgerdb.schema"),
)
"""Which package of migrations goes to which database, in order."""


async def migrate_databases(databases: Databases) -> list[str]:
    """Bring every schema up to date; return the names of the migrations applied."""
    applied: list[str] = []
    for database, package in SCHEMAS:
        applied += await asyncio.to_thread(
            migrate, getattr(databases, database), package, readable_by=SERVICE_ROLE
        )
    from fincore.write.queue.pgqueuer_schema import install_queue

    # Jobs are written in the transactions of the log, so they live in its database.
    applied += await install_queue(databases.eventstore)
    return applied


async def require_migrated(databases: Databases, needed: Collection[str] = STORES) -> None:
    """Raise `ConfigurationError` when a schema of a store that is needed is older than this version of FinCore."""
    for database, package in SCHEMAS:
        if database not in needed:
            continue
        missing = await asyncio.to_thread(pending, getattr(databases, database), package)
        if missing:
            raise ConfigurationError(
                f"the {database} database lacks {', '.join(missing)}: run `fincore migrate`"
            )
