"""A system to load: FinCore with every role as a process of its own on an embedded PostgreSQL, and the PSP sandbox; gone afterwards."""

import base64
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from harness.failure import InstallationFailed
from harness.installation import Installation

from fincore.bootstrap.roles import Role
from fincore.domain.errors import ConfigurationError
from fincore.postgres.embedded import EmbeddedPostgres

ROLES: Final[tuple[Role, ...]] = (
    "api",
    "worker",
    "projectionist",
    "ledger",
    "notify",
    "risk",
    "checkout",
    "card-edge",
    "staff",
)
"""All but the auditor, which would look at the invariants while they are loaded: they are checked at the end."""
PAYPAL_ACCOUNT: Final = "load"
PSP_P50_MS: Final = 120.0
PSP_P99_MS: Final = 380.0
PERSON: Final = "load@example.com"
START_TIMEOUT_SECONDS: Final = 300.0
"""On two cores that others use too, the first migration alone was seen to take two minutes."""


class System(Installation):
    """The system, with a merchant and its key."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            folder,
            {
                "FINCORE_SECRETS_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
                "FINCORE_CARD_EDGE_HMAC_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
                "FINCORE_LOG_LEVEL": "warning",
                "FINCORE_RATE_LIMIT_TEST_PER_SECOND": "1000000",
                "FINCORE_PSP_TIMEOUT_SECONDS": "4",
            },
            staff_port=0,
            start_timeout_seconds=START_TIMEOUT_SECONDS,
        )
        self.settings["FINCORE_CARD_EDGE_PORT"] = self.card_edge_url.rpartition(":")[2]
        self.dsn = ""
        self.api_key = ""
        self._postgres = EmbeddedPostgres(folder / "data")

    def start_everything(self) -> None:
        """Start PostgreSQL, the sandbox and every role, and make a merchant that may do all that the mix does."""
        self.dsn = self._postgres.start()
        self.settings["FINCORE_EVENTSTORE_DSN"] = self.dsn
        self.printed("migrate")
        self.start_sandbox(
            "--log-level=warning", f"--latency-p50-ms={PSP_P50_MS}", f"--latency-p99-ms={PSP_P99_MS}"
        )
        self.add_account("paypal", PAYPAL_ACCOUNT)
        merchant = self.new_merchant("Load")
        self.printed(
            *("merchant", "raw-cards", "enable", merchant.merchant_id),
            *("--by", "load test", "--reason", "the sandbox's test cards only"),
        )
        self.api_key = merchant.api_key
        self.start(*ROLES)

    def add_person(self) -> str:
        """Add a person of staff who may export; the one-time password."""
        printed = self.printed(
            *("staff", "add", PERSON, "--name", "Load Test", "--role=finance"),
            *("--by", "load test", "--reason", "exports lists"),
        )
        return printed.splitlines()[-1]

    def pids(self) -> dict[str, int]:
        """The process of each program that runs, of PostgreSQL and of the sandbox."""
        return {
            **{name: process.pid for name, process in self.processes.items()},
            "PostgreSQL": int((self.folder / "data" / "pg" / "postmaster.pid").read_text().split("\n")[0]),
            "PSP sandbox": self.sandbox.pid,
        }

    def stop(self) -> None:
        """End every process, PostgreSQL last."""
        with ExitStack() as stack:
            stack.callback(self._postgres.stop)
            stack.callback(super().stop)


@contextmanager
def running_system() -> Iterator[System]:
    """A system that runs; its processes and files are gone afterwards, except the logs of one that failed."""
    folder = Path(tempfile.mkdtemp(prefix="fincore-load-"))
    system = System(folder)
    gone: Path | None = folder
    try:
        try:
            system.start_everything()
            yield system
        finally:
            system.stop()
    except InstallationFailed:
        gone = folder / "data"
        raise
    except ConfigurationError:
        # PostgreSQL did not start: the error names its log, which is with the data.
        gone = None
        raise
    finally:
        if gone is not None:
            shutil.rmtree(gone, ignore_errors=True)
