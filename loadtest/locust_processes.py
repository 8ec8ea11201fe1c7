"""The generators as processes of Locust: one, or a master and workers that share one schedule."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from harness.ports import Ports

from loadtest.generator.load_settings import API_KEY_VARIABLE, SETTINGS_VARIABLE
from loadtest.generator.records import no_more_file

ROOT: Final = Path(__file__).parent.parent
LOCUSTFILE: Final = ROOT / "loadtest" / "locustfile.py"
WAIT_FOR_WORKERS_SECONDS: Final = 120
AFTER_SECONDS: Final = 90.0
"""How much longer than its schedule Locust may run."""
STOP_SECONDS: Final = 15.0


class LocustProcesses:
    """Started with the object. `remote_bind`: an address at which a master waits for workers of other machines; none are started here."""

    def __init__(
        self, settings_file: Path, log: Path, *, seconds: float, workers: int, remote_bind: str | None = None
    ) -> None:
        self._settings_file = settings_file
        self._log = log.open("ab")
        self._ports = Ports()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        alone = workers == 1 and remote_bind is None
        common = (
            "--headless",
            "--only-summary",
            "--loglevel=WARNING",
            "--exit-code-on-error=0",
            f"-t{int(seconds + AFTER_SECONDS)}s",
        )
        if alone:
            self._start("generator", *common, "-u1", "-r1")
            return
        host, _, port = (remote_bind or f"127.0.0.1:{self._ports.take()}").rpartition(":")
        self._start(
            "generator",
            *common,
            *("--master", f"--master-bind-host={host}", f"--master-bind-port={port}"),
            *(f"--expect-workers={workers}", f"--expect-workers-max-wait={WAIT_FOR_WORKERS_SECONDS}"),
            *(f"-u{workers}", f"-r{workers}"),
        )
        for number in range(workers if remote_bind is None else 0):
            self._start(
                f"generator {number + 1}",
                *("--worker", "--loglevel=WARNING", f"--master-host={host}", f"--master-port={port}"),
            )

    @property
    def pids(self) -> dict[str, int]:
        """The processes by name."""
        return {name: process.pid for name, process in self.processes.items()}

    @property
    def is_over(self) -> bool:
        """Whether the first process, which ends last, has ended."""
        return self.processes["generator"].poll() is not None

    def finish(self, records: Path, *, seconds_max: float) -> None:
        """Let the generators offer nothing more, and wait for their last answers and records, within a bound."""
        no_more = no_more_file(records)
        no_more.touch()
        try:
            self.processes["generator"].wait(seconds_max)
        except subprocess.TimeoutExpired:
            # Their ends are missing in the records, which the report names.
            return
        finally:
            no_more.unlink(missing_ok=True)

    def stop(self) -> None:
        """End what has not ended: SIGTERM, and SIGKILL after STOP_SECONDS."""
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._log.close()
        self._ports.release()

    def _start(self, name: str, *options: str) -> None:
        kept = {variable: value for variable, value in os.environ.items() if variable != API_KEY_VARIABLE}
        self.processes[name] = subprocess.Popen(
            [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), *options],
            env=kept | {SETTINGS_VARIABLE: str(self._settings_file), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            cwd=self._settings_file.parent,
        )
