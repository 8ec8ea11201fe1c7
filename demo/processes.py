"""The demo's processes: the PSP sandbox, and FinCore with all its roles; each logs into a file of its own."""

import base64
import secrets
from pathlib import Path
from typing import Final

from harness.failure import InstallationFailed
from harness.installation import Installation
from harness.sandbox import Sandbox

from demo.bound_start import start_bound
from demo.payments import AWAY

API_PORT: Final = 8080
CHECKOUT_PORT: Final = 8081
STAFF_PORT: Final = 8082
OPS_PORT: Final = 9100
REFUSES_SECONDS: Final = 600.0
STRIPE_ACCOUNT: Final = "test"
"""The account at Stripe that settings of its own declare."""
PAYPAL_ACCOUNT: Final = "shop"
BANK_ACCOUNT: Final = "main"
"""The bank account to which Stripe pays out."""
SETTINGS: Final = {
    "FINCORE_PSP_TIMEOUT_SECONDS": "2",
    # The shop's server, which takes the webhooks, is the demo itself.
    "FINCORE_WEBHOOKS_ALLOW_LOOPBACK": "true",
    "FINCORE_LOG_FORMAT": "json",
    "FINCORE_STRIPE_TEST_BANK_ACCOUNT": BANK_ACCOUNT,
    # Above 100.00 at once a refund by staff needs a second person.
    "FINCORE_REFUND_LIMITS_MINOR": "usd:10000:50000,eur:10000:50000",
}


class DemoFailed(Exception):
    """A payment did not go as the demo expects; the message says where to look."""


class Processes(Installation):
    """The sandbox and FinCore in `folder`, on the ports of the README where they are free."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            folder,
            SETTINGS,
            api_port=API_PORT,
            checkout_port=CHECKOUT_PORT,
            staff_port=STAFF_PORT,
            ops_port=OPS_PORT,
            start=start_bound,
        )
        self.settings["FINCORE_CARD_EDGE_PORT"] = self.card_edge_url.rpartition(":")[2]
        self.settings["FINCORE_CARD_EDGE_HMAC_KEY"] = base64.b64encode(secrets.token_bytes(32)).decode()
        self._away: Sandbox | None = None

    def start_everything(self) -> None:
        """Start the sandbox, as slow as a PSP is, and FinCore; return when FinCore is ready to take a payment."""
        self.start_sandbox(
            *("--log-level=warning", "--latency-p50-ms=120", "--latency-p99-ms=380"), "--paypal-sftp-port=0"
        )
        self.add_account("paypal", PAYPAL_ACCOUNT)
        self._away = Sandbox(
            "--port=0", "--log-level=warning", log=self.log_file("psp-sandbox-away"), start=start_bound
        )
        self.add_account("stripe", AWAY, at=self._away)
        self.launch_up()
        self.until_ready("api")
        self.until_ready("checkout")
        self.until_ready("card-edge")

    def add_person(self, username: str, name: str, *roles: str) -> str:
        """Add a person of staff; the one-time password, with which the person logs in and chooses another."""
        options = [f"--role={role}" for role in roles]
        printed = self.printed(
            "staff", "add", username, "--name", name, *options, "--by", "Demo", "--reason", "Looks around."
        )
        return printed.splitlines()[-1]

    def kept_file(self, psp: str, account: str, name: str) -> Path:
        """A settlement file as FinCore keeps it, by the name that it had at the PSP."""
        (path,) = (self.folder / "data" / "settlement" / psp / account).glob(f"*-{name}")
        return path

    def refuse_connections(self) -> None:
        """Let the sandbox of the account `AWAY` refuse every connection from now on."""
        if self._away is None:
            raise InstallationFailed("The sandbox of the account that goes away was not started.")
        self._away.call("POST", "/sandbox/refuse_connections", {"seconds": REFUSES_SECONDS})

    def stop(self) -> None:
        """End every process."""
        try:
            super().stop()
        finally:
            if self._away is not None:
                self._away.stop()

    def command_line(self, *arguments: str) -> str:
        """How a person runs a `fincore` command against this demo."""
        return f"FINCORE_DATA_DIR={self.folder / 'data'} .venv/bin/fincore {' '.join(arguments)}"
