"""`fincore up`: every role under one supervisor, which mends what dies and leaves nothing behind."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.shop import Shop
from fixtures.system import ROLES, System, running_system

pytestmark = pytest.mark.timeout(180)


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


async def test_a_role_that_is_killed_is_started_again_and_payments_go_on(system: System) -> None:
    merchant = await system.add_merchant()
    async with Shop(system, merchant.api_key) as shop:
        before_the_kill = await shop.charge()
    before = pids(system)
    assert before.keys() == {*ROLES, "auditor"}
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


def test_killed_itself_it_leaves_no_role_behind(system: System) -> None:
    roles = pids(system)
    system.kill("up")
    system.until("every role has ended", lambda: not any(map(is_alive, roles.values())))


def test_told_to_stop_it_stops_every_role_and_ends_well(system: System) -> None:
    roles = pids(system)
    assert system.terminate("up") == 0
    assert [role for role, pid in roles.items() if is_alive(pid)] == []
    # Each role ended by itself; none had to be killed.
    assert system.log_lines("up", "supervisor.killed") == []
