"""A PostgreSQL of the benchmark's own in a temporary folder, with a fresh database for each measurement."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

from fincore.bootstrap.databases import Databases
from fincore.bootstrap.schemas import migrate_databases
from fincore.postgres.embedded import EmbeddedPostgres


class Store:
    """The server: its process, its folder, and databases with every schema of the product in them."""

    def __init__(self, folder: Path, dsn: str) -> None:
        self.folder = folder
        self._dsn = dsn

    @property
    def pid(self) -> int:
        """The parent process of the server's sessions."""
        return int((self.folder / "pg" / "postmaster.pid").read_text(encoding="ascii").partition("\n")[0])

    def fresh_database(self) -> str:
        """The DSN of a new, migrated database."""
        name = f"bench_{uuid4().hex}"
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute(f"create database {name}")
        dsn = self._dsn.replace("/postgres?", f"/{name}?")
        asyncio.run(migrate_databases(Databases(eventstore=dsn, paymentdb=dsn, ledgerdb=dsn)))
        return dsn

    def emptied_view(self, dsn: str) -> str:
        """The same database with its view at the beginning of the log again."""
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(
                "truncate paymentdb.charges, paymentdb.refunds, paymentdb.disputes, paymentdb.events, "
                "paymentdb.checkpoints"
            )
        return dsn


@contextmanager
def temporary_store() -> Iterator[Store]:
    """An embedded PostgreSQL, tuned as the product tunes it, that is gone afterwards with its files."""
    folder = Path(tempfile.mkdtemp(prefix="fincore-bench-"))
    server = EmbeddedPostgres(folder)
    try:
        yield Store(folder, server.start())
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
