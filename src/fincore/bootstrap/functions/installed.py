"""What a function needs of the installation: the stores of a role, opened once for a process of Lambda."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

from fincore.bootstrap.databases import Databases, Stores, databases_of, open_stores
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.functions.function_environment import function_environment
from fincore.bootstrap.functions.printed_metrics import METRICS
from fincore.bootstrap.roles import STORES_OF_ROLE, Role
from fincore.bootstrap.schemas import require_migrated
from fincore.bootstrap.settings import Settings
from fincore.domain.errors import ConfigurationError
from fincore.domain.log_events import LOG_EVENTS, LogEvent
from fincore.domain.stream_names import stream_name
from fincore.eventstore.log import EventLog
from fincore.eventstore.restored import require_continuing_log
from fincore.observability.logs import configure_logs
from fincore.postgres.database_clock import DatabaseClock, measured_clock

CONNECTIONS_MAX: Final = 2
"""Of each store: a process of Lambda does one thing at a time, and there may be as many processes as shards."""


class Installed(NamedTuple):
    """Settings, stores and the log; the clock is the event store's, as it was read when they were opened. `environment` has secrets in place of references."""

    environment: Mapping[str, str]
    settings: Settings
    stores: Stores
    log: EventLog[LogEvent]
    clock: DatabaseClock


@asynccontextmanager
async def installed(role: Role, *, connections_max: int = CONNECTIONS_MAX) -> AsyncIterator[Installed]:
    """What a role needs, as the environment names it; secrets may be references to Secrets Manager. Raises `ConfigurationError` and `StoreUnavailable`."""
    environment = function_environment(os.environ)
    settings = read_settings(environment)
    configure_logs(level=settings.log_level, log_format=settings.log_format)
    METRICS.begin(settings)
    if settings.eventstore_dsn is None:
        raise ConfigurationError(
            "FINCORE_EVENTSTORE_DSN is empty: set it to the database of the event store; a function has no PostgreSQL of its own"
        )
    with databases_of(settings) as databases:
        async with _opened(role, databases, connections_max) as (stores, log, clock):
            yield Installed(environment, settings, stores, log, clock)


@asynccontextmanager
async def _opened(
    role: Role, databases: Databases, connections_max: int
) -> AsyncIterator[tuple[Stores, EventLog[LogEvent], DatabaseClock]]:
    needed = STORES_OF_ROLE[role]
    await require_migrated(databases, needed)
    async with open_stores(
        databases, application_name=f"fincore-{role}-function", needed=needed, size_max=connections_max
    ) as stores:
        await require_continuing_log(stores.eventstore)
        log = EventLog(stores.eventstore, LOG_EVENTS, name_of=stream_name)
        yield stores, log, await measured_clock(stores.eventstore)
