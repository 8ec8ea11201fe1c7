"""Starts Python programs so that they end with the demo, however that ends: they hold the other end of a pipe of its."""

import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from harness.program import Running, start_python

_END_SIGNAL_OF_PARENT: Final = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


def start_bound(
    arguments: Sequence[str], *, environment: Mapping[str, str], stdin: int, stdout: int, stderr: int
) -> Running:
    """Start `fincore up` and sandboxes so; other commands, which end by themselves, as any caller does."""
    module, *options = arguments[1:]
    if (module, *options) != ("fincore", "up") and module != "psp_sandbox":
        return start_python(arguments, environment=environment, stdin=stdin, stdout=stdout, stderr=stderr)
    # Nothing closes this end but the end of this process.
    its_end, _ours = os.pipe()
    try:
        return start_python(
            ("-m", "demo.until_eof", module, *options),
            environment=environment,
            stdin=its_end,
            stdout=stdout,
            stderr=stderr,
        )
    finally:
        os.close(its_end)


def end_with_starter() -> None:
    """Have SIGTERM end this process when the one that started it is gone, as `make` is that was killed. Linux alone can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_END_SIGNAL_OF_PARENT, signal.SIGTERM)
