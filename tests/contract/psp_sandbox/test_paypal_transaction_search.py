"""PayPal's transaction search: three hours late, 31 days at a time, by filters and pages."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from fixtures.http_exchange import Reply, exchange
from fixtures.paypal_client import PayPalClient, amount, issue
from fixtures.sandbox import SandboxProcess

HOUR = 3_600
NOW = datetime.now(UTC).replace(microsecond=0)
CARD = {"number": "4012000033330026", "expiry": "2035-12", "name": "Ada"}


def wanted(paypal: PayPalClient, **filters: Any) -> Reply:
    given = {"start_date": NOW - timedelta(days=1), "end_date": NOW + timedelta(days=1)} | filters
    texts = {name: one.isoformat() if isinstance(one, datetime) else one for name, one in given.items()}
    return paypal.call("GET", f"/v1/reporting/transactions?{urlencode(texts)}")


def found(paypal: PayPalClient, **filters: Any) -> list[Any]:
    reply = wanted(paypal, **filters)
    assert reply.status == 200, reply.body
    return [one["transaction_info"] for one in reply.json.get("transaction_details", [])]


def ids(paypal: PayPalClient, **filters: Any) -> list[str]:
    return [str(one["transaction_id"]) for one in found(paypal, **filters)]


@pytest.fixture
def later(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> PayPalClient:
    """The same account three hours after some payments: a refund, a card, a pending and a declined one, a hold."""
    refunded = paypal.captured(custom_id="ch_1", invoice_id="ch_1")
    paypal.refund(refunded["id"], {**amount("40.00"), "custom_id": "re_1"})
    body = {"intent": "CAPTURE", "purchase_units": [amount("7.00")], "payment_source": {"card": CARD}}
    paypal.call("POST", "/v2/checkout/orders", body, request_id="card")
    paypal.captured(funding="echeck", custom_id="ch_2")
    paypal.captured(funding="declined")
    paypal.authorized()
    paypal.captured(currency="EUR", value="9.00")
    psp_sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 3 * HOUR + 60})
    return PayPalClient(paypal.url)


def test_payment_is_found_three_hours_late(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    capture = paypal.captured()
    assert ids(paypal) == []
    psp_sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 3 * HOUR - 60})
    assert ids(paypal) == []
    psp_sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 120})
    assert ids(paypal) == [capture["id"]]
    assert PayPalClient(paypal.url, "client-b").token
    assert ids(PayPalClient(paypal.url, "client-b")) == []


def test_rows_show_gross_fee_and_what_they_belong_to(later: PayPalClient) -> None:
    rows = {one["transaction_event_code"] + one["transaction_amount"]["value"]: one for one in found(later)}
    payment, refund = rows["T0006100.00"], rows["T1107-40.00"]
    assert (payment["fee_amount"]["value"], payment["transaction_status"]) == ("-3.98", "S")
    assert (payment["custom_field"], payment["invoice_id"]) == ("ch_1", "ch_1")
    assert payment["paypal_reference_id_type"] == "ODR"
    assert (refund["fee_amount"]["value"], refund["custom_field"]) == ("1.40", "re_1")
    assert (refund["paypal_reference_id"], refund["paypal_reference_id_type"]) == (
        payment["transaction_id"],
        "TXN",
    )
    assert len(rows) == 4


def test_only_asked_for_rows_that_moved_nothing_show(later: PayPalClient) -> None:
    every = found(later, balance_affecting_records_only="N")
    assert sorted((one["transaction_event_code"], one["transaction_status"]) for one in every) == [
        ("T0006", "D"),
        ("T0006", "P"),
        ("T0006", "S"),
        ("T0006", "S"),
        ("T0006", "S"),
        ("T1107", "S"),
        ("T1300", "P"),
    ]


@pytest.mark.parametrize(
    ("filters", "amounts"),
    [
        ({"transaction_type": "T1107"}, ["-40.00"]),
        ({"transaction_currency": "EUR"}, ["9.00"]),
        ({"transaction_amount": "[500 TO 1000]"}, ["9.00", "7.00"]),
        ({"payment_instrument_type": "CREDITCARD"}, ["7.00"]),
        ({"payment_instrument_type": "DEBITCARD"}, []),
        ({"store_id": "1"}, []),
        ({"transaction_status": "D", "balance_affecting_records_only": "N"}, ["100.00"]),
        ({"end_date": NOW - timedelta(hours=1)}, []),
    ],
)
def test_transactions_are_found_by_filter(later: PayPalClient, filters: Any, amounts: list[str]) -> None:
    values = [one["transaction_amount"]["value"] for one in found(later, **filters)]
    assert sorted(values) == sorted(amounts)


def test_transactions_are_found_by_id_and_by_page(later: PayPalClient) -> None:
    every = ids(later)
    assert ids(later, transaction_id=every[1]) == [every[1]]
    paged = [one for page in (1, 2, 3) for one in ids(later, page_size=2, page=page)]
    assert paged == every
    first = wanted(later, page_size=3).json
    assert (first["total_items"], first["total_pages"], first["page"]) == (4, 2, 1)
    assert [link["rel"] for link in first["links"]] == ["self", "next"]


def test_payer_is_shown_where_asked_for(later: PayPalClient) -> None:
    (row,) = wanted(later, transaction_type="T1107", fields="payer_info").json["transaction_details"]
    assert set(row) == {"payer_info"}
    assert row["payer_info"]["email_address"] == "buyer@example.com"
    whole = wanted(later, transaction_type="T1107", fields="all").json["transaction_details"][0]
    assert set(whole) == {"payer_info", "transaction_info"}


@pytest.mark.parametrize(
    "filters",
    [
        {"end_date": NOW + timedelta(days=31)},
        {"start_date": NOW, "end_date": NOW - timedelta(seconds=1)},
        {"fields": "everything"},
        {"transaction_amount": "5 to 10"},
        {"transaction_id": "SHORT"},
        {"page_size": 501},
        {"page": 0},
        {"start_date": "yesterday"},
        {"start_date": "2026-11-01T00:00:00"},
    ],
)
def test_an_impossible_search_is_refused(paypal: PayPalClient, filters: Any) -> None:
    reply = wanted(paypal, **filters)
    assert (reply.status, reply.json["name"]) == (400, "INVALID_REQUEST")


def test_disputes_and_reversals_have_codes_of_their_own(
    psp_sandbox: SandboxProcess, paypal: PayPalClient
) -> None:
    held, back, reversed_one = (paypal.captured(custom_id=f"ch_{number}") for number in range(3))
    for capture, stage, step in ((held, "INQUIRY", "lose"), (back, "CHARGEBACK", "win")):
        path = f"/sandbox/paypal/captures/{capture['id']}/dispute"
        dispute = json.loads(exchange(paypal.url, "POST", path, json.dumps({"stage": stage})).body)
        psp_sandbox.call("POST", f"/sandbox/paypal/disputes/{dispute['dispute_id']}/{step}", {})
    psp_sandbox.call("POST", f"/sandbox/paypal/captures/{reversed_one['id']}/reverse", {})
    psp_sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 3 * HOUR + 60})
    rows = found(PayPalClient(paypal.url))
    taken = {
        one["transaction_id"]: one["paypal_reference_id"]
        for one in rows
        if one["transaction_event_code"] in {"T1106", "T1201"}
    }
    codes: dict[str, list[tuple[str, str]]] = {}
    for one in rows:
        if one["transaction_event_code"] != "T0006":
            moved = (one["transaction_event_code"], one["transaction_amount"]["value"])
            about = one["paypal_reference_id"]
            codes.setdefault(taken.get(about, about), []).append(moved)
    assert {capture_id: sorted(moved) for capture_id, moved in codes.items()} == {
        held["id"]: [("T0106", "-15.00"), ("T1106", "-100.00"), ("T1110", "-100.00"), ("T1111", "100.00")],
        back["id"]: [("T0106", "-15.00"), ("T1201", "-100.00"), ("T1202", "100.00")],
        reversed_one["id"]: [("T1106", "-100.00")],
    }


def test_a_search_that_finds_nothing_shows_how_fresh_it_is(paypal: PayPalClient) -> None:
    shown = wanted(paypal).json
    assert ("transaction_details" in shown, shown["total_items"], shown["total_pages"]) == (False, 0, 0)
    refreshed = datetime.fromisoformat(shown["last_refreshed_datetime"])
    assert refreshed == datetime.fromisoformat(shown["end_date"])
    assert issue(wanted(paypal, end_date=NOW + timedelta(days=40)))[1] == "INVALID_PARAMETER_VALUE"
