"""The supervisor starts programs, restarts what dies, and stops everything; nothing outlives it."""

import asyncio
import os
import signal
import sys
import threading
from pathlib import Path

from structlog.testing import capture_logs

from fincore.bootstrap.supervisor import RESTART_DELAY_SECONDS_MAX, Program, Supervisor, restart_delay_seconds
from fincore.domain.errors import ConfigurationError

STEADY = """
import os, signal, sys
from pathlib import Path
Path(sys.argv[1]).open("a").write(f"{os.getpid()}\\n")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
sys.stdin.read()
"""


def program(name: str, code: str, *arguments: str) -> Program:
    return Program(name=name, command=(sys.executable, "-c", code, *arguments), environment=dict(os.environ))


async def pids(path: Path, count: int) -> list[int]:
    while not path.exists() or len(path.read_text().split()) < count:
        await asyncio.sleep(0.01)
    return [int(pid) for pid in path.read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


async def test_killed_program_is_restarted_and_others_continue(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    supervisor = Supervisor([program("one", STEADY, str(one)), program("other", STEADY, str(other))])
    running = asyncio.create_task(supervisor.run())
    (first,) = await pids(one, 1)
    (untouched,) = await pids(other, 1)
    os.kill(first, signal.SIGKILL)
    _, second = await pids(one, 2)
    assert supervisor.pid("one") == second != first
    assert supervisor.pid("other") == untouched
    supervisor.stop()
    await running
    assert not is_alive(second)
    assert not is_alive(untouched)


async def test_program_that_keeps_failing_is_restarted_and_stoppable(tmp_path: Path) -> None:
    deaths = tmp_path / "deaths"
    dies = "import sys; open(sys.argv[1], 'a').write('x\\n'); sys.exit(1)"
    supervisor = Supervisor([program("dies", dies, str(deaths))])
    running = asyncio.create_task(supervisor.run())
    while not deaths.exists() or len(deaths.read_text().split()) < 3:
        await asyncio.sleep(0.01)
    supervisor.stop()
    await running


class Lamp:
    """A service that a test starts and ends. `fails`: how many starts fail."""

    name = "lamp"

    def __init__(self, *, fails: int = 0) -> None:
        self.is_lit = True
        self.starts = 0
        self.lit_again = threading.Event()
        self._fails = fails

    def is_running(self) -> bool:
        return self.is_lit

    def start(self) -> None:
        self.starts += 1
        if self.starts <= self._fails:
            raise ConfigurationError("it does not start")
        self.is_lit = True
        self.lit_again.set()


async def test_service_that_dies_is_started_again(tmp_path: Path) -> None:
    lamp, one = Lamp(fails=2), tmp_path / "one"
    supervisor = Supervisor([program("one", STEADY, str(one))], [lamp])
    running = asyncio.create_task(supervisor.run())
    await pids(one, 1)
    lamp.is_lit = False
    with capture_logs() as logs:
        await asyncio.to_thread(lamp.lit_again.wait, 60)
    assert lamp.starts == 3
    assert [entry["event"] for entry in logs][:2] == [
        "supervisor.service_died",
        "supervisor.service_not_started",
    ]
    supervisor.stop()
    await running


async def test_service_is_kept_until_programs_have_stopped(tmp_path: Path) -> None:
    """What still has to be written when the programs are told to stop needs it."""
    lamp, one, told = Lamp(), tmp_path / "one", tmp_path / "told"
    waits = STEADY.replace("lambda *_: sys.exit(0)", f"lambda *_: open({str(told)!r}, 'w')")
    supervisor = Supervisor([program("one", waits, str(one))], [lamp])
    running = asyncio.create_task(supervisor.run())
    (pid,) = await pids(one, 1)
    supervisor.stop()
    while not told.exists():
        await asyncio.sleep(0.01)
    lamp.is_lit = False
    assert await asyncio.to_thread(lamp.lit_again.wait, 60)
    os.kill(pid, signal.SIGKILL)
    await running


def test_pauses_grow_to_a_bound() -> None:
    pauses = [restart_delay_seconds(deaths) for deaths in range(1, 12)]
    assert pauses[:4] == [0.0, 0.5, 1.0, 2.0]
    assert pauses[-1] == RESTART_DELAY_SECONDS_MAX
