"""Places where a process can be made to die, by name, to prove that dying there loses and doubles nothing.

Nothing is armed unless a test arms it; an unarmed failpoint is one look into an empty dict.
"""

import os
import signal
from typing import Final

_ARMED: Final[dict[str, int]] = {}


def failpoint(name: str) -> None:
    """Die here by SIGKILL, as if the machine had lost power, when this place is armed and its hits are used up."""
    if not _ARMED:
        return
    hits_left = _ARMED.get(name)
    if hits_left is None:
        return
    if hits_left > 1:
        _ARMED[name] = hits_left - 1
        return
    os.kill(os.getpid(), signal.SIGKILL)


def arm(name: str, *, hits: int = 1) -> None:
    """Die at the `hits`-th time the process comes to the failpoint `name`."""
    _ARMED[name] = hits


def disarm() -> None:
    """Arm nothing."""
    _ARMED.clear()
