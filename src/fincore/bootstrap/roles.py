"""Runs one role: what all roles have in common. Each role's own parts are in the module of its name.

A role is one process; it runs until it is told to stop, and then finishes its work.
"""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from importlib import import_module
from typing import Any, Final, Literal, get_args

import structlog

from fincore.bootstrap.databases import Databases, Stores, open_stores
from fincore.bootstrap.metric_lines import printed_metrics
from fincore.bootstrap.schemas import require_migrated
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.store_watch import watched_stores
from fincore.bootstrap.tracing import running_traces
from fincore.domain.clock import AgeClock
from fincore.domain.errors import ConfigurationError, FinCoreError, StoreUnavailable
from fincore.eventstore.restored import require_continuing_log
from fincore.observability import access_log
from fincore.observability.ops_server import OpsServer, Probe
from fincore.postgres.database_clock import running_clock
from fincore.postgres.failures import OUTAGES, outage_of
from fincore.postgres.pool import Pool, store_state

Role = Literal[
    "api",
    "worker",
    "projectionist",
    "ledger",
    "notify",
    "auditor",
    "checkout",
    "card-edge",
    "risk",
    "reconciliation",
    "staff",
    "relay",
]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

Access = Literal["reads", "writes"]

RunRole = Callable[[Settings, Stores, AgeClock, asyncio.Event], Coroutine[Any, Any, None]]
"""What the module of a role offers as `run`: do the role's work until the event is set. The clock is the event store's."""

STORES_OF_ROLE: Final[dict[Role, Mapping[str, Access]]] = {
    "api": {"eventstore": "writes", "paymentdb": "reads"},
    "worker": {"eventstore": "writes"},
    "projectionist": {"eventstore": "reads", "paymentdb": "writes"},
    "ledger": {"eventstore": "reads", "ledgerdb": "writes"},
    "notify": {"eventstore": "writes"},
    "auditor": {"eventstore": "reads", "paymentdb": "reads", "ledgerdb": "reads"},
    "checkout": {"eventstore": "writes"},
    "card-edge": {"eventstore": "writes"},
    "risk": {"eventstore": "writes"},
    "reconciliation": {"eventstore": "writes", "ledgerdb": "writes"},
    # It shows the books while LedgerDB is there.
    "staff": {"eventstore": "writes", "paymentdb": "reads"},
    "relay": {"eventstore": "writes"},
}
"""Which stores a role needs, and whether it writes to them; the others may be away while it starts and runs."""

OPTIONAL_ROLES: Final[frozenset[Role]] = frozenset({"card-edge", "reconciliation", "staff", "relay"})
"""The roles that `fincore up` starts only where they are configured."""

EXIT_FAILED: Final = 70
"""The exit code of a role that failed by a fault of its own (EX_SOFTWARE of sysexits.h)."""

GARBAGE_THRESHOLD: Final = 50_000
"""Objects made and not freed before the youngest are looked through for cycles; Python's own default is 700."""

_log = structlog.get_logger(__name__)


def module_of(role: Role) -> str:
    """The module that runs a role."""
    return f"fincore.bootstrap.{role.replace('-', '_')}"


def configured_roles(settings: Settings) -> tuple[Role, ...]:
    """The roles that `fincore up` starts, in order."""
    is_configured: dict[Role, bool] = {
        "card-edge": settings.card_edge_port is not None,
        "reconciliation": bool(settings.settlement_sources_file),
        "staff": settings.staff_port is not None,
        "relay": settings.event_stream is not None or settings.job_queue is not None,
    }
    return tuple(role for role in ROLES if role not in OPTIONAL_ROLES or is_configured[role])


async def run_role(role: Role, settings: Settings, databases: Databases, *, stop_at_eof: bool) -> None:
    """Run one role until SIGTERM, Ctrl-C or, where asked for, the end of standard input."""
    stop = _stop_signal(stop_at_eof=stop_at_eof)
    await require_migrated(databases, STORES_OF_ROLE[role])
    # By name, so that a process loads what its role needs and no more.
    run: RunRole = import_module(module_of(role)).run
    async with (
        open_stores(databases, application_name=f"fincore-{role}", needed=STORES_OF_ROLE[role]) as stores,
        running_clock(stores.eventstore) as clock,
    ):
        await require_continuing_log(stores.eventstore)
        ops = _ops_server(role, settings, stores, clock)
        port = await _started(ops)
        collect_garbage_seldom()
        access_log.install(access_log.AccessLog(settings.access_log_rate))
        _log.info("role.started", role=role, pid=os.getpid(), ops_port=port)
        try:
            async with (
                running_traces(role, settings, clock),
                watched_stores(stores, STORES_OF_ROLE[role], clock),
                printed_metrics(settings, clock),
            ):
                await run(settings, stores, clock, stop)
        except FinCoreError:
            raise
        except Exception as error:
            if (outage := outage_of(error)) is not None:
                raise StoreUnavailable(f"{OUTAGES[outage]}: {error}") from error
            # An unforeseen error ends the process: its supervisor starts it again and shows the reason.
            _log.exception("role.failed", role=role)
            sys.exit(EXIT_FAILED)
        finally:
            await ops.stop()
        _log.info("role.stopped", role=role)


async def _started(ops: OpsServer) -> int:
    try:
        return await ops.start()
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen for health and metrics ({error.strerror}): free the port or set FINCORE_OPS_PORT"
        ) from error


def collect_garbage_seldom() -> None:
    """What is loaded now stays, and requests leave few cycles behind: looking for them often costs a tenth of the CPU."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, 20, 100)


def _ops_server(role: Role, settings: Settings, stores: Stores, clock: AgeClock) -> OpsServer:
    def probe(pool: Pool, access: Access) -> Probe:
        return lambda: store_state(pool, writes=access == "writes")

    return OpsServer(
        role=role,
        host=settings.host,
        port=settings.ops_port and settings.ops_port + ROLES.index(role),
        probes={name: probe(getattr(stores, name), access) for name, access in STORES_OF_ROLE[role].items()},
        doubts={"clock": clock.distrust},
        failpoints_allowed=settings.failpoints_allowed,
    )


def _stop_signal(*, stop_at_eof: bool) -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if stop_at_eof:
        descriptor = sys.stdin.fileno()

        def read() -> None:
            if not os.read(descriptor, 1024):
                loop.remove_reader(descriptor)
                stop.set()

        loop.add_reader(descriptor, read)
    return stop
