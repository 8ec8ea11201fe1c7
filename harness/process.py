"""A Python program in a process of its own."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

STOP_TIMEOUT_SECONDS: Final = 60.0


class Process:
    """What it writes goes to the end of a file. Its standard input stays open until it ends or its starter does.

    It has a session of its own: Ctrl-C is for the starter, which then stops its processes in order.
    """

    def __init__(self, arguments: Sequence[str], *, environment: Mapping[str, str], log: Path) -> None:
        with log.open("ab") as file:
            self._popen = subprocess.Popen(
                [sys.executable, *arguments],
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while the process runs."""
        return self._popen.poll()

    def kill(self) -> None:
        """SIGKILL: the process gets no chance to finish anything."""
        self._popen.kill()
        self._popen.wait(STOP_TIMEOUT_SECONDS)
        self.close()

    def terminate(self) -> int:
        """SIGTERM; the exit code. Raises TimeoutError: the process had to be killed after STOP_TIMEOUT_SECONDS."""
        self._popen.terminate()
        try:
            return self._popen.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"it did not stop within {STOP_TIMEOUT_SECONDS:g} s") from None
        finally:
            self.kill()

    def close(self) -> None:
        """Close the pipe to a process that has ended."""
        if self._popen.stdin is not None:
            self._popen.stdin.close()
