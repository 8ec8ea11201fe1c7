"""Applies a package's schema: plain, forward-only .sql files, in the order of their names.

yoyo keeps the list of what is applied in the database itself. Several processes may start at once: they take turns by
an advisory lock, which PostgreSQL itself lets go when the process that holds it dies.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql
from yoyo import get_backend, read_migrations
from yoyo.backends import DatabaseBackend
from yoyo.migrations import MigrationList

from fincore.domain.errors import FinCoreError, StoreUnavailable
from fincore.postgres.failures import meaning_of_sqlstate
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pending_migrations import history_table

logging.getLogger("yoyo").setLevel(logging.WARNING)
_SQL = load_sql("fincore.postgres", "service_role.sql")

_ADVISORY_LOCK: Final = 0x66696E636F7265
"""Which advisory lock migrations take; the number spells `fincore`."""


SERVICE_ROLE_PACKAGE: Final = "fincore.postgres.schema"
"""The package with the one migration that makes the services' role. It is recorded without being run: its words need PostgreSQL
16, and `make_service_role` does the same on every version."""


class MigrationFailed(FinCoreError):
    """PostgreSQL refused a migration; the message says why. What was applied before it stays."""


def make_service_role(dsn: str) -> None:
    """Make the role of the services where it is missing, and let the login take it on.

    Raises `MigrationFailed` where the login may not, and `StoreUnavailable`.
    """
    with _reaching("the role fincore_service"), psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_SQL.make_service_role.encode())
        connection.execute(_SQL.grant_service_role.encode())


def migrate(dsn: str, package: str, *, readable_by: str) -> list[str]:
    """Apply what is not applied yet of the .sql files in a package; return the names of those applied now.

    The role `readable_by`, which a migration creates, may then read what was applied. Raises `StoreUnavailable` when
    the server cannot be reached, and `MigrationFailed`.
    """
    with _reaching(package), _turn(dsn) as connection, _opened(dsn, package) as (backend, migrations):
        waiting = backend.to_apply(migrations)
        names = [migration.id for migration in waiting]
        if package == SERVICE_ROLE_PACKAGE:
            make_service_role(dsn)
            backend.mark_migrations(waiting)
        else:
            backend.apply_migrations(waiting)
        grant = sql.SQL("grant select on {} to {}")
        connection.execute(grant.format(sql.Identifier(history_table(package)), sql.Identifier(readable_by)))
    return names


@contextmanager
def _reaching(what: str) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        reason, _, _ = str(error).partition("\n")
        if error.sqlstate is None or meaning_of_sqlstate(error.sqlstate) not in ("data", "defect"):
            raise StoreUnavailable(f"cannot reach PostgreSQL: {reason}") from error
        raise MigrationFailed(
            f"PostgreSQL refuses {what}: {reason} (SQLSTATE {error.sqlstate}); the login must own the database, and have "
            "createrole or the role fincore_service"
        ) from error


@contextmanager
def _turn(dsn: str) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """The right to migrate; waits until no other process has it."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [_ADVISORY_LOCK])
        yield connection


@contextmanager
def _opened(dsn: str, package: str) -> Iterator[tuple[DatabaseBackend, MigrationList]]:
    """A connection of yoyo and the migrations of a package.

    Each package has its own tables of yoyo's, all of them: several packages may share a database.
    """
    suffix = package.replace(".", "_")
    with (
        as_file(files(package)) as folder,
        get_backend(_for_yoyo(dsn), migration_table=history_table(package)) as backend,
    ):
        backend.log_table = f"_yoyo_log_{suffix}"
        backend.version_table = f"_yoyo_version_{suffix}"
        # yoyo takes the package's __init__.py for a migration.
        yield (
            backend,
            MigrationList(found for found in read_migrations(str(folder)) if found.path.endswith(".sql")),
        )


def _for_yoyo(dsn: str) -> str:
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(scheme="postgresql+psycopg", path=quote(parts.path)))
