"""The demo's processes: the PSP sandbox, and FinCore with all its roles; each logs into a file of its own."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

START_TIMEOUT_SECONDS: Final = 60.0
STOP_TIMEOUT_SECONDS: Final = 60.0
_READY: Final = "psp-sandbox listening on "


class DemoFailed(Exception):
    """Something did not start or did not answer; the message says where to look."""


class Processes:
    """Starts the sandbox and FinCore in `folder`, and stops both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.api_port = _free_port(8080)
        self.api_url = f"http://127.0.0.1:{self.api_port}"
        self.sandbox_url = ""
        self.stripe_key = f"sk_test_{secrets.token_hex(12)}"
        self._started: list[subprocess.Popen[str]] = []
        self._environment = os.environ.copy()

    def start(self) -> None:
        """Start everything; return when FinCore says that it is ready."""
        webhook_secret = f"whsec_{secrets.token_hex(24)}"
        sandbox = self._launch(
            "psp-sandbox",
            [
                *(sys.executable, "-m", "psp_sandbox", "--port=0", "--log-level=warning"),
                *(f"--webhook-url={self.api_url}/webhooks/stripe/test", f"--webhook-secret={webhook_secret}"),
                *("--latency-p50-ms=120", "--latency-p99-ms=380"),
            ],
        )
        if sandbox.stdout is None:
            raise DemoFailed("the PSP sandbox was started without a pipe to read from")
        line = sandbox.stdout.readline()
        if not line.startswith(_READY):
            raise DemoFailed(f"the PSP sandbox did not start; see {self.folder / 'psp-sandbox.log'}")
        self.sandbox_url = line.removeprefix(_READY).strip()
        self._environment |= {
            "FINCORE_DATA_DIR": str(self.folder / "data"),
            "FINCORE_API_PORT": str(self.api_port),
            "FINCORE_OPS_PORT": str(_free_port(9100)),
            "FINCORE_STRIPE_BASE_URL": self.sandbox_url,
            "FINCORE_STRIPE_TEST_SECRET_KEY": self.stripe_key,
            "FINCORE_STRIPE_TEST_WEBHOOK_SECRETS": webhook_secret,
            "FINCORE_PSP_TIMEOUT_SECONDS": "2",
            # The shop's server, which takes the webhooks, is the demo itself.
            "FINCORE_WEBHOOKS_ALLOW_LOOPBACK": "true",
            "FINCORE_LOG_FORMAT": "json",
        }
        self._launch("fincore", [sys.executable, "-m", "fincore", "up"])

    def fincore(self, *arguments: str) -> tuple[int, str]:
        """Run a `fincore` command; its exit code and what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "fincore", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=START_TIMEOUT_SECONDS,
            check=False,
        )
        return done.returncode, (done.stdout + done.stderr).strip()

    def command_line(self, *arguments: str) -> str:
        """How a person runs the same `fincore` command against this demo."""
        return f"FINCORE_DATA_DIR={self._environment['FINCORE_DATA_DIR']} .venv/bin/fincore {' '.join(arguments)}"

    def check_alive(self) -> None:
        """Raise `DemoFailed` when a process has ended on its own."""
        for process in self._started:
            if process.poll() is not None:
                raise DemoFailed(f"a process ended with {process.returncode}; see the logs in {self.folder}")

    def stop(self) -> None:
        """Stop FinCore first, so that it does not see the sandbox vanish."""
        for process in reversed(self._started):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def _launch(self, name: str, command: list[str]) -> "subprocess.Popen[str]":
        with (self.folder / f"{name}.log").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # Ctrl-C is for the demo, which then stops the others in order.
                start_new_session=True,
            )
        self._started.append(process)
        return process


def deadline(seconds: float) -> float:
    """The moment, on the monotonic clock, at which waiting ends."""
    return time.monotonic() + seconds


def _free_port(first: int) -> int:
    """The first free one of a hundred ports, or any free port; ports in a row after it are likely free too."""
    for port in range(first, first + 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        return int(port)
