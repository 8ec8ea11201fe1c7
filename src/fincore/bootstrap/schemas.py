"""Which schema goes to which store, and bringing them up to date."""

import asyncio
from collections.abc import Collection
from typing import Final, NamedTuple

from fincore.bootstrap.databases import SERVICE_ROLE, SETTING_OF_STORE, STORES, Databases
from fincore.domain.errors import ConfigurationError
from fincore.postgres.pending_migrations import pending
from fincore.postgres.server import require_usable

SCHEMAS: Final = (
    ("eventstore", "fincore.postgres.schema"),
    ("eventstore", "fincore.eventstore.schema"),
    ("eventstore", "fincore.write.merchants.schema"),
    ("eventstore", "fincore.write.routing.schema"),
    ("eventstore", "fincore.write.risk.schema"),
    ("eventstore", "fincore.write.pages.schema"),
    ("eventstore", "fincore.write.vault.schema"),
    ("eventstore", "fincore.notify.schema"),
    ("eventstore", "fincore.relay.schema"),
    ("eventstore", "fincore.audit.schema"),
    ("eventstore", "fincore.write.staff.schema"),
    ("paymentdb", "fincore.postgres.schema"),
    ("paymentdb", "fincore.read.paymentdb.schema"),
    ("ledgerdb", "fincore.postgres.schema"),
    ("ledgerdb", "fincore.read.ledgerdb.schema"),
    ("ledgerdb", "fincore.reconciliation.schema"),
)
"""Which package of migrations goes to which database, in order."""


class Applied(NamedTuple):
    """A migration that was applied, and to which store's database."""

    store: str
    name: str


async def migrate_databases(databases: Databases) -> list[Applied]:
    """Bring every schema up to date; return the migrations applied. Raises `ConfigurationError`, `MigrationFailed`."""
    from fincore.postgres.migrations import migrate

    await require_databases(databases, writes=True)
    applied: list[Applied] = []
    for store, package in SCHEMAS:
        names = await asyncio.to_thread(migrate, getattr(databases, store), package, readable_by=SERVICE_ROLE)
        applied += [Applied(store, name) for name in names]
    from fincore.write.queue.pgqueuer_schema import install_queue

    # Jobs are written in the transactions of the log, so they live in its database.
    applied += [Applied("eventstore", name) for name in await install_queue(databases.eventstore)]
    return applied


async def require_databases(
    databases: Databases, needed: Collection[str] = STORES, *, writes: bool = False
) -> None:
    """Raise `ConfigurationError` or `StoreUnavailable` unless FinCore can use the databases of the stores needed.

    `writes`: they must take changes now.
    """
    setting_of = {
        getattr(databases, store): SETTING_OF_STORE[store] for store in reversed(STORES) if store in needed
    }
    for dsn, setting in setting_of.items():
        await require_usable(dsn, setting=setting, writes=writes)


async def require_migrated(databases: Databases, needed: Collection[str] = STORES) -> None:
    """Raise `ConfigurationError` when a store that is needed cannot be used, or is older than this version of FinCore."""
    await require_databases(databases, needed)
    for store in STORES:
        if store not in needed:
            continue
        missing = await pending(
            getattr(databases, store), [package for place, package in SCHEMAS if place == store]
        )
        if missing:
            raise ConfigurationError(
                f"the {store} database lacks {', '.join(missing)}: run `fincore migrate`"
            )
