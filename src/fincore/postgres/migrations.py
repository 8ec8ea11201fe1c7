"""Applies a room's schema: plain, forward-only .sql files, in the order of their names.

yoyo keeps the list of what is applied in the database itself and takes a lock, so that several processes may start
at once.
"""

import logging
from importlib.resources import as_file, files
from urllib.parse import quote, urlsplit, urlunsplit

from yoyo import get_backend, read_migrations

logging.getLogger("yoyo").setLevel(logging.WARNING)


def migrate(dsn: str, package: str) -> list[str]:
    """Apply what is not applied yet of the .sql files in a package; return the names of those applied now."""
    history = package.replace(".", "_")
    with (
        as_file(files(package)) as folder,
        get_backend(_for_yoyo(dsn), migration_table=f"_yoyo_{history}") as backend,
    ):
        migrations = read_migrations(str(folder))
        with backend.lock():
            waiting = backend.to_apply(migrations)
            names = [migration.id for migration in waiting]
            backend.apply_migrations(waiting)
    return names


def pending(dsn: str, package: str) -> list[str]:
    """The names of the migrations of a package that this database has not seen."""
    history = package.replace(".", "_")
    with (
        as_file(files(package)) as folder,
        get_backend(_for_yoyo(dsn), migration_table=f"_yoyo_{history}") as backend,
    ):
        return [migration.id for migration in backend.to_apply(read_migrations(str(folder)))]


def _for_yoyo(dsn: str) -> str:
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(scheme="postgresql+psycopg", path=quote(parts.path)))
