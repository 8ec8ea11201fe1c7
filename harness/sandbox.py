"""The PSP sandbox as a process of its own, and its admin API."""

import json
import os
import urllib.request
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from harness.failure import InstallationFailed
from harness.program import StartPython, start_python

READY: Final = "psp-sandbox listening on "
STOP_TIMEOUT_SECONDS: Final = 10.0
CALL_TIMEOUT_SECONDS: Final = 60.0

_STANDARD_ERROR: Final = 2


class Sandbox:
    """`python -m psp_sandbox` with the given options. `log` is the file for its log, by default the standard error.

    Raises InstallationFailed: the sandbox is not installed, or did not start.
    """

    def __init__(self, *options: str, log: Path | None = None, start: StartPython = start_python) -> None:
        if find_spec("psp_sandbox") is None:
            raise InstallationFailed(
                "The package psp-sandbox is not installed. Install it beside FinCore: make .venv/runtime"
            )
        reads, writes = os.pipe()
        self._output = os.fdopen(reads, encoding="utf-8")
        with ExitStack() as files:
            files.callback(os.close, writes)
            nothing = files.enter_context(Path(os.devnull).open("rb"))
            errors = _STANDARD_ERROR if log is None else files.enter_context(log.open("ab")).fileno()
            self._running = start(
                ("-m", "psp_sandbox", *options),
                environment=os.environ,
                stdin=nothing.fileno(),
                stdout=writes,
                stderr=errors,
            )
        line = self._output.readline()
        if not line.startswith(READY):
            self.stop()
            where = "its standard error" if log is None else log
            raise InstallationFailed(f"The PSP sandbox did not start; see {where}. It printed {line!r}.")
        self.url = line.removeprefix(READY).strip()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._running.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while the process runs."""
        return self._running.poll()

    def add_fault(self, kind: str, **fields: Any) -> None:
        """Add one fault, for example `add_fault("slow", seconds=2, match={"metadata": {"k": "v"}})`."""
        self.call("POST", "/sandbox/faults", {"kind": kind, **fields})

    def clear_faults(self) -> None:
        """Remove every fault."""
        self.call("DELETE", "/sandbox/faults")

    def state(self, metadata_key: str | None = None) -> dict[str, Any]:
        """Counts and sums; with a metadata key, also `by_metadata`: what was paid for each of its values."""
        return self.call("GET", f"/sandbox/state{f'?metadata_key={metadata_key}' if metadata_key else ''}")

    def reset(self) -> None:
        """Remove every object, key, fault and count; latency is off again."""
        self.call("POST", "/sandbox/reset")

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """One request to the admin API. Raises urllib.error.HTTPError for a 4xx."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)  # noqa: S310 - our own URL
        with urllib.request.urlopen(request, timeout=CALL_TIMEOUT_SECONDS) as response:  # noqa: S310 - our own URL
            content: dict[str, Any] = json.load(response)
            return content

    def stop(self) -> int:
        """SIGTERM; the exit code. Raises subprocess.TimeoutExpired after STOP_TIMEOUT_SECONDS, and kills it."""
        self._running.terminate()
        try:
            return self._running.wait(STOP_TIMEOUT_SECONDS)
        finally:
            self._running.kill()
            self._running.wait()
            self._output.close()
