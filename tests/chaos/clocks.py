"""Machines with a clock that is wrong by hours or days, by libfaketime (Debian: `apt-get install faketime`)."""

import asyncio
import random
from pathlib import Path
from typing import Final

from harness.program import start_python

from chaos.disturbance import Disturbance
from fixtures.system import System

LIBRARIES: Final = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
MISSING: Final = None if LIBRARIES else "libfaketime is not installed (Debian package faketime)"


def wrong_clock(offset: str) -> dict[str, str]:
    """The environment of a process with a clock that is wrong by an offset, such as `+72h`. Time passes as it does."""
    return {"LD_PRELOAD": str(LIBRARIES[0]), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


async def _run_with(system: System, role: str, offset: str) -> None:
    """Let a role run with a wrong clock until it has said so, and then with the right one again."""
    told = len(system.log_lines(role, "clock.distrusted"))
    system.revive()
    system.kill(role)
    # Not forked: the library is loaded when a program starts.
    system.launch(role, wrong_clock(offset), start=start_python)
    await asyncio.to_thread(
        system.until,
        f"{role} says that its clock is wrong by {offset}",
        lambda: len(system.log_lines(role, "clock.distrusted")) > told,
    )
    if role == "worker":
        await asyncio.to_thread(
            system.until,
            "the worker refuses to purge",
            lambda: bool(system.log_lines("worker", "worker.housekeeping_refused")),
        )
    system.kill(role)
    system.revive()


async def worker_far_ahead(system: System, _: random.Random) -> None:
    """A worker for which every idempotency key is older than its retention."""
    await _run_with(system, "worker", "+73h")


async def worker_a_day_ahead(system: System, _: random.Random) -> None:
    """A worker for which every charge is too old to be sent."""
    await _run_with(system, "worker", "+30h")


async def worker_far_behind(system: System, _: random.Random) -> None:
    """A worker for which everything was asked for in the future."""
    await _run_with(system, "worker", "-30h")


async def api_ahead(system: System, _: random.Random) -> None:
    """An API that would date charges into the future and refuse the PSP's webhooks."""
    await _run_with(system, "api", "+30h")


DISTURBANCES: Final = tuple(
    Disturbance(name, happen, MISSING)
    for name, happen in (
        ("the worker's clock is 73 h ahead", worker_far_ahead),
        ("the worker's clock is 30 h ahead", worker_a_day_ahead),
        ("the worker's clock is 30 h behind", worker_far_behind),
        ("the API's clock is 30 h ahead", api_ahead),
    )
)
