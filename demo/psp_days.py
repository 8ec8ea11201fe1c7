"""The end of a settlement day at the sandbox's PSPs, and the sources from which FinCore fetches what they report of it."""

import json
import time
import urllib.parse
import urllib.request
from typing import Any, Final, NamedTuple

from demo.processes import PAYPAL_ACCOUNT, STRIPE_ACCOUNT, DemoFailed, Processes

PAYPAL_SOURCE: Final = f"paypal_{PAYPAL_ACCOUNT}"
STRIPE_SOURCE: Final = f"stripe_{STRIPE_ACCOUNT}"
REPORT_TIMEOUT_SECONDS: Final = 30.0
CALL_TIMEOUT_SECONDS: Final = 10.0
LOOK_SECONDS: Final = 0.1
REPORT_TYPE: Final = "payout_reconciliation.by_id.itemized.4"
COLUMNS: Final = (
    "balance_transaction_id",
    "created_utc",
    "currency",
    "gross",
    "fee",
    "net",
    "reporting_category",
    "source_id",
    "automatic_payout_id",
    "charge_id",
    "payment_intent_id",
    "customer_facing_amount",
    "customer_facing_currency",
    "payment_metadata[fincore_charge_id]",
    "refund_metadata[fincore_refund_id]",
)
"""What FinCore needs of Stripe's report."""
_PAYPAL_PAYMENT: Final = "T0006"


class Lie(NamedTuple):
    """A row of PayPal's report that states another amount than was paid: `delta_minor` more for the payment of a charge."""

    charge_id: str
    delta_minor: int


class PspDays:
    """The days of PayPal's account and of Stripe's, which pay out and report."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._sandbox = processes.sandbox
        self._reports = processes.folder / "stripe-reports"
        (paypal,) = (one for one in processes.accounts if one.psp == "paypal")
        self._paypal_client_id = paypal.secrets["client_id"]

    def declare_sources(self) -> None:
        """Write the file that declares both sources, as an operator does, and let FinCore's commands read it."""
        self._reports.mkdir(exist_ok=True)
        server = self._sandbox.call("GET", "/sandbox/paypal/sftp")
        secret = self._processes.account_secret("paypal", PAYPAL_ACCOUNT, "client_secret")
        declared = self._processes.folder / "settlement-sources.toml"
        declared.write_text(
            f"""\
[[source]]
name = "{PAYPAL_SOURCE}"
psp = "paypal"
account = "{PAYPAL_ACCOUNT}"
mode = "test"
kind = "sftp"
host = "{server["host"]}"
port = {server["port"]}
user = "{self._paypal_client_id}"
password = "{secret}"
host_keys = ["{server["fingerprint"]}"]
directory = "{server["folder"]}"
names = "STL-*.CSV"
format = "paypal_stl"
cron = "*/30 * * * *"

[[source]]
name = "{STRIPE_SOURCE}"
psp = "stripe"
account = "{STRIPE_ACCOUNT}"
mode = "test"
kind = "folder"
folder = "{self._reports}"
names = "itemized-*.csv"
format = "stripe_payout_itemized"
cron = "*/30 * * * *"
""",
            encoding="utf-8",
        )
        self._processes.settings["FINCORE_SETTLEMENT_SOURCES_FILE"] = str(declared)

    def end_at_paypal(self, *, withdrawn_minor: dict[str, int], lie: Lie | None = None) -> str:
        """End PayPal's day: withdraw amounts by currency, and report; the name of the file on PayPal's SFTP server."""
        order = {
            "client_id": self._paypal_client_id,
            "withdraw": [
                {"currency": currency.upper(), "amount_minor": minor}
                for currency, minor in withdrawn_minor.items()
            ],
            "faults": [] if lie is None else [self._fault(lie)],
        }
        (file,) = self._sandbox.call("POST", "/sandbox/paypal/settlement_days", order)["data"]
        return str(file["name"])

    def end_at_stripe(self) -> list[dict[str, Any]]:
        """End Stripe's day: pay out each currency, and put the itemized report of each payout into the folder; the payouts."""
        payouts: list[dict[str, Any]] = self._sandbox.call("POST", "/sandbox/settlement_days", {})["data"]
        runs = {payout["id"]: self._run_report(payout["id"]) for payout in payouts}
        for payout_id, run_id in runs.items():
            file = self._reports / f"itemized-{payout_id}.csv"
            written = file.with_suffix(".csv.part")
            written.write_bytes(self._stripe(self._finished(run_id)))
            written.rename(file)
        return payouts

    def _fault(self, lie: Lie) -> dict[str, Any]:
        movements = self._sandbox.call("GET", "/sandbox/paypal/movements")["data"]
        payment = next(
            row for row in movements if row["custom_id"] == lie.charge_id and row["code"] == _PAYPAL_PAYMENT
        )
        return {
            "kind": "change_amount",
            "transaction_id": payment["id"],
            "delta_minor": lie.delta_minor,
        }

    # Stripe's report runs

    def _run_report(self, payout_id: str) -> str:
        columns = [(f"parameters[columns][{place}]", column) for place, column in enumerate(COLUMNS)]
        form = [("report_type", REPORT_TYPE), ("parameters[payout]", payout_id), *columns]
        made = self._stripe("/v1/reporting/report_runs", urllib.parse.urlencode(form).encode())
        return str(json.loads(made)["id"])

    def _finished(self, run_id: str) -> str:
        """The path of the file that a run made."""
        until = time.monotonic() + REPORT_TIMEOUT_SECONDS
        while (run := json.loads(self._stripe(f"/v1/reporting/report_runs/{run_id}")))["status"] == "pending":
            if time.monotonic() > until:
                raise DemoFailed(
                    f"Stripe's report {run_id} is not finished after {REPORT_TIMEOUT_SECONDS:g} s"
                )
            time.sleep(LOOK_SECONDS)
        return urllib.parse.urlsplit(str(run["result"]["url"])).path

    def _stripe(self, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(  # noqa: S310 -- our own sandbox
            self._sandbox.url + path,
            data=body,
            headers={"Authorization": f"Bearer {self._processes.stripe_key}"},
        )
        with urllib.request.urlopen(request, timeout=CALL_TIMEOUT_SECONDS) as answer:  # noqa: S310 -- our own sandbox
            content: bytes = answer.read()
            return content
