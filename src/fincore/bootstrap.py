"""The composition root: settings in, running objects out. The only module that knows everyone."""

import asyncio
from typing import Final

import msgspec

from fincore.postgres.migrations import migrate
from fincore.write.queue.pgqueuer_schema import install_queue


class Databases(msgspec.Struct, frozen=True, kw_only=True):
    """Where each of the three stores lives, as DSNs; they may be one database or three servers."""

    eventstore: str
    paymentdb: str
    ledgerdb: str


SCHEMAS: Final = (
    ("eventstore", "fincore.eventstore.schema"),
    ("eventstore", "fincore.write.merchants.schema"),
    ("paymentdb", "fincore.read.paymentdb.schema"),
)
"""Which package of migrations goes to which database, in order."""


async def migrate_databases(databases: Databases) -> list[str]:
    """Bring every schema up to date; return the names of the migrations applied."""
    applied: list[str] = []
    for database, package in SCHEMAS:
        applied += await asyncio.to_thread(migrate, getattr(databases, database), package)
    # Jobs are written in the transactions of the log, so they live in its database.
    applied += await install_queue(databases.eventstore)
    return applied
