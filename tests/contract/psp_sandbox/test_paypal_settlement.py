"""PayPal's settlement as a merchant meets it: payments over HTTP, a day cut by command, the report it makes."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest

from fixtures.paypal_client import PayPalClient, amount
from fixtures.paypal_report import ReadFile, fee_of, gross_of, read_file
from fixtures.sandbox import SandboxProcess
from fixtures.settlement_days import USER, Days


@pytest.fixture
def days(psp_sandbox: SandboxProcess) -> Days:
    return Days(psp_sandbox)


def moved(report: ReadFile) -> list[tuple[str, str, int, int]]:
    """Code, currency, gross and fee of each row."""
    return [
        (one["Transaction Event Code"], one["Gross Transaction Currency"], gross_of(one), fee_of(one))
        for one in report.rows
    ]


def test_report_has_payments_refunds_and_returned_fees(days: Days, paypal: PayPalClient) -> None:
    capture = paypal.captured(custom_id="ch_1", invoice_id="INV-1")
    refund = paypal.refund(capture["id"], {**amount("40.00"), "custom_id": "re_1"}).json
    yen = paypal.captured(currency="JPY", value="1000")
    paypal.captured(funding="declined")
    paypal.authorized()
    found = days.report()
    assert moved(found) == [
        ("T0006", "USD", 10_000, -398),
        ("T1107", "USD", -4_000, 140),
        ("T0006", "JPY", 100_000, -8_400),
    ]
    assert [one["Transaction ID"] for one in found.rows] == [capture["id"], refund["id"], yen["id"]]
    assert [one["PayPal Reference ID Type"] for one in found.rows] == ["ODR", "TXN", "ODR"]
    assert found.rows[1]["PayPal Reference ID"] == capture["id"]
    assert [one["Custom Field"] for one in found.rows] == ["ch_1", "re_1", ""]
    assert [one["Invoice ID"] for one in found.rows] == ["INV-1", "", ""]
    assert found.rows[0]["Consumer ID"]


def test_each_movement_is_in_one_report_and_in_the_search(
    psp_sandbox: SandboxProcess, days: Days, paypal: PayPalClient
) -> None:
    held, charged = (paypal.captured(custom_id=f"ch_{number}") for number in range(2))
    echeck = paypal.captured(funding="echeck")
    for capture, stage, step in ((held, "INQUIRY", "lose"), (charged, "CHARGEBACK", "win")):
        dispute = days.post(f"captures/{capture['id']}/dispute", {"stage": stage})
        days.post(f"disputes/{dispute['dispute_id']}/{step}")
    first = days.report(withdraw="everything")
    days.post(f"captures/{echeck['id']}/decide")
    days.post(f"balances/{USER}/move", {"code": "T2103", "currency": "USD", "amount_minor": -1_000})
    second = days.report()
    psp_sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 3 * 3_600 + 60})
    now = datetime.now(UTC)
    window = {
        "start_date": (now - timedelta(days=1)).isoformat(),
        "end_date": (now + timedelta(days=1)).isoformat(),
    }
    again = PayPalClient(paypal.url)
    found = again.get(f"/v1/reporting/transactions?{urlencode(window)}")["transaction_details"]
    shown = {one["transaction_info"]["transaction_id"]: one["transaction_info"] for one in found}
    rows = [*first.rows, *second.rows]
    assert Counter(one["Transaction ID"] for one in rows) == Counter(shown.keys())
    for report in (first, second):
        for one in report.rows:
            info = shown[one["Transaction ID"]]
            assert info["transaction_event_code"] == one["Transaction Event Code"]
            assert round(float(info["transaction_amount"]["value"]) * 100) == gross_of(one)
            assert round(float(info.get("fee_amount", {"value": 0})["value"]) * 100) == fee_of(one)
            assert info.get("paypal_reference_id", "") == one["PayPal Reference ID"]
            assert info.get("custom_field", "") == one["Custom Field"]
            assert info.get("bank_reference_id", "") == one["Bank Reference ID"]
    assert [code for code, *_ in moved(second)] == ["T0006", "T2103"]
    listed = psp_sandbox.call("GET", "/sandbox/paypal/movements")["data"]
    assert [one["id"] for one in listed] == [one["Transaction ID"] for one in rows]
    (balance,) = psp_sandbox.call("GET", "/sandbox/paypal/balances")["data"]
    ending = second.section["USD"]
    assert (balance["available_minor"], balance["held_minor"], balance["total_minor"]) == (
        ending["ending_available"],
        1_000,
        ending["ending_total"],
    )


def test_fee_of_a_dispute_names_what_took_the_money(days: Days, paypal: PayPalClient) -> None:
    capture = paypal.captured(custom_id="ch_1")
    days.post(f"captures/{capture['id']}/dispute", {"stage": "CHARGEBACK"})
    rows = {one["Transaction Event Code"]: one for one in days.report().rows}
    assert rows["T1201"]["PayPal Reference ID"] == capture["id"]
    assert rows["T0106"]["PayPal Reference ID"] == rows["T1201"]["Transaction ID"]
    assert rows["T0106"]["Custom Field"] == "ch_1"


def test_refund_that_comes_back_is_reported_with_its_fee(days: Days, paypal: PayPalClient) -> None:
    refund = paypal.refund(paypal.captured()["id"], {"custom_id": "re_1"}).json
    assert moved(days.report())[1:] == [("T1107", "USD", -10_000, 349)]
    days.post(f"refunds/{refund['id']}/fail")
    found = days.report()
    assert moved(found) == [("T1100", "USD", 10_000, -349)]
    assert (found.rows[0]["PayPal Reference ID"], found.rows[0]["Custom Field"]) == (refund["id"], "re_1")


def test_pending_refund_that_fails_is_in_no_report(days: Days, paypal: PayPalClient) -> None:
    refund = paypal.refund(paypal.captured(funding="refund_fails")["id"]).json
    days.post(f"refunds/{refund['id']}/fail")
    assert moved(days.report()) == [("T0006", "USD", 10_000, -398)]


def test_conversions_are_pairs_in_the_order_of_paypal(days: Days, paypal: PayPalClient) -> None:
    capture = paypal.captured(currency="EUR", custom_id="ch_1", invoice_id="INV-1")
    days.post(f"captures/{capture['id']}/convert", {"to_currency": "USD", "to_minor": 10_400})
    refund = paypal.refund(capture["id"], {**amount("50.00", "EUR")}).json
    days.post(f"refunds/{refund['id']}/convert", {"to_currency": "USD", "to_minor": 5_300})
    days.post(
        f"balances/{USER}/convert",
        {"currency": "USD", "amount_minor": 1_000, "to_currency": "EUR", "to_minor": 900},
    )
    found = days.report()
    assert moved(found) == [
        ("T0006", "EUR", 10_000, -398),
        ("T0200", "EUR", -9_602, 0),
        ("T0200", "USD", 10_400, 0),
        ("T1107", "EUR", -5_000, 175),
        ("T0200", "USD", -5_300, 0),
        ("T0200", "EUR", 4_825, 0),
        ("T0201", "USD", -1_000, 0),
        ("T0201", "EUR", 900, 0),
    ]
    assert [one["PayPal Reference ID"] for one in found.rows[1:3]] == [capture["id"]] * 2
    assert [one["Invoice ID"] for one in found.rows[1:3]] == ["INV-1"] * 2
    assert [one["PayPal Reference ID"] for one in found.rows[4:6]] == [refund["id"]] * 2
    gone, come = found.rows[6:]
    assert (gone["PayPal Reference ID"], come["PayPal Reference ID"]) == (
        come["Transaction ID"],
        gone["Transaction ID"],
    )
    assert (gone["Invoice ID"], come["Invoice ID"]) == ("", "")


def test_withdrawal_that_the_bank_sends_back_names_it(days: Days, paypal: PayPalClient) -> None:
    paypal.captured()
    withdrawn = days.report(withdraw="everything").rows[-1]
    days.post(f"withdrawals/{withdrawn['Transaction ID']}/return")
    found = days.report()
    assert moved(found) == [("T1101", "USD", 9_602, 0)]
    assert found.rows[0]["PayPal Reference ID"] == withdrawn["Transaction ID"]
    with pytest.raises(HTTPError, match="409"):
        days.post(f"withdrawals/{withdrawn['Transaction ID']}/return")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"balances/{USER}/move", {"code": "T0006", "currency": "USD", "amount_minor": 1}),
        (f"balances/{USER}/move", {"code": "T1900", "currency": "USD", "amount_minor": 0}),
        (f"balances/{USER}/move", {"code": "T2103", "currency": "USD", "amount_minor": 1}),
        (f"balances/{USER}/move", {"code": "T1900", "currency": "KWD", "amount_minor": 1}),
        (f"balances/{USER}/move", {"code": "T1900", "currency": "USD", "amount_minor": 10**13}),
        (
            f"balances/{USER}/convert",
            {"currency": "USD", "amount_minor": 1, "to_currency": "USD", "to_minor": 1},
        ),
        (
            f"balances/{USER}/convert",
            {"currency": "USD", "amount_minor": 1, "to_currency": "EUR", "to_minor": 1},
        ),
        ("captures/NONE/convert", {"to_currency": "USD", "to_minor": 1}),
        ("withdrawals/NONE/return", {}),
        ("settlement_days", {"faults": [{"kind": "late"}]}),
        ("settlement_days", {"client_id": USER, "faults": [{"kind": "mislaid"}]}),
        ("settlement_days", {"client_id": USER, "max_rows": 0}),
        ("settlement_files/NONE/deliver", {}),
        ("settlement_files/NONE/replace", {}),
    ],
)
def test_impossible_command_of_settlement_is_refused(days: Days, path: str, body: dict[str, Any]) -> None:
    with pytest.raises(HTTPError, match=r"40[049]"):
        days.post(path, body)
    assert days.state()["movements"] == 0
    assert days.state()["settlement_files"] == 0


def test_movement_by_command_is_reported_as_it_was_given(days: Days) -> None:
    given = {"custom_id": "ch_1", "invoice_id": "INV-1", "reference": "5O190127TN364715T"}
    days.post(
        f"balances/{USER}/move",
        {"code": "T0000", "currency": "USD", "amount_minor": -500, "fee_minor": -20, **given},
    )
    found = days.report()
    assert moved(found) == [("T0000", "USD", -500, -20)]
    (one,) = found.rows
    assert (one["Custom Field"], one["Invoice ID"], one["PayPal Reference ID"]) == tuple(given.values())


def test_day_of_every_account_has_a_file_for_each(psp_sandbox: SandboxProcess, days: Days) -> None:
    for client_id, value in ((USER, "1.00"), ("client-b", "2.00")):
        PayPalClient(psp_sandbox.url, client_id).captured(value=value)
    files = days.post("settlement_days", {})["data"]
    gross = [read_file(days.content(file)).section["USD"]["gross_credits"] for file in files]
    assert gross == [100, 200]
    assert len({file["account"] for file in files}) == 2
    assert len({file["name"] for file in files}) == 1


def test_faults_are_told_and_counted(days: Days, paypal: PayPalClient) -> None:
    capture = paypal.captured()
    (file,) = days.cut(faults=[{"kind": "change_fee", "delta_minor": 2}, {"kind": "late"}])
    assert file["faults"] == [
        {
            "kind": "change_fee",
            "transaction_id": capture["id"],
            "currency": "USD",
            "happened": "T0006 USD +10000 fee -398",
            "stated": "T0006 USD +10000 fee -400",
        },
        {"kind": "late"},
    ]
    assert file["delivered_at"] is None
    assert days.post(f"settlement_files/{file['id']}/deliver")["delivered_at"]
    assert days.state()["settlement_faults"] == {"change_fee": 1, "late": 1}


def test_reset_forgets_balances_and_reports(
    psp_sandbox: SandboxProcess, days: Days, paypal: PayPalClient
) -> None:
    paypal.captured()
    days.cut()
    psp_sandbox.reset()
    assert (days.state()["movements"], days.state()["settlement_files"]) == (0, 0)
    assert days.report().section == {}
