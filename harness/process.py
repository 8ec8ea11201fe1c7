"""A Python program in a process of its own."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from harness.program import StartPython

STOP_TIMEOUT_SECONDS: Final = 60.0

_CLOSED: Final = -1


class Process:
    """What it writes goes to the end of a file. Its standard input stays open until it ends or its starter does.

    It has a session of its own: Ctrl-C is for the starter, which then stops its processes in order.
    """

    def __init__(
        self, arguments: Sequence[str], *, environment: Mapping[str, str], log: Path, start: StartPython
    ) -> None:
        its_end, self._stdin = os.pipe()
        try:
            with log.open("ab") as file:
                self._running = start(
                    arguments,
                    environment=environment,
                    stdin=its_end,
                    stdout=file.fileno(),
                    stderr=file.fileno(),
                )
        except BaseException:
            self.close()
            raise
        finally:
            os.close(its_end)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._running.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while the process runs."""
        return self._running.poll()

    def kill(self) -> None:
        """SIGKILL: the process gets no chance to finish anything."""
        self._running.kill()
        self._running.wait(STOP_TIMEOUT_SECONDS)
        self.close()

    def terminate(self) -> int:
        """SIGTERM; the exit code. Raises TimeoutError: the process had to be killed after STOP_TIMEOUT_SECONDS."""
        self._running.terminate()
        try:
            return self._running.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"it did not stop within {STOP_TIMEOUT_SECONDS:g} s") from None
        finally:
            self.kill()

    def close(self) -> None:
        """Close the pipe to a process that has ended."""
        stdin, self._stdin = self._stdin, _CLOSED
        if stdin != _CLOSED:
            os.close(stdin)
