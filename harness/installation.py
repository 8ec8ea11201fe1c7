"""One installation: its settings, its ports, the processes of its roles, and the PSP sandbox that it pays at."""

import contextlib
import os
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final, Literal, NamedTuple, cast

from fincore.bootstrap.roles import ROLES, Role
from harness.accounts import SandboxAccount, new_paypal_account, new_stripe_account, write_accounts_file
from harness.failure import InstallationFailed
from harness.ports import Ports
from harness.process import Process
from harness.program import StartPython, start_python
from harness.sandbox import Sandbox

START_TIMEOUT_SECONDS: Final = 60.0
PATIENCE_SECONDS: Final = 60.0
REQUEST_TIMEOUT_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 0.05
LOG_LINES_SHOWN: Final = 15
FINCORE: Final = ("-m", "fincore")
"""How Python runs the `fincore` command."""


class Finished(NamedTuple):
    """The exit code of a `fincore` command, and what it printed."""

    code: int
    stdout: str
    stderr: str


class Merchant(NamedTuple):
    """A merchant and a secret key of it."""

    merchant_id: str
    api_key: str


class _Place(NamedTuple):
    """Where a program listens: its role, the ports of its API, of its customers' server and of its card edge, and the first of the ops ports."""

    role: Role
    api_port: int
    checkout_port: int
    card_edge_port: int
    ops_port: int


class Installation:
    """Files in `folder`, data and logs among them; `settings` beside those that any installation needs.

    A program is the process of a role, under a name of its own: "api", or "api-2" for a second process of that role.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str],
        *,
        api_port: int | None = None,
        checkout_port: int | None = None,
        ops_port: int | None = None,
        staff_port: int | None = None,
        start: StartPython = start_python,
        start_timeout_seconds: float = START_TIMEOUT_SECONDS,
    ) -> None:
        """`api_port`, `checkout_port` and `ops_port`: those that are wanted, or the next that are free; any, where none is named.

        `staff_port`: the same; where none is named, there is no role `staff`.
        `start` starts the programs, the commands and the sandbox. `start_timeout_seconds` is how long a program may take until it
        is ready, and a command until it ends.
        """
        self.folder = folder
        self.settings = dict(settings)
        self.stripe_key = f"sk_test_{secrets.token_hex(16)}"
        self.webhook_secret = f"whsec_{secrets.token_hex(24)}"
        self.accounts: tuple[SandboxAccount, ...] = ()
        self.processes: dict[str, Process] = {}
        self._start = start
        self._start_timeout_seconds = start_timeout_seconds
        self._ports = Ports()
        self._staff_port = None if staff_port is None else self._ports.take(wanted=staff_port)
        first = _Place(
            "api",
            self._ports.take(wanted=api_port),
            self._ports.take(wanted=checkout_port),
            self._ports.take(),
            self._ports.take(len(ROLES), wanted=ops_port),
        )
        self._places = {role: first._replace(role=role) for role in ROLES}
        self._further: dict[str, _Place] = {}
        self._sandbox_port = self._ports.take()
        self._sandbox: Sandbox | None = None
        (folder / "logs").mkdir(parents=True, exist_ok=True)

    # Starting and stopping

    def start_sandbox(self, *options: str) -> None:
        """Start the PSP sandbox, which sends its webhooks to the first API."""
        self._sandbox = Sandbox(
            f"--port={self._sandbox_port}",
            f"--webhook-url={self.api_url()}/webhooks/stripe/test",
            f"--webhook-secret={self.webhook_secret}",
            *options,
            log=self.log_file("psp-sandbox"),
            start=self._start,
        )

    def add_account(
        self,
        psp: Literal["stripe", "paypal"],
        name: str,
        *,
        is_default: bool = False,
        at: Sandbox | None = None,
    ) -> SandboxAccount:
        """Declare a further account at a sandbox that runs already; programs that start from now on know it.

        `at` is a sandbox of the caller's own, in place of the installation's.
        """
        webhook_url = f"{self.api_url()}/webhooks/{psp}/{name}"
        make = new_stripe_account if psp == "stripe" else new_paypal_account
        account = make((at or self.sandbox).url, name, webhook_url, is_default=is_default)
        self.accounts = (*self.accounts, account)
        folder = self.folder / "accounts"
        folder.mkdir(exist_ok=True)
        for field, secret in account.secrets.items():
            self.keep_secret(psp, name, field, secret)
        file = write_accounts_file(folder, self.accounts, self.account_secret)
        self.settings["FINCORE_PSP_ACCOUNTS_FILE"] = str(file)
        # Where PayPal sends its customers back.
        self.settings.setdefault("FINCORE_PUBLIC_URL", self.checkout_url)
        return account

    def keep_secret(self, psp: str, account: str, field: str, secret: str) -> None:
        """Put a secret of an account where its reference leads."""
        self._secret_file(psp, account, field).write_text(secret)

    def account_secret(self, psp: str, account: str, field: str) -> str:
        """How a file refers to a secret of an account."""
        return f"file:{self._secret_file(psp, account, field)}"

    def _secret_file(self, psp: str, account: str, field: str) -> Path:
        return self.folder / "accounts" / f"{psp}-{account}-{field}"

    def start(self, *names: str) -> None:
        """Start programs; return when each says that it is ready."""
        for name in names:
            self.launch(name)
        for name in names:
            self.until_ready(name)

    def add_program(self, name: str, role: Role) -> None:
        """Give a further process of a role its name and ports."""
        self._further[name] = _Place(
            role, self._ports.take(), self._ports.take(), self._ports.take(), self._ports.take(len(ROLES))
        )

    def launch(
        self,
        name: str,
        settings: Mapping[str, str] | None = None,
        *,
        program: Sequence[str] = FINCORE,
        start: StartPython | None = None,
    ) -> None:
        """Start a program and do not wait for it; `settings` are its own, beside those of the installation.

        `start` takes the place of what starts the other programs.
        """
        place = self._place(name)
        ports = {
            "FINCORE_API_PORT": str(place.api_port),
            "FINCORE_CHECKOUT_PORT": str(place.checkout_port),
            "FINCORE_OPS_PORT": str(place.ops_port),
        }
        if place.role == "card-edge":
            ports["FINCORE_CARD_EDGE_PORT"] = str(place.card_edge_port)
        elif "FINCORE_CARD_EDGE_TOKEN_SECRET" in self.settings:
            ports["FINCORE_CARD_EDGE_URL"] = self.card_edge_url
        environment = {**self.environment(), **ports, **(settings or {})}
        self._launch(name, (*program, "run", place.role, "--until-eof"), environment, start=start)

    def launch_up(self, *, without: Sequence[str] = (), start: StartPython | None = None) -> None:
        """Start every role by `fincore up` and do not wait for them; settings named in `without` are left out.

        `start` takes the place of what starts the other programs.
        """
        environment = {name: value for name, value in self.environment().items() if name not in without}
        self._launch("up", (*FINCORE, "up"), environment, start=start)

    def kill(self, name: str) -> None:
        """SIGKILL to a program."""
        self.processes.pop(name).kill()

    def terminate(self, name: str) -> int:
        """SIGTERM to a program; its exit code."""
        try:
            return self.processes.pop(name).terminate()
        except TimeoutError as error:
            raise self.failure(f"{name}: {error}") from None

    def restart(self, name: str, settings: Mapping[str, str] | None = None) -> None:
        """Stop a program in order and start it again; `settings` are its own from now on."""
        self.terminate(name)
        self.launch(name, settings)
        self.until_ready(name)

    def stop(self) -> None:
        """End every process, FinCore before the sandbox, and release the ports."""
        with contextlib.ExitStack() as stack:
            # Called last to first, each even if another fails.
            stack.callback(self._ports.release)
            if self._sandbox is not None:
                stack.callback(self._sandbox.stop)
            for name in list(self.processes):
                stack.callback(self.terminate, name)

    def is_running(self, name: str) -> bool:
        """Whether a program was started and has not ended."""
        return name in self.processes and self.processes[name].exit_code is None

    def require_alive(self, name: str) -> None:
        """Raise InstallationFailed if the process that runs a program has ended."""
        process = self.processes.get(name) or self.processes["up"]
        if process.exit_code is not None:
            raise self.failure(f"{name} ended with exit code {process.exit_code}")

    # Where things are

    @property
    def sandbox(self) -> Sandbox:
        """The PSP. Raises InstallationFailed: it was not started."""
        if self._sandbox is None:
            raise InstallationFailed("The PSP sandbox was not started.")
        return self._sandbox

    def api_port(self, name: str = "api") -> int:
        """The port on which a program serves the merchants' API."""
        return self._place(name).api_port

    def api_url(self, number: int = 1) -> str:
        """Where the merchants' API is served; `number` counts its processes from 1."""
        return f"http://127.0.0.1:{self.api_port('api' if number == 1 else f'api-{number}')}"

    @property
    def checkout_url(self) -> str:
        """Where customers are served."""
        return f"http://127.0.0.1:{self._places['checkout'].checkout_port}"

    @property
    def staff_url(self) -> str:
        """Where staff are served. Raises InstallationFailed: there is no role `staff`."""
        if self._staff_port is None:
            raise InstallationFailed("There is no role `staff`.")
        return f"http://127.0.0.1:{self._staff_port}"

    @property
    def card_edge_url(self) -> str:
        """Where card numbers are taken."""
        return f"http://127.0.0.1:{self._places['card-edge'].card_edge_port}"

    def ops_url(self, name: str) -> str:
        """Where a program serves its health and metrics."""
        place = self._place(name)
        return f"http://127.0.0.1:{place.ops_port + ROLES.index(place.role)}"

    def environment(self) -> dict[str, str]:
        """The settings of this installation, on top of an environment without any."""
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("FINCORE_", "PSP_"))
        }
        first = self._places["api"]
        return {
            **clean,
            "FINCORE_DATA_DIR": str(self.folder / "data"),
            "FINCORE_API_PORT": str(first.api_port),
            "FINCORE_CHECKOUT_PORT": str(first.checkout_port),
            "FINCORE_OPS_PORT": str(first.ops_port),
            "FINCORE_STAFF_PORT": "off" if self._staff_port is None else str(self._staff_port),
            "FINCORE_STRIPE_BASE_URL": f"http://127.0.0.1:{self._sandbox_port}",
            "FINCORE_STRIPE_TEST_SECRET_KEY": self.stripe_key,
            "FINCORE_STRIPE_TEST_WEBHOOK_SECRETS": self.webhook_secret,
            "FINCORE_STRIPE_TEST_PUBLISHABLE_KEY": self.stripe_key.replace("sk_", "pk_", 1),
            **self.settings,
        }

    # Operators' commands

    def fincore(
        self,
        *arguments: str,
        program: Sequence[str] = FINCORE,
        settings: Mapping[str, str] | None = None,
        timeout_seconds: float | None = None,
    ) -> Finished:
        """Run a `fincore` command to its end. What it prints is kept with the logs, except a key that it made.

        Raises subprocess.TimeoutExpired: it did not end within `timeout_seconds`, or the bound of the installation.
        """
        with (
            Path(os.devnull).open("rb") as nothing,
            TemporaryFile("w+") as output,
            TemporaryFile("w+") as errors,
        ):
            running = self._start(
                (*program, *arguments),
                environment={**self.environment(), **(settings or {})},
                stdin=nothing.fileno(),
                stdout=output.fileno(),
                stderr=errors.fileno(),
            )
            try:
                code = running.wait(timeout_seconds or self._start_timeout_seconds)
            finally:
                running.kill()
                running.wait()
            output.seek(0)
            errors.seek(0)
            done = Finished(code, output.read().strip(), errors.read().strip())
        with self.log_file("commands").open("a", encoding="utf-8") as log:
            log.write(done.stderr)
            log.write("" if arguments[:2] == ("key", "create") else done.stdout)
        return done

    def printed(self, *arguments: str) -> str:
        """What a `fincore` command prints. Raises InstallationFailed: the command failed, or did not end in time."""
        try:
            done = self.fincore(*arguments)
        except subprocess.TimeoutExpired:
            raise self.failure(
                f"`fincore {' '.join(arguments)}` did not end within {self._start_timeout_seconds:g} s"
            ) from None
        if done.code:
            raise InstallationFailed(f"`fincore {' '.join(arguments)}` failed: {done.stderr or done.stdout}")
        return done.stdout

    def new_merchant(self, name: str = "Shop") -> Merchant:
        """A merchant and its first key, made as an operator makes them."""
        merchant_id = self.printed("merchant", "create", name)
        return Merchant(merchant_id, self.printed("key", "create", merchant_id))

    # Waiting

    def until(
        self, what: str, is_so: Callable[[], bool], *, timeout_seconds: float = PATIENCE_SECONDS
    ) -> None:
        """Return once it is so. Raise InstallationFailed, which says what was waited for, past the bound."""
        deadline = time.monotonic() + timeout_seconds
        while not is_so():
            if time.monotonic() > deadline:
                raise self.failure(f"after {timeout_seconds:g} s it is not so that {what}")
            time.sleep(PAUSE_SECONDS)

    def until_ready(self, name: str) -> None:
        """Return once a program says that it is ready; fail at once if its process ended."""

        def is_ready() -> bool:
            self.require_alive(name)
            urls = [f"{self.ops_url(name)}/readyz"]
            if self._place(name).role == "api":
                urls.append(f"http://127.0.0.1:{self.api_port(name)}/readyz")
            if self._place(name).role == "checkout":
                urls.append(f"http://127.0.0.1:{self._place(name).checkout_port}/readyz")
            if self._place(name).role == "card-edge":
                urls.append(f"{self.card_edge_url}/readyz")
            return all(answers_ok(url) for url in urls)

        self.until(f"{name} is ready", is_ready, timeout_seconds=self._start_timeout_seconds)

    # Seeing what happened

    def log_file(self, name: str) -> Path:
        """The file to which a program writes."""
        return self.folder / "logs" / f"{name}.log"

    def logs(self) -> dict[str, str]:
        """Everything every process wrote, by the process's name; PostgreSQL's own log among them."""
        written = {path.stem: path for path in sorted((self.folder / "logs").glob("*.log"))}
        return {
            name: path.read_text(encoding="utf-8", errors="replace")
            for name, path in (*written.items(), ("postgresql", self.folder / "data" / "pg" / "log"))
            if path.exists()
        }

    def tails(self) -> str:
        """The latest lines of every log."""
        return "\n".join(
            f"--- {name}\n" + "\n".join(text.splitlines()[-LOG_LINES_SHOWN:])
            for name, text in self.logs().items()
        )

    def failure(self, sentence: str) -> InstallationFailed:
        """An error that says what is wrong and shows the logs."""
        return InstallationFailed(f"{sentence}; logs are in {self.folder / 'logs'}\n{self.tails()}")

    def _place(self, name: str) -> _Place:
        return self._further.get(name) or self._places[cast("Role", name)]

    def _launch(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        start: StartPython | None = None,
    ) -> None:
        before = self.processes.get(name)
        if before is not None:
            if before.exit_code is None:
                raise InstallationFailed(f"{name} is running.")
            before.close()
        self.processes[name] = Process(
            arguments, environment=environment, log=self.log_file(name), start=start or self._start
        )


def answers_ok(url: str | urllib.request.Request) -> bool:
    """Whether a request to one of our own processes is answered with 200 in time."""
    try:
        with urllib.request.urlopen(url, timeout=REQUEST_TIMEOUT_SECONDS) as response:  # noqa: S310 -- our own processes
            return bool(response.status == 200)  # noqa: PLR2004 -- the status itself
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return False
    except OSError:
        return False
