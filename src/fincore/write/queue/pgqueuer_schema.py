"""The queue's tables: PgQueuer's own, in a schema of their own, beside the log so that jobs share its transactions."""

from typing import Final

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel

from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import CONNECT_TIMEOUT_SECONDS

_SQL = load_sql("fincore.write.queue", "pgqueuer_schema.sql")

SETTINGS: Final = DBSettings(
    # PgQueuer fills what is left out here from the environment (PGQUEUER_*): nothing is left out.
    prefix="",
    db_schema="queue",
    channel=Channel("ch_pgqueuer"),
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
    # Jobs are durable; the log of what was done with them is not worth a write-ahead log of its own.
    durability=Durability.balanced,
    widen_id=True,
)
"""Where PgQueuer keeps its objects; environment variables do not change it."""

BUILDERS: Final = (
    QueryBuilderEnvironment(SETTINGS),
    QueryQueueBuilder(SETTINGS),
    QuerySchedulerBuilder(SETTINGS),
)
"""PgQueuer's builders of SQL, bound to our settings; they are stateless but for a cache of rendered text."""


async def install_queue(dsn: str) -> list[str]:
    """Create or upgrade the queue in a database; return what was done, nothing when it was up to date.

    Needs the rights of the database's owner and the role `fincore_service`. Safe when several processes do it at once.
    """
    connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_SECONDS)
    try:
        await connection.execute(_SQL.lock)
        queries = Queries(AsyncpgDriver(connection), *BUILDERS)
        if await queries.schema_is_installed():
            done = ["queue upgraded"] if (await queries.apply_upgrade()).statements else []
        else:
            async with connection.transaction():
                await queries.install()
            done = ["queue installed"]
        await queries.optimize_autovacuum()
        await connection.execute(_SQL.vacuum_log_often)
        await connection.execute(_SQL.index_held_jobs)
        await connection.execute(_SQL.index_jobs_of_charges)
        await connection.execute(_SQL.remember_what_may_have_run)
        await connection.execute(_SQL.remember_dispatched_jobs)
        await connection.execute(_SQL.grant_service)
    finally:
        # The lock is the session's: it goes with it.
        await connection.close()
    return done
