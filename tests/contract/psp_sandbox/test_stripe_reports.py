"""Reports by the official SDK: a run is ordered, its file is fetched, and each row that is false on demand shows in it."""

import csv
import io
import json
import urllib.error
import urllib.request
from decimal import Decimal
from typing import Any

import pytest
import stripe

from fixtures.sandbox import SandboxProcess
from fixtures.stripe_spec import missing_fields, problems_of_objects
from fixtures.webhook_receiver import WebhookReceiver

ITEMIZED = "payout_reconciliation.by_id.itemized.4"
ITEMIZED_OF_INTERVAL = "payout_reconciliation.itemized.7"
SUMMARY = "payout_reconciliation.by_id.summary.1"
COLUMNS = [
    "balance_transaction_id",
    "created_utc",
    "currency",
    "gross",
    "fee",
    "net",
    "reporting_category",
    "source_id",
    "charge_id",
    "payment_intent_id",
    "automatic_payout_id",
    "customer_facing_amount",
    "payment_metadata[order]",
    "refund_metadata[why]",
]
PAID: Any = {
    "amount": 1000,
    "currency": "usd",
    "payment_method": "pm_card_visa",
    "payment_method_types": ["card"],
    "confirm": True,
    "metadata": {"order": "7"},
}


class Reports:
    """One account with a payout: two payments, and a refund of 2.50 of the first."""

    def __init__(self, client: stripe.StripeClient, sandbox: SandboxProcess, key: str) -> None:
        self.client, self.sandbox, self._key = client, sandbox, key
        self.intent = client.v1.payment_intents.create(PAID)
        client.v1.payment_intents.create(PAID | {"amount": 2550, "metadata": {}})
        self.refund = client.v1.refunds.create(
            {"payment_intent": self.intent.id, "amount": 250, "metadata": {"why": "late"}}
        )
        sandbox.call("POST", "/sandbox/aftermath", {"delay_seconds": 30})
        (self.payout,) = sandbox.call("POST", "/sandbox/settlement_days", {})["data"]

    def run(self, report_type: str, **parameters: Any) -> stripe.reporting.ReportRun:
        """A run of the payout's report that is over."""
        wanted: Any = {"payout": self.payout["id"]} | parameters
        run = self.client.v1.reporting.report_runs.create({"report_type": report_type, "parameters": wanted})
        assert (run.status, run.result) == ("pending", None)
        self.sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 30})
        return self.client.v1.reporting.report_runs.retrieve(run.id)

    def read(self, run: stripe.reporting.ReportRun) -> str:
        """The file's text, fetched as Stripe documents it."""
        assert run.result is not None
        assert run.result.url is not None
        return self.fetch(run.result.url, self._key)

    def fetch(self, url: str, key: str) -> str:
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310 - loopback
            assert response.headers["Content-Type"].startswith("text/csv")
            text: str = response.read().decode()
            return text

    def rows(self, report_type: str = ITEMIZED, **parameters: Any) -> list[dict[str, str]]:
        """The rows of a report."""
        run = self.run(report_type, **({"columns": COLUMNS} | parameters))
        return list(csv.DictReader(io.StringIO(self.read(run))))

    def summary(self) -> dict[str, tuple[str, str]]:
        """Category -> count and net of the summary."""
        rows = csv.DictReader(io.StringIO(self.read(self.run(SUMMARY))))
        return {row["reporting_category"]: (row["count"], row["net"]) for row in rows}

    def falsify(self, **order: Any) -> None:
        """From now on the payout's reports are false in this way."""
        self.sandbox.call("POST", f"/sandbox/payouts/{self.payout['id']}/falsify", order)


@pytest.fixture
def reports(client: stripe.StripeClient, psp_sandbox: SandboxProcess, api_key: str) -> Reports:
    return Reports(client, psp_sandbox, api_key)


def nets(rows: list[dict[str, str]]) -> list[str]:
    return [row["net"] for row in rows]


def test_itemized_report_has_each_movement_in_major_units(reports: Reports) -> None:
    rows = reports.rows()
    assert list(rows[0]) == COLUMNS
    assert [(row["gross"], row["fee"], row["net"]) for row in rows] == [
        ("10", "0.59", "9.41"),
        ("25.5", "1.04", "24.46"),
        ("-2.5", "0", "-2.5"),
    ]
    assert [row["reporting_category"] for row in rows] == ["charge", "charge", "refund"]
    charge = reports.intent.latest_charge
    assert [row["source_id"] for row in rows][::2] == [charge, reports.refund.id]
    assert [row["charge_id"] for row in rows][::2] == [charge, charge]
    assert [row["payment_intent_id"] for row in rows][::2] == [reports.intent.id] * 2
    assert [row["payment_metadata[order]"] for row in rows] == ["7", "", "7"]
    assert [row["refund_metadata[why]"] for row in rows] == ["", "", "late"]
    assert rows[2]["customer_facing_amount"] == "2.5"
    assert {row["automatic_payout_id"] for row in rows} == {reports.payout["id"]}
    assert sum(Decimal(net) for net in nets(rows)) * 100 == reports.payout["amount"]


def test_summary_has_the_totals_of_each_category(reports: Reports) -> None:
    assert reports.summary() == {"charge": ("2", "33.87"), "refund": ("1", "-2.5")}


def test_interval_report_has_the_payouts_that_arrive_in_it(reports: Reports) -> None:
    arrival = reports.payout["arrival_date"]
    created: Any = reports.client.v1.reporting.report_runs.create
    runs = [
        created(
            {
                "report_type": ITEMIZED_OF_INTERVAL,
                "parameters": {
                    "interval_start": start,
                    "interval_end": start + 60,
                    "columns": ["automatic_payout_id", "net", "trace_id_status"],
                },
            }
        )
        for start in (arrival, arrival - 60)
    ]
    reports.sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 30})
    texts = [reports.read(reports.client.v1.reporting.report_runs.retrieve(run.id)) for run in runs]
    inside, outside = (list(csv.DictReader(io.StringIO(text))) for text in texts)
    assert nets(inside) == ["9.41", "24.46", "-2.5"]
    assert outside == []


def test_run_is_announced_and_its_file_described(reports: Reports, receiver: WebhookReceiver) -> None:
    reports.client.v1.webhook_endpoints.create(
        {"url": receiver.url, "enabled_events": ["reporting.report_run.succeeded"]}
    )
    run = reports.run(ITEMIZED)
    body = json.loads(receiver.take(1)[0].body)
    assert problems_of_objects(body) == []
    assert body["data"]["object"] == json.loads(json.dumps(run.to_dict()))
    assert (run.status, run.error) == ("succeeded", None)
    assert missing_fields("reporting.report_run", run.to_dict()) == [
        "reporting.report_run.parameters.interval_end",
        "reporting.report_run.parameters.interval_start",
    ]
    assert run.result is not None
    file = reports.client.v1.files.retrieve(run.result.id)
    assert (file.size, file.purpose) == (len(reports.read(run)), "finance_report_run")
    assert [one.id for one in reports.client.v1.reporting.report_runs.list().data] == [run.id]


def test_reports_file_needs_the_key_of_its_account(reports: Reports) -> None:
    result = reports.run(ITEMIZED).result
    assert result is not None
    for key, status in (("sk_test_other", 404), ("", 401)):
        with pytest.raises(urllib.error.HTTPError) as refused:
            reports.fetch(str(result.url), key)
        with refused.value as answer:
            assert answer.code == status


@pytest.mark.parametrize(
    ("report_type", "parameters", "param"),
    [
        ("payout_reconciliation.by_id.itemized.9", {}, "report_type"),
        (ITEMIZED, {"columns": ["net", "gros"]}, "parameters[columns]"),
        (ITEMIZED, {"columns": ["payment_metadata"]}, "parameters[columns]"),
        (ITEMIZED, {"columns": ["trace_id"]}, "parameters[columns]"),
        (SUMMARY, {"columns": ["payment_metadata[order]"]}, "parameters[columns]"),
        (SUMMARY, {"timezone": "Etc/UTC"}, "parameters[timezone]"),
        (ITEMIZED, {"currency": "usd"}, "parameters[currency]"),
        (ITEMIZED, {"payout": "po_nowhere"}, "parameters[payout]"),
        (ITEMIZED, {"timezone": "Mars/Olympus"}, "parameters[timezone]"),
        (ITEMIZED_OF_INTERVAL, {}, "parameters[interval_end]"),
    ],
)
def test_unknown_word_of_a_report_is_refused(
    reports: Reports, report_type: str, parameters: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        reports.run(report_type, **parameters)
    assert (refused.value.http_status, refused.value.param) == (400, param)


def test_times_are_in_the_zone_that_was_asked_for(reports: Reports) -> None:
    wanted = ["created", "created_utc"]
    (first, *_) = reports.rows(columns=wanted, timezone="Asia/Kolkata")
    (utc, *_) = reports.rows(columns=wanted)
    assert first["created_utc"] == utc["created"] == utc["created_utc"]
    assert first["created"][14:] != utc["created"][14:]


@pytest.mark.parametrize(
    ("order", "shown"),
    [
        ({"kind": "drop_row"}, ["24.46", "-2.5"]),
        ({"kind": "drop_row", "row": 3}, ["9.41", "24.46"]),
        ({"kind": "double_row", "row": 2}, ["9.41", "24.46", "24.46", "-2.5"]),
        ({"kind": "change_amount", "delta_minor": 100}, ["10.41", "24.46", "-2.5"]),
        ({"kind": "change_fee", "delta_minor": 9}, ["9.32", "24.46", "-2.5"]),
    ],
)
def test_false_row_is_in_the_itemized_report_only(
    reports: Reports, order: dict[str, Any], shown: list[str]
) -> None:
    reports.falsify(**order)
    rows = reports.rows()
    assert nets(rows) == shown
    assert all(Decimal(row["gross"]) - Decimal(row["fee"]) == Decimal(row["net"]) for row in rows)
    assert reports.summary() == {"charge": ("2", "33.87"), "refund": ("1", "-2.5")}
    reports.sandbox.call("DELETE", f"/sandbox/payouts/{reports.payout['id']}/falsify")
    assert nets(reports.rows()) == ["9.41", "24.46", "-2.5"]


def test_swapped_currency_is_another_than_the_rows(reports: Reports) -> None:
    reports.falsify(kind="swap_currency", row=2)
    assert [row["currency"] for row in reports.rows()] == ["usd", "eur", "usd"]


def test_summary_agrees_with_a_false_row_on_demand(reports: Reports) -> None:
    reports.falsify(kind="drop_row", summary=True)
    assert reports.summary() == {"charge": ("1", "24.46"), "refund": ("1", "-2.5")}


def test_false_row_that_is_not_there_is_refused(reports: Reports) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        reports.falsify(kind="drop_row", row=4)
    with refused.value as answer:
        assert json.load(answer) == {"error": "row must be between 1 and 3"}
