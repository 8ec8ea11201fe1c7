"""Processes of FinCore that are killed, or stand still and go on."""

import asyncio
import os
import random
import signal
from typing import Final

from chaos.disturbance import Disturbance
from fixtures.system import System

DOWN_SECONDS_MAX: Final = 1.0
STILL_SECONDS: Final = (0.5, 4.0)
"""Longer than the silence after which a worker's jobs are taken over, at its longest."""


async def kill(system: System, rng: random.Random) -> None:
    """Kill -9 of one process, which is started again a moment later."""
    system.revive()
    system.kill(rng.choice(system.programs))
    await asyncio.sleep(rng.uniform(0, DOWN_SECONDS_MAX))
    system.revive()


async def stand_still(system: System, rng: random.Random) -> None:
    """SIGSTOP of one process, and SIGCONT a while later: it goes on as if no time had passed."""
    system.revive()
    pid = system.pid(rng.choice(system.programs))
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(rng.uniform(*STILL_SECONDS))
    finally:
        os.kill(pid, signal.SIGCONT)


DISTURBANCES: Final = (
    *(Disturbance("a process is killed", kill),) * 3,
    *(Disturbance("a process stands still", stand_still),) * 3,
)
