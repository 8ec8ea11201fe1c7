"""Where the three stores live, and the pools that reach them."""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from fincore.bootstrap.job_queue import job_queue
from fincore.bootstrap.settings import Settings
from fincore.domain.errors import ConfigurationError
from fincore.postgres.pool import Pool, create_pool

if TYPE_CHECKING:
    from fincore.postgres.embedded import EmbeddedPostgres
    from fincore.write.queue.port import JobQueue

SERVICE_ROLE: Final = "fincore_service"


STORES: Final = ("eventstore", "paymentdb", "ledgerdb")
SETTING_OF_STORE: Final = {store: f"FINCORE_{store.upper()}_DSN" for store in STORES}
"""Which setting names the database of a store; that of the event store counts for one that is left empty."""


class Databases(msgspec.Struct, frozen=True, kw_only=True):
    """Where each of the three stores lives, as DSNs; they may be one database or three servers."""

    eventstore: str
    paymentdb: str
    ledgerdb: str


class Installation(NamedTuple):
    """Where the stores live, and the embedded PostgreSQL, where it is the one they live in."""

    databases: Databases
    embedded: "EmbeddedPostgres | None"


@contextmanager
def databases_of(settings: Settings, *, creates: bool = False) -> Iterator[Databases]:
    """The stores the settings name; the embedded PostgreSQL is started if it is needed, and let go at the end.

    Raises `ConfigurationError` where there is none yet, unless the command `creates` one.
    """
    with installation_of(settings, creates=creates) as installation:
        yield installation.databases


@contextmanager
def installation_of(settings: Settings, *, creates: bool = False) -> Iterator[Installation]:
    """The same with the embedded PostgreSQL, for the command that looks after it."""
    if settings.eventstore_dsn is not None:
        yield Installation(_databases(settings, settings.eventstore_dsn), None)
        return
    from fincore.postgres.embedded import EmbeddedPostgres

    embedded = EmbeddedPostgres(settings.data_dir)
    if not creates and not embedded.exists():
        raise ConfigurationError(
            f"there is no installation in {settings.data_dir} (FINCORE_DATA_DIR): run the command in the folder where you "
            "ran `fincore up`, or set FINCORE_DATA_DIR or FINCORE_EVENTSTORE_DSN to the installation that you mean"
        )
    try:
        yield Installation(_databases(settings, embedded.start()), embedded)
    finally:
        embedded.stop()


_MAY_LOSE_THE_LAST: Final = {"synchronous_commit": "off"}
"""Commits that are not waited for. A crash may lose the last half second of them, whole transactions and in order."""

_ROWS_BY_KEY: Final = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}
"""Plans that are made once and find rows by an index, however few there were when a process began."""


class Stores(msgspec.Struct, frozen=True, kw_only=True):
    """Pools of the three stores, with the rights of the services and no more.

    `paymentdb` may lose its last transactions in a crash: a view goes back together with its checkpoint, and follows
    the log again. `queue` reaches the event store's database and may lose the same: a job with a claim or completion that is
    lost is done again, as it may be at any time. Jobs themselves are written through `eventstore`, with their events.
    `notify` too: after its result is lost, a delivery is sent again, under its old id, as it may be at any time.
    `risk` reaches the event store's database for counters and lists: what it loses was written after the last Commit that is durable.
    """

    eventstore: Pool
    queue: Pool
    notify: Pool
    risk: Pool
    paymentdb: Pool
    ledgerdb: Pool

    @property
    def jobs(self) -> "JobQueue":
        """The job queue beside the log: enqueue, inspection and dead letters."""
        return job_queue(self.eventstore)


@asynccontextmanager
async def open_stores(
    databases: Databases, *, application_name: str, needed: Collection[str] = STORES, size_max: int = 8
) -> AsyncIterator[Stores]:
    """Pools for one process, closed at the end. The read models' tables are found by their search path.

    Stores that are not `needed` may be away.
    """
    async with AsyncExitStack() as stack:

        async def pool(name: str, search_path: str, settings: Mapping[str, str] | None = None) -> Pool:
            opened = await create_pool(
                getattr(databases, name),
                application_name=application_name,
                role=SERVICE_ROLE,
                size_max=size_max,
                is_lazy=name not in needed,
                extra_settings={"search_path": search_path, **(settings or {})},
            )
            stack.callback(opened.terminate)
            return opened

        yield Stores(
            eventstore=await pool("eventstore", "eventstore"),
            queue=await pool("eventstore", "queue", _MAY_LOSE_THE_LAST),
            notify=await pool("eventstore", "notify", _MAY_LOSE_THE_LAST),
            risk=await pool("eventstore", "risk", _MAY_LOSE_THE_LAST | _ROWS_BY_KEY),
            paymentdb=await pool("paymentdb", "paymentdb", _MAY_LOSE_THE_LAST),
            ledgerdb=await pool("ledgerdb", "ledgerdb"),
        )


def _databases(settings: Settings, eventstore: str) -> Databases:
    return Databases(
        eventstore=eventstore,
        paymentdb=settings.paymentdb_dsn or eventstore,
        ledgerdb=settings.ledgerdb_dsn or eventstore,
    )
