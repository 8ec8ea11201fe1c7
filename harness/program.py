"""Starting Python programs: what it takes, and what it gives."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Protocol


class Running(Protocol):
    """A program that was started; `subprocess.Popen` is one."""

    pid: int

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while the program runs."""

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once there is one. Raises subprocess.TimeoutExpired: after `timeout` seconds there is none."""

    def terminate(self) -> None:
        """SIGTERM, unless the program has ended."""

    def kill(self) -> None:
        """SIGKILL, unless the program has ended."""


class StartPython(Protocol):
    """Starts `python` with arguments, in a session of its own; the files, given by number, stay open for the caller."""

    def __call__(
        self,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        stdin: int,
        stdout: int,
        stderr: int,
    ) -> Running: ...


def start_python(
    arguments: Sequence[str], *, environment: Mapping[str, str], stdin: int, stdout: int, stderr: int
) -> Running:
    """Start the Python that runs this."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=dict(environment),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )
