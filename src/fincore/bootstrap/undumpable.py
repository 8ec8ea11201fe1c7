"""A process that keeps its memory to itself: it writes no core, and no other process of its user may read its memory."""

import ctypes
import resource
import sys
from typing import Final

from fincore.domain.errors import ConfigurationError

_PR_GET_DUMPABLE: Final = 3
_PR_SET_DUMPABLE: Final = 4


def become_undumpable() -> None:
    """Make this process so, from here to its end. Raises `ConfigurationError` where the system does not let it."""
    if sys.platform != "linux":
        raise ConfigurationError(
            "the role card-edge runs on Linux only: it must not leave its memory in a core"
        )
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_PR_SET_DUMPABLE, 0)
    if not is_undumpable():
        raise ConfigurationError(
            "the role card-edge cannot switch cores off (prctl PR_SET_DUMPABLE): run it where the system lets it"
        )


def is_undumpable() -> bool:
    """Whether this process writes no core and shows its memory to no other process of its user."""
    return _prctl(_PR_GET_DUMPABLE, 0) == 0 and resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def _prctl(option: int, argument: int) -> int:
    return int(ctypes.CDLL(None).prctl(option, argument, 0, 0, 0))
