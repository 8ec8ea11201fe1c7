"""`fincore up`: every role under one supervisor, which mends what dies and leaves nothing behind."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.program import start_python

from fixtures.shop import Shop
from fixtures.system import ROLES, System, running_system

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def system_by_up() -> Iterator[System]:
    """A system that `fincore up` runs."""
    with running_system(by_up=True) as system:
        yield system


@pytest.fixture
def system(system_by_up: System) -> System:
    """The same, running."""
    if not system_by_up.is_running("up"):
        system_by_up.start_up()
    return system_by_up


def pids(system: System) -> dict[str, int]:
    """The latest process of each role, as the supervisor tells it."""
    return {line["program"]: line["pid"] for line in system.log_lines("up", "supervisor.started")}


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and is not reaped does not."""
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


async def test_killed_role_is_restarted_and_payments_continue(system: System) -> None:
    merchant = await system.add_merchant()
    async with Shop(system, merchant.api_key) as shop:
        before_the_kill = await shop.charge()
    before = pids(system)
    assert before.keys() == {*ROLES, "auditor", "checkout"}
    for role in ROLES:
        os.kill(before[role], signal.SIGKILL)
    system.until(
        "each role was started again", lambda: all(pids(system)[role] != before[role] for role in ROLES)
    )
    for role in ROLES:
        system.until_ready(role)
    async with Shop(system, merchant.api_key) as shop:
        await shop.until_status(before_the_kill["id"], "succeeded")
        await shop.paid()
        system.until_idle()
        assert len(await shop.all_charges()) == 2


async def test_postgresql_that_is_killed_is_started_again(system: System) -> None:
    """Charges go on without any command."""
    merchant = await system.add_merchant()
    system.let_postgres_go()
    before = system.postgres_pids()
    system.kill_postgres()
    system.until("PostgreSQL was started again", lambda: bool(system.postgres_pids() - before))
    for role in ROLES:
        system.until_ready(role)
    async with Shop(system, merchant.api_key) as shop:
        await shop.paid()
    assert len(system.log_lines("up", "supervisor.service_died")) == 1


def test_up_on_sigterm_stops_each_role_and_postgresql(system: System) -> None:
    """The server that was started again, too."""
    roles = pids(system)
    system.let_postgres_go()
    assert system.terminate("up") == 0
    assert [role for role, pid in roles.items() if is_alive(pid)] == []
    assert system.postgres_pids() == set()
    # Each role ended by itself; none had to be killed.
    assert system.log_lines("up", "supervisor.killed") == []


def test_up_announces_ready_url_once(system_by_up: System) -> None:
    """Here Python itself starts each role, which then loads what it needs by itself."""
    system = system_by_up
    ready = f"FinCore is ready: {system.api_url()}  "

    def lines() -> list[str]:
        return [line for line in system.logs()["up"].splitlines() if line.startswith("FinCore is ready")]

    if system.is_running("up"):
        system.terminate("up")
    told = len(lines())
    system.start_up(start=start_python)
    system.until("it says that it is ready", lambda: len(lines()) > told)
    assert [line.startswith(ready) for line in lines()[told:]] == [True]


def test_killed_supervisor_leaves_no_role_running(system: System) -> None:
    roles = pids(system)
    system.kill("up")
    system.until("every role has ended", lambda: not any(map(is_alive, roles.values())))
