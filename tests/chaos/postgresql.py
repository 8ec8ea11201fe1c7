"""PostgreSQL that is killed, stands still, ends its sessions, cannot be written to, or is full."""

import asyncio
import contextlib
import os
import random
import signal
from typing import Final

import psycopg

from chaos.disturbance import Disturbance
from fixtures.system import System

STILL_SECONDS: Final = (0.5, 3.0)
REFUSING_SECONDS: Final = (1.0, 3.0)

TERMINATE: Final = """
select pg_terminate_backend(pid) from pg_stat_activity
where backend_type = 'client backend' and pid <> pg_backend_pid()
"""
FULL: Final = (
    """
    create function public.is_full() returns trigger language plpgsql as $$
    begin
        raise exception 'could not extend file: No space left on device' using errcode = 'disk_full';
    end
    $$
    """,
    "create trigger chaos before insert on eventstore.events execute function public.is_full()",
)
ROOM_AGAIN: Final = ("drop trigger chaos on eventstore.events", "drop function public.is_full()")


async def kill(system: System, rng: random.Random) -> None:
    """Kill -9 of the first process; it is started again a moment later and recovers."""
    system.kill_postgres()
    await asyncio.sleep(rng.uniform(0, 1))
    await asyncio.to_thread(system.start_postgres)
    system.revive()


async def stand_still(system: System, rng: random.Random) -> None:
    """SIGSTOP of all its processes, and SIGCONT a while later: connections stay and say nothing."""
    pids = system.postgres_pids()
    _signal(pids, signal.SIGSTOP)
    try:
        await asyncio.sleep(rng.uniform(*STILL_SECONDS))
    finally:
        _signal(pids, signal.SIGCONT)


async def end_sessions(system: System, _: random.Random) -> None:
    """Every session is ended, as by an administrator or a fail-over."""
    system.rows(TERMINATE)


async def read_only(system: System, rng: random.Random) -> None:
    """Every transaction is read-only, as on a standby, and after a while no longer."""
    _set_read_only(system, "on")
    try:
        await asyncio.sleep(rng.uniform(*REFUSING_SECONDS))
    finally:
        _set_read_only(system, "off")


async def full(system: System, rng: random.Random) -> None:
    """The log cannot be extended: each insert fails with the SQLSTATE of a full disk, until there is space again."""
    system.execute(*FULL)
    try:
        await asyncio.sleep(rng.uniform(*REFUSING_SECONDS))
    finally:
        system.execute(*ROOM_AGAIN)


def _set_read_only(system: System, value: str) -> None:
    with psycopg.connect(system.dsn, autocommit=True) as connection:
        connection.execute(f"alter system set default_transaction_read_only = {value}".encode())
        connection.execute("select pg_reload_conf()")


def _signal(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


DISTURBANCES: Final = (
    Disturbance("PostgreSQL is killed", kill),
    Disturbance("PostgreSQL stands still", stand_still),
    Disturbance("PostgreSQL ends every session", end_sessions),
    Disturbance("PostgreSQL is read-only", read_only),
    Disturbance("PostgreSQL is full", full),
)
