"""Stripe's payout reports are read as their rows mean it. S1 to S14 are quirks seen in real files, one test each or more."""

from datetime import UTC, datetime

import pytest

from fincore.domain.currency import Currency
from fincore.domain.ids import new_charge_id, new_refund_id
from fincore.domain.money import Money
from fincore.reconciliation.formats.stripe_categories import CATEGORIES
from fincore.reconciliation.formats.stripe_itemized import COLUMNS
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.parsed_file import Expected, FileRefused
from fincore.reconciliation.totals import differences
from fixtures.settlement_files import ANY, itemized_row, lines_of, parsed, table

SUMMARY = ("reporting_category", "currency", "count", "gross", "fee", "net")
CHARGES = dict(zip(SUMMARY, ("charge", "usd", "1", "20", "0.88", "19.12"), strict=True))


def lines(*rows: dict[str, str]) -> list[SettlementLine]:
    return lines_of(table(rows), "stripe_payout_itemized")


def line(**fields: str) -> SettlementLine:
    (only,) = lines(itemized_row(**fields))
    return only


def refusal(content: bytes, expected: Expected = ANY) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        lines_of(content, "stripe_payout_itemized", expected)
    return refused.value


def summary_refusal(content: bytes, expected: Expected = ANY) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        lines_of(content, "stripe_payout_summary", expected)
    return refused.value


def test_charge_row_becomes_a_line_with_gross_and_fee() -> None:
    charge_id = new_charge_id()
    found = line(**{"payment_metadata[fincore_charge_id]": charge_id})
    assert found == SettlementLine(
        number=2,
        kind="payment",
        psp_type="charge",
        psp_reference="txn_1",
        references=("ch_3Stripe", "pi_3Stripe"),
        parent_reference=None,
        our_reference=charge_id,
        currency=found.currency,
        gross_minor=2_000,
        fee_minor=-88,
        occurred_at=datetime(2026, 11, 20, 10, 0, 0, tzinfo=UTC),
        payout_reference="po_1",
        bank_reference=None,
        presentment=None,
        group=None,
    )
    assert found.currency == "usd"


@pytest.mark.parametrize("name", COLUMNS)
def test_s1_report_without_a_requested_column_is_refused(name: str) -> None:
    columns = [one for one in COLUMNS if one != name]
    refused = refusal(table([itemized_row()], columns))
    assert (refused.line_number, refused.reason) == (1, f"lacks the column {name!r}")


def test_s2_currency_in_either_case_is_one_currency() -> None:
    file = parsed(
        table([itemized_row(currency="USD"), itemized_row(currency="usd")]), "stripe_payout_itemized"
    )
    assert [one.currency for one in file.lines] == ["usd", "usd"]
    (usd,) = file.computed.values()
    assert (usd.rows, usd.gross_credit_minor, usd.fee_debit_minor) == (2, 4_000, 176)
    assert [one.rows for one in usd.by_type] == [2]


@pytest.mark.parametrize(
    ("currency", "gross", "minor"),
    [("usd", "25", 2_500), ("usd", "-0.5", -50), ("usd", "3.350", 335), ("jpy", "500", 500), ("jpy", "500.00", 500),
     ("kwd", "1.234", 1_234), ("usd", "-0", 0)],
)  # fmt: skip
def test_s3_decimals_are_exact_and_need_no_padding(currency: str, gross: str, minor: int) -> None:
    assert line(currency=currency, gross=gross, fee="0", net=gross).gross_minor == minor


@pytest.mark.parametrize(
    "gross",
    [
        "",
        "1.005",
        "1e3",
        "1,000.00",
        "20 ",
        "+20",
        "$20",
        "NaN",
        "0x10",
        ".5",
        "20.",
        "\u0662\u0660",
        "9" * 15,
    ],
)
def test_s3_text_that_is_no_amount_is_refused(gross: str) -> None:
    refused = refusal(table([itemized_row(gross=gross, fee="0", net=gross)]))
    assert (refused.line_number, "is no amount of USD" in refused.reason) == (2, True)


@pytest.mark.parametrize("category", ["fee", "network_cost", "tax", "contribution"])
def test_s4_account_level_fee_has_no_source_and_is_its_gross(category: str) -> None:
    found = line(
        reporting_category=category,
        gross="-2",
        fee="0",
        net="-2",
        source_id="",
        charge_id="",
        payment_intent_id="",
    )
    assert (found.kind, found.gross_minor, found.fee_minor) == ("account_fee", -200, 0)
    assert (found.references, found.parent_reference, found.psp_reference) == ((), None, "txn_1")


def test_s5_row_with_a_net_that_is_not_gross_less_fee_is_refused() -> None:
    refused = refusal(table([itemized_row(), itemized_row(net="19.13")]))
    assert (refused.line_number, refused.reason) == (3, "its net '19.13' is not gross '20' less fee '0.88'")


@pytest.mark.parametrize(
    ("category", "gross", "kind"),
    [("payout", "-20", "payout"), ("payout_reversal", "20", "payout_returned"), ("topup", "20", "payout")],
)
def test_s6_row_of_a_payout_keeps_the_sign_of_the_file(category: str, gross: str, kind: str) -> None:
    found = line(
        reporting_category=category, gross=gross, fee="0", net=gross, source_id="po_9", automatic_payout_id="",
        charge_id="", payment_intent_id="",
    )  # fmt: skip
    assert (found.kind, found.gross_minor) == (kind, int(gross) * 100)
    assert (found.references, found.payout_reference) == (("po_9",), "po_9")


def test_s7_itemized_report_states_nothing_of_its_own_sums() -> None:
    file = parsed(table([itemized_row()]), "stripe_payout_itemized")
    list(file.lines)
    assert file.stated == {}


def test_s7_summary_proves_that_no_row_is_missing() -> None:
    summary = parsed(table([CHARGES], SUMMARY), "stripe_payout_summary")
    assert list(summary.lines) == []
    itemized = parsed(table([itemized_row()]), "stripe_payout_itemized")
    list(itemized.lines)
    assert differences(summary.stated, itemized.computed) == []
    empty = parsed(table([]), "stripe_payout_itemized")
    list(empty.lines)
    assert differences(summary.stated, empty.computed) == [
        "1 row of USD stated, 0 found",
        "charge: 1 row stated, 0 found",
        "charge: gross of 20.00 USD stated, the rows add up to 0.00 USD",
        "charge: fee of -0.88 USD stated, the rows add up to 0.00 USD",
    ]


def test_s7_type_that_the_summary_lacks_is_a_difference() -> None:
    summary = parsed(table([CHARGES], SUMMARY), "stripe_payout_summary")
    list(summary.lines)
    refund = itemized_row(reporting_category="refund", gross="-20", fee="0", net="-20")
    itemized = parsed(table([itemized_row(), refund]), "stripe_payout_itemized")
    list(itemized.lines)
    assert "refund: 0 rows stated, 1 found" in differences(summary.stated, itemized.computed)


def test_s8_row_without_a_payout_is_kept() -> None:
    assert line(automatic_payout_id="").payout_reference is None


def test_s8_row_about_another_payout_is_refused() -> None:
    content = table(
        [itemized_row(), itemized_row(automatic_payout_id=""), itemized_row(automatic_payout_id="po_2")]
    )
    assert len(lines_of(content, "stripe_payout_itemized")) == 3
    refused = refusal(content, Expected(payout_reference="po_1"))
    assert (refused.line_number, refused.reason) == (4, "is about the payout 'po_2', not 'po_1'")


@pytest.mark.parametrize("source", ["py_1", "pyr_1", "du_1", "txr_new", ""])
def test_s9_source_may_have_any_prefix(source: str) -> None:
    found = line(source_id=source)
    assert found.references == tuple(one for one in (source, "pi_3Stripe", "ch_3Stripe") if one)


def test_s9_dispute_names_the_payment_that_it_is_about() -> None:
    found = line(reporting_category="dispute", gross="-30", fee="15", net="-45", source_id="dp_1")
    assert (found.kind, found.gross_minor, found.fee_minor) == ("dispute", -3_000, -1_500)
    assert (found.references, found.parent_reference) == (("dp_1", "pi_3Stripe", "ch_3Stripe"), "pi_3Stripe")


def test_s11_several_rows_of_one_dispute_stay_apart() -> None:
    dispute = {"source_id": "dp_1", "fee": "0"}
    found = lines(
        itemized_row(reporting_category="dispute", gross="-30", net="-30", **dispute),
        itemized_row(reporting_category="dispute_reversal", gross="30", net="30", **dispute),
        itemized_row(reporting_category="other_adjustment", gross="-0.17", net="-0.17", **dispute),
        itemized_row(reporting_category="risk_reserved_funds", gross="-5", net="-5", **dispute),
    )
    assert [(one.kind, one.gross_minor) for one in found] == [
        ("dispute", -3_000),
        ("dispute_reversal", 3_000),
        ("adjustment", -17),
        ("reserve", -500),
    ]


def test_s12_amount_that_the_customer_saw_keeps_its_currency() -> None:
    found = line(customer_facing_amount="3000", customer_facing_currency="JPY")
    assert found.presentment == Money(3_000, Currency("jpy"))
    assert line(customer_facing_amount="20", customer_facing_currency="USD").presentment is None
    refund = {"reporting_category": "refund", "gross": "-20", "fee": "0", "net": "-20"}
    for shown in ("3000", "-3000"):
        back = line(customer_facing_amount=shown, customer_facing_currency="jpy", **refund)
        assert back.presentment == Money(-3_000, Currency("jpy"))
    refused = refusal(table([itemized_row(customer_facing_amount="3000.5", customer_facing_currency="jpy")]))
    assert "'3000.5' is no amount of JPY" in refused.reason


def test_amounts_that_customers_saw_add_up_to_what_can_be_booked() -> None:
    row = itemized_row(customer_facing_amount="999999999999999", customer_facing_currency="jpy")
    refused = refusal(table([row] * 1_001))
    assert refused.line_number == 1_002
    assert "in JPY adds up to more than can be booked" in refused.reason


@pytest.mark.parametrize("created", ["", "2026-11-20", "2026-11-20T10:00:00", "2026-11-20 10:00:00Z", "2026-02-30 10:00:00",
                                     "20.11.2026 10:00:00", "1066-11-20 10:00:00"])  # fmt: skip
def test_s13_time_is_taken_by_utc_and_in_one_form(created: str) -> None:
    columns = [name.replace("created_utc", "created") for name in COLUMNS]
    rows = [{**itemized_row(), "created": "2026-11-20 10:00:00"}]
    assert "lacks the column 'created_utc'" in refusal(table(rows, columns)).reason
    refused = refusal(table([itemized_row(created_utc=created)]))
    assert (refused.line_number, "is no time such as" in refused.reason) == (2, True)


@pytest.mark.parametrize(("trace", "reference"), [("", None), ("TRACE1", "TRACE1")])
def test_s14_bank_reference_may_come_later_than_the_file(trace: str, reference: str | None) -> None:
    content = table([{**itemized_row(), "trace_id": trace}], [*COLUMNS, "trace_id"])
    (found,) = lines_of(content, "stripe_payout_itemized")
    assert found.bank_reference == reference


def test_refund_line_names_our_refund_and_never_our_charge() -> None:
    charge_id, refund_id = new_charge_id(), new_refund_id()
    fields = {
        "reporting_category": "refund",
        "gross": "-20",
        "fee": "0",
        "net": "-20",
        "payment_metadata[fincore_charge_id]": charge_id,
    }
    assert line(**fields).our_reference is None
    assert line(**fields, **{"refund_metadata[fincore_refund_id]": refund_id}).our_reference == refund_id
    assert line(**fields, **{"refund_metadata[fincore_refund_id]": charge_id}).our_reference is None


def test_partial_capture_is_two_lines_of_one_payment() -> None:
    whole, back = lines(
        itemized_row(),
        itemized_row(reporting_category="partial_capture_reversal", gross="-5", fee="0", net="-5"),
    )
    assert (whole.kind, back.kind, whole.gross_minor + back.gross_minor) == ("payment", "payment", 1_500)


def test_unknown_category_is_refused() -> None:
    assert len(CATEGORIES) == 37
    refused = refusal(table([itemized_row(reporting_category="new_thing")]))
    assert (refused.line_number, refused.reason) == (2, "'new_thing' is no known reporting category")


@pytest.mark.parametrize(
    "change", [{"currency": "xxx"}, {"balance_transaction_id": ""}, {"source_id": "x" * 256}]
)
def test_row_with_an_unknown_value_is_refused(change: dict[str, str]) -> None:
    assert refusal(table([itemized_row(**change)])).line_number == 2


def test_row_with_another_width_is_refused() -> None:
    refused = refusal(table([itemized_row()]) + b"txn_2,usd\n")
    assert (refused.line_number, refused.reason) == (3, f"has 2 fields, and the header {len(COLUMNS)}")


def test_description_over_several_lines_keeps_line_numbers() -> None:
    rows = [{**itemized_row(), "description": "one\ntwo\nthree"}, {**itemized_row(), "description": ""}]
    found = lines_of(table(rows, [*COLUMNS, "description"]), "stripe_payout_itemized")
    assert [one.number for one in found] == [2, 5]


@pytest.mark.parametrize("file_format", ["stripe_payout_itemized", "stripe_payout_summary"])
def test_empty_report_is_refused(file_format: str) -> None:
    refuse = refusal if file_format == "stripe_payout_itemized" else summary_refusal
    assert "the file is empty" in refuse(b"").reason


def test_summary_states_rows_and_sums_by_category() -> None:
    refund = dict(zip(SUMMARY, ("refund", "USD", "2", "-5", "0", "-5"), strict=True))
    total = dict(zip(SUMMARY, ("total", "usd", "3", "15", "0.88", "14.12"), strict=True))
    file = parsed(table([CHARGES, refund, total], SUMMARY), "stripe_payout_summary")
    assert list(file.lines) == []
    (usd,) = file.stated.values()
    assert usd.rows == 3
    assert [(one.psp_type, one.rows, one.gross_minor, one.fee_minor) for one in usd.by_type] == [
        ("charge", 1, 2_000, -88),
        ("refund", 2, -500, 0),
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"count": "2"}, "the total of USD is not the sum of its categories"),
        ({"gross": "21", "net": "20.12"}, "the total of USD is not the sum of its categories"),
        ({"net": "20"}, "is not gross '20' less fee '0.88'"),
        ({"reporting_category": "charge"}, "is a second row of 'charge' in USD"),
        ({"reporting_category": "new_thing"}, "'new_thing' is no known reporting category"),
        ({"count": "-1"}, "'-1' is no count"),
        ({"count": "1.0"}, "'1.0' is no count"),
        ({"currency": "xxx"}, "'xxx' is no currency"),
    ],
)
def test_summary_that_does_not_add_up_is_refused(change: dict[str, str], reason: str) -> None:
    total = {**CHARGES, "reporting_category": "total"}
    assert len(lines_of(table([CHARGES, total], SUMMARY), "stripe_payout_summary")) == 0
    assert reason in summary_refusal(table([CHARGES, {**total, **change}], SUMMARY)).reason


def test_summary_with_a_second_total_is_refused() -> None:
    total = {**CHARGES, "reporting_category": "total"}
    assert "is a second total of USD" in summary_refusal(table([CHARGES, total, total], SUMMARY)).reason


def test_summary_about_another_payout_is_refused() -> None:
    rows = [{**CHARGES, "automatic_payout_id": "po_2"}]
    refused = summary_refusal(
        table(rows, [*SUMMARY, "automatic_payout_id"]), Expected(payout_reference="po_1")
    )
    assert refused.reason == "is about the payout 'po_2', not 'po_1'"


@pytest.mark.parametrize("name", SUMMARY)
def test_summary_without_a_column_is_refused(name: str) -> None:
    assert (
        "lacks the column"
        in summary_refusal(table([CHARGES], [one for one in SUMMARY if one != name])).reason
    )


def test_summary_row_with_another_width_is_refused() -> None:
    assert (
        "has 2 fields, and the header 6" in summary_refusal(table([CHARGES], SUMMARY) + b"fee,usd\n").reason
    )
