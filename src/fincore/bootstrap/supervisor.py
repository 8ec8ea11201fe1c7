"""Keeps a set of programs and services running: starts them, restarts the one that dies, stops all of them in order.

It knows commands and processes, and nothing of what they do.
"""

import asyncio
import contextlib
import signal
import time
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec
import structlog

from fincore.domain.errors import FinCoreError

_log = structlog.get_logger(__name__)

RESTART_DELAY_SECONDS_MIN: Final = 0.5
RESTART_DELAY_SECONDS_MAX: Final = 30.0
STEADY_AFTER_SECONDS: Final = 60.0
"""A program that ran this long is restarted at once when it dies; one that dies earlier waits longer each time."""
STOP_TIMEOUT_SECONDS: Final = 45.0
"""How long a program may take to stop before it is killed; the worker gives its jobs 30 seconds of it."""
LOOK_INTERVAL_SECONDS: Final = 0.5
"""How often is asked whether a service lives: its processes are not children of the supervisor."""


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """What to run, under which name."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]


class Service(Protocol):
    """Something with processes of its own that the programs need. It runs before they start and until they have stopped."""

    name: str

    def is_running(self) -> bool:
        """Whether it lives; answers at once."""
        ...

    def start(self) -> object:
        """Start it again; may take long. Raises `FinCoreError` where it cannot."""
        ...


def restart_delay_seconds(deaths_in_a_row: int) -> float:
    """The pause before a restart: none for the first death, then doubling up to the bound."""
    if deaths_in_a_row <= 1:
        return 0.0
    return min(RESTART_DELAY_SECONDS_MIN * 2.0 ** (deaths_in_a_row - 2), RESTART_DELAY_SECONDS_MAX)


class Supervisor:
    """Runs programs until `stop`. Each gets a pipe as standard input, which ends if the supervisor itself is killed.

    Services are started by others before, and stopped by them after `run`; here they are started again when they die.
    """

    def __init__(self, programs: Sequence[Program], services: Sequence[Service] = ()) -> None:
        self._programs = programs
        self._services = services
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = asyncio.Event()

    def pid(self, name: str) -> int | None:
        """The process id of a program that is running now."""
        process = self._processes.get(name)
        return process.pid if process else None

    async def run(self) -> None:
        """Start every program and keep it running; return when all have stopped."""
        programs_ended = asyncio.Event()
        async with asyncio.TaskGroup() as services:
            for service in self._services:
                services.create_task(_watch(service, programs_ended), name=service.name)
            try:
                async with asyncio.TaskGroup() as programs:
                    for program in self._programs:
                        programs.create_task(self._keep(program), name=program.name)
            finally:
                programs_ended.set()

    def stop(self) -> None:
        """Ask every program to stop and start none again."""
        self._stopping.set()

    async def _keep(self, program: Program) -> None:
        deaths = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            process = await asyncio.create_subprocess_exec(
                *program.command,
                env=program.environment,
                stdin=asyncio.subprocess.PIPE,
                # Ctrl-C in a terminal must reach the supervisor alone, which then stops the others in order.
                start_new_session=True,
            )
            self._processes[program.name] = process
            _log.info("supervisor.started", program=program.name, pid=process.pid)
            exited = asyncio.create_task(process.wait())
            stopping = asyncio.create_task(self._stopping.wait())
            await asyncio.wait((exited, stopping), return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if not exited.done():
                await _stop(program.name, process, exited)
                break
            del self._processes[program.name]
            deaths = 1 if time.monotonic() - started > STEADY_AFTER_SECONDS else deaths + 1
            delay = restart_delay_seconds(deaths)
            _log.error(
                "supervisor.died",
                program=program.name,
                exit_code=process.returncode,
                restart_in_seconds=delay,
            )
            await _wait(self._stopping, delay)


async def _watch(service: Service, enough: asyncio.Event) -> None:
    """Start a service again whenever it has died, until it is enough; a start under way is waited for."""
    deaths, started = 0, time.monotonic()
    while not enough.is_set():
        if service.is_running():
            await _wait(enough, LOOK_INTERVAL_SECONDS)
            continue
        deaths = 1 if time.monotonic() - started > STEADY_AFTER_SECONDS else deaths + 1
        delay = restart_delay_seconds(deaths)
        _log.error("supervisor.service_died", service=service.name, restart_in_seconds=delay)
        await _wait(enough, delay)
        if enough.is_set():
            return
        started = time.monotonic()
        try:
            await asyncio.to_thread(service.start)
        except FinCoreError as error:
            _log.error("supervisor.service_not_started", service=service.name, reason=str(error))
        else:
            _log.info("supervisor.service_started", service=service.name)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Until an event is set, or some time has passed."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


async def _stop(name: str, process: asyncio.subprocess.Process, exited: "asyncio.Task[int]") -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    done, _ = await asyncio.wait((exited,), timeout=STOP_TIMEOUT_SECONDS)
    if not done:
        _log.error("supervisor.killed", program=name, after_seconds=STOP_TIMEOUT_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await exited
