"""FinCore as an operator runs it: its roles as processes of the `fincore` command, beside a PSP sandbox."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from bench.cpu import CpuMeter
from bench.store import Store
from fincore.bootstrap.roles import ROLES, Role
from fincore.domain.ids import MerchantId
from fincore.write.psp.stripe.webhooks import SUBSCRIBED_TYPES

START_TIMEOUT_SECONDS: Final = 60.0
STOP_TIMEOUT_SECONDS: Final = 30.0
WEBHOOK_SECRET: Final = "whsec_bench"  # noqa: S105 - signs webhooks of a sandbox that lives as long as a benchmark
WEBHOOK_EVENTS: Final = ",".join(sorted(SUBSCRIBED_TYPES))
"""What FinCore asks of Stripe: the events that say something about a charge, a refund or a dispute."""

FINCORE: Final = ("fincore",)


class Process:
    """A program of ours. What it says goes to a file, whose end is shown when it fails."""

    def __init__(
        self, name: str, module: Sequence[str], *, environment: dict[str, str], folder: Path
    ) -> None:
        self.name = name
        self._log = folder / f"{name}.log"
        with self._log.open("w", encoding="utf-8") as log:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", *module],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._popen.pid

    def await_answer(self, url: str) -> None:
        """Return when a URL answers 200."""
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if self._popen.poll() is not None:
                raise RuntimeError(
                    f"{self.name} ended with exit code {self._popen.returncode}:\n{self._tail()}"
                )
            try:
                with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own URL
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise RuntimeError(
            f"{self.name} did not answer {url} in {START_TIMEOUT_SECONDS:g} s:\n{self._tail()}"
        )

    def stop(self) -> None:
        """Ask it to end, and see to it that it does."""
        self._popen.terminate()
        try:
            self._popen.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    def _tail(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-2_000:]


class Installation:
    """One FinCore on one fresh database. `start_...` adds a process; all end with the installation."""

    def __init__(self, store: Store, stack: ExitStack, settings: Mapping[str, str]) -> None:
        self._store = store
        self._stack = stack
        self.dsn = store.fresh_database()
        self.processes: dict[str, Process] = {}
        self.sandbox_port = free_port()
        self._settings = {
            "FINCORE_EVENTSTORE_DSN": self.dsn,
            "FINCORE_DATA_DIR": str(store.folder / "unused"),
            "FINCORE_STRIPE_BASE_URL": f"http://127.0.0.1:{self.sandbox_port}",
            "FINCORE_STRIPE_TEST_SECRET_KEY": "sk_test_bench0000000000000000",
            "FINCORE_STRIPE_TEST_WEBHOOK_SECRETS": WEBHOOK_SECRET,
            "FINCORE_SECRETS_KEY": b64encode(bytes(32)).decode(),
            "FINCORE_LOG_LEVEL": "warning",
            "FINCORE_RATE_LIMIT_TEST_PER_SECOND": "1000000",
            "FINCORE_OPS_PORT": "0",
            **settings,
        }
        self.merchant_id = MerchantId(self._output("merchant", "create", "Bench"))
        self.secret_key = self._output("key", "create", self.merchant_id)

    def start_role(self, role: Role, *, name: str | None = None, module: Sequence[str] = FINCORE) -> int:
        """Start a role and wait until it answers; return its API port (of use for the role `api`)."""
        api_port, ops_port = free_port(), free_ports_in_a_row(len(ROLES))
        environment = self._environment() | {
            "FINCORE_API_PORT": str(api_port),
            "FINCORE_OPS_PORT": str(ops_port),
        }
        process = self._start(
            Process(name or role, [*module, "run", role], environment=environment, folder=self._store.folder)
        )
        if role == "api":
            process.await_answer(f"http://127.0.0.1:{api_port}/healthz")
        else:
            process.await_answer(f"http://127.0.0.1:{ops_port + ROLES.index(role)}/readyz")
        return api_port

    def start_sandbox(self, api_port: int, *, p50_ms: float, p99_ms: float) -> None:
        """Start the PSP sandbox with its log-normal latency; it sends its webhooks to the API."""
        arguments = ["psp_sandbox", f"--port={self.sandbox_port}", "--log-level=warning"]
        arguments += [f"--webhook-url=http://127.0.0.1:{api_port}/webhooks/stripe/test"]
        arguments += [f"--webhook-secret={WEBHOOK_SECRET}", f"--webhook-events={WEBHOOK_EVENTS}"]
        arguments += [f"--latency-p50-ms={p50_ms}", f"--latency-p99-ms={p99_ms}"]
        process = Process("PSP sandbox", arguments, environment=dict(os.environ), folder=self._store.folder)
        self._start(process).await_answer(f"http://127.0.0.1:{self.sandbox_port}/sandbox/healthz")

    def fincore(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run an operator's command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "fincore", *arguments],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def cpu_meter(self) -> CpuMeter:
        """Measures PostgreSQL and every process of the installation from now on."""
        return CpuMeter(
            {process.name: [process.pid] for process in self.processes.values()}
            | {"PostgreSQL": [self._store.pid]}
        )

    def _start(self, process: Process) -> Process:
        self._stack.callback(process.stop)
        self.processes[process.name] = process
        return process

    def _environment(self) -> dict[str, str]:
        # Settings of whoever runs the benchmark must not leak into it.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("FINCORE_")}
        return inherited | self._settings

    def _output(self, *arguments: str) -> str:
        finished = self.fincore(*arguments)
        if finished.returncode:
            raise RuntimeError(f"fincore {' '.join(arguments)} failed: {finished.stderr[-2_000:]}")
        return finished.stdout.strip()


@contextmanager
def installation(store: Store, **settings: str) -> Iterator[Installation]:
    """An installation whose processes end with the block; `settings` by their names in the environment."""
    with ExitStack() as stack:
        yield Installation(store, stack, settings)


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def free_ports_in_a_row(count: int) -> int:
    """The first of some neighbouring free ports."""
    while True:
        first = free_port()
        try:
            with ExitStack() as stack:
                for port in range(first, first + count):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
                return first
        except OSError:
            continue
