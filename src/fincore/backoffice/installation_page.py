"""What an installation is: its processes, its schemas, its settings. Each part fails alone; no part holds a secret."""

import asyncio
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import structlog

from fincore.postgres.pending_migrations import applied_of
from fincore.postgres.pool import Pool
from fincore.postgres.sessions import ProcessSessions, sessions_of_processes

PART_SECONDS_MAX: Final = 5.0
_log = structlog.get_logger(__name__)
_CREDENTIALS: Final = re.compile(r"(?<=//)[^/@\s]*@")
"""What stands before the host of a URL."""


class ShownSetting(NamedTuple):
    """A setting as staff may see it: `value` is None for a secret. `origin`: `default`, `environment` or a file."""

    name: str
    value: str | None
    is_set: bool
    origin: str
    meaning: str


class SchemaPlace(NamedTuple):
    """A package of migrations, and the store that it goes to."""

    store: str
    package: str
    pool: Pool


class SchemaState(NamedTuple):
    """How far a schema is; `applied` is None where it could not be read."""

    store: str
    package: str
    applied: list[str] | None
    pending: list[str]


class InstallationStores(NamedTuple):
    """What the page is read from, and what it was told at start."""

    eventstore: Pool
    schemas: Sequence[SchemaPlace]
    settings: Sequence[ShownSetting]


class Installation(NamedTuple):
    """What was read; `processes` is None where it could not be."""

    processes: list[ProcessSessions] | None
    schemas: list[SchemaState]
    settings: Sequence[ShownSetting]


def shown_value(value: str) -> str:
    """A value that is no secret, without the credentials of a URL in it."""
    return _CREDENTIALS.sub("(hidden)@", value)


async def read_installation(stores: InstallationStores) -> Installation:
    """The page, part by part."""
    processes, schemas = await asyncio.gather(
        _processes(stores.eventstore), asyncio.gather(*map(_schema, stores.schemas))
    )
    return Installation(processes, schemas, stores.settings)


async def _processes(pool: Pool) -> list[ProcessSessions] | None:
    try:
        async with asyncio.timeout(PART_SECONDS_MAX):
            return await sessions_of_processes(pool)
    except Exception as error:  # noqa: BLE001 -- a part that cannot be read must not hide the others
        _log.warning("installation.part_unread", part="processes", error=repr(error))
        return None


async def _schema(place: SchemaPlace) -> SchemaState:
    try:
        async with asyncio.timeout(PART_SECONDS_MAX):
            applied, pending = await applied_of(place.pool, place.package)
    except Exception as error:  # noqa: BLE001 -- a part that cannot be read must not hide the others
        _log.warning("installation.part_unread", part=place.package, error=repr(error))
        return SchemaState(place.store, place.package, None, [])
    return SchemaState(place.store, place.package, applied, pending)
