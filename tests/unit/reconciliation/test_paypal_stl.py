"""PayPal's settlement report is read as its rows mean it. P1 to P22 are quirks seen in real files, one test each or more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from fincore.domain.ids import new_charge_id, new_refund_id
from fincore.reconciliation.formats.paypal_events import CODES, GROUPS, kinds_of
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.parsed_file import Expected
from fixtures.settlement_files import (
    ACCOUNT,
    STL_COLUMNS,
    StlRow,
    joined,
    lines_of,
    parsed,
    stl_footer,
    stl_footers,
    stl_lines,
    stl_row,
    with_fee,
)

PAYMENT = with_fee(StlRow(), "DR", "379")


def lines(*rows: StlRow) -> list[SettlementLine]:
    return lines_of(joined(stl_lines(rows)), "paypal_stl")


def line(row: StlRow) -> SettlementLine:
    (only,) = lines(row)
    return only


def test_payment_row_becomes_a_line_with_gross_and_fee() -> None:
    charge_id = new_charge_id()
    row = replace(PAYMENT, reference="1OR00000000000001", reference_type="ODR", custom=charge_id)
    assert line(row) == SettlementLine(
        number=5,
        kind="payment",
        psp_type="T0006",
        psp_reference="5AB00000000000001",
        references=("5AB00000000000001", "1OR00000000000001"),
        parent_reference=None,
        our_reference=charge_id,
        currency=line(row).currency,
        gross_minor=10_000,
        fee_minor=-379,
        occurred_at=datetime(2026, 11, 20, 18, 0, 0, tzinfo=UTC),
        payout_reference=None,
        bank_reference=None,
        presentment=None,
        group=None,
    )
    assert line(row).currency == "usd"
    assert line(row).net_minor == 9_621


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_p1_byte_order_mark_hides_no_row_kind(encoding: str) -> None:
    content = joined(stl_lines([PAYMENT])).decode().encode(encoding)
    assert [one.gross_minor for one in lines_of(content, "paypal_stl")] == [10_000]


def test_p2_later_file_of_a_report_begins_without_its_header() -> None:
    whole = stl_lines([PAYMENT])
    file = parsed(joined(['"FH",02', *whole[2:]]), "paypal_stl")
    assert len(list(file.lines)) == 1
    assert (file.facts.sequence, file.facts.version, file.facts.continued) == (2, None, False)


def test_p3_columns_are_found_by_name_in_any_order() -> None:
    shuffled = ("Added By PayPal", *reversed(STL_COLUMNS))
    file = parsed(joined(stl_lines([PAYMENT], shuffled)), "paypal_stl")
    assert [one.fee_minor for one in file.lines] == [-379]
    assert "added by paypal" in file.facts.extra_columns
    assert "transaction id" not in file.facts.extra_columns


def test_p3_old_header_with_two_spaces_is_the_same_column() -> None:
    old = [name.replace("Transaction Debit", "Transaction  Debit") for name in STL_COLUMNS]
    text = (
        joined(stl_lines([PAYMENT]))
        .decode()
        .replace(",".join(map('"{}"'.format, STL_COLUMNS)), ",".join(old))
    )
    assert "Transaction  Debit or Credit" in text
    assert [one.gross_minor for one in lines_of(text.encode(), "paypal_stl")] == [10_000]


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [("USD", "10000", 10_000), ("JPY", "10000", 100), ("HUF", "15000", 15_000)],
)
def test_p5_amount_in_hundredths_is_scaled_by_currency(currency: str, amount: str, minor: int) -> None:
    assert line(StlRow(currency=currency, amount=amount)).gross_minor == minor


def test_p7_refund_gives_a_part_of_the_fee_back() -> None:
    refund_id = new_refund_id()
    row = StlRow(
        code="T1107",
        direction="DR",
        amount="134",
        reference="5AB00000000000009",
        reference_type="TXN",
        custom=refund_id,
    )
    found = line(with_fee(row, "CR", "47"))
    assert (found.kind, found.gross_minor, found.fee_minor) == ("refund", -134, 47)
    assert (found.parent_reference, found.our_reference) == ("5AB00000000000009", refund_id)
    assert found.references == ("5AB00000000000001",)


@pytest.mark.parametrize("code", ["T0000", "T0002", "T0003", "T0006", "T0013", "T0099"])
def test_p8_group_decides_kind_and_direction_who_pays(code: str) -> None:
    assert line(StlRow(code=code)).kind == "payment"
    assert line(StlRow(code=code, direction="DR")).kind == "outgoing"


def test_p9_withdrawal_is_a_payout_with_the_banks_reference() -> None:
    found = line(StlRow(code="T0400", direction="DR", amount="5000", bank="BANKREF0001"))
    assert (found.kind, found.gross_minor, found.fee_minor) == ("payout", -5_000, 0)
    assert (found.payout_reference, found.bank_reference) == (found.psp_reference, "BANKREF0001")


def test_p9_returned_withdrawal_names_the_one_that_came_back() -> None:
    row = StlRow(code="T1101", amount="5000", reference="5AB00000000000400", reference_type="TXN")
    found = line(row)
    assert (found.kind, found.gross_minor, found.payout_reference) == (
        "payout_returned",
        5_000,
        "5AB00000000000400",
    )


def test_p10_chargeback_fee_is_the_fee_of_its_dispute() -> None:
    row = StlRow(
        code="T0106", direction="DR", amount="2000", reference="5AB00000000001201", reference_type="TXN"
    )
    found = line(row)
    assert (found.kind, found.gross_minor, found.fee_minor) == ("dispute", 0, -2_000)
    assert found.parent_reference == "5AB00000000001201"


@pytest.mark.parametrize("code", ["T1108", "T1109"])
def test_p11_fee_given_back_months_later_names_the_fee(code: str) -> None:
    found = line(StlRow(code=code, amount="2000", reference="5AB00000000000106", reference_type="TXN"))
    assert (found.kind, found.gross_minor, found.fee_minor) == ("fee_reversal", 0, 2_000)
    assert found.parent_reference == "5AB00000000000106"


def test_p12_hold_release_and_chargebacks_are_apart() -> None:
    codes = (
        ("T1110", "DR"),
        ("T1111", "CR"),
        ("T1106", "DR"),
        ("T1201", "DR"),
        ("T1202", "CR"),
        ("T1201", "DR"),
    )
    rows = [
        StlRow(
            f"5AB0000000000000{place}", code=code, direction=direction, reference="P", reference_type="TXN"
        )
        for place, (code, direction) in enumerate(codes)
    ]
    assert [(one.kind, one.gross_minor) for one in lines(*rows)] == [
        ("hold", -10_000),
        ("release", 10_000),
        ("dispute", -10_000),
        ("dispute", -10_000),
        ("dispute_reversal", 10_000),
        ("dispute", -10_000),
    ]


@pytest.mark.parametrize(("direction", "minor"), [("CR", 10_000), ("DR", -10_000)])
def test_p13_correction_is_an_adjustment_in_both_directions(direction: str, minor: int) -> None:
    found = line(StlRow(code="T1900", direction=direction))
    assert (found.kind, found.gross_minor) == ("adjustment", minor)


@pytest.mark.parametrize("target_first", [True, False])
def test_p14_conversion_pair_has_one_group_in_any_order(target_first: bool) -> None:  # noqa: FBT001 -- a parameter
    pair = [
        StlRow("C1", "T0200", "DR", "1162", "BRL", invoice="INV1", reference="P1", reference_type="TXN"),
        StlRow("C2", "T0200", "CR", "230", "USD", invoice="INV1", reference="P1", reference_type="TXN"),
    ]
    refunded = StlRow("C3", "T0200", "CR", "1", "USD", invoice="INV1", reference="R1", reference_type="TXN")
    other = replace(refunded, invoice="INV2", reference="P1")
    one, two, three, four = lines(*(reversed(pair) if target_first else pair), refunded, other)
    assert one.group == two.group
    assert len({None, one.group, three.group, four.group}) == 4


def test_p15_conversion_that_a_user_asked_for_links_both_rows() -> None:
    one, two, three = lines(
        StlRow("C1", "T0201", "DR", "1000", "EUR", reference="C2", reference_type="TXN"),
        StlRow("C2", "T0201", "CR", "1100", "USD", reference="C1", reference_type="TXN"),
        StlRow("C3", "T0201", "CR", "1100", "USD", reference="C4", reference_type="TXN"),
    )
    assert (one.group, two.group) == (two.psp_reference, one.psp_reference)
    assert three.group == "C4"


def test_p14_conversion_without_an_invoice_has_one_group() -> None:
    paid = StlRow("C1", "T0200", "DR", "1162", "BRL", reference="P1", reference_type="TXN")
    one, two, other = lines(
        paid, replace(paid, transaction="C2", direction="CR"), replace(paid, reference="P2")
    )
    assert one.group == two.group != other.group


def test_p16_currency_converted_to_nothing_needs_no_footer() -> None:
    rows = [
        with_fee(StlRow("P1", amount="1500", currency="BRL"), "DR", "338"),
        StlRow("C1", "T0200", "DR", "1162", "BRL", invoice="I", reference="P1", reference_type="TXN"),
        StlRow("C2", "T0200", "CR", "230", "USD", invoice="I", reference="P1", reference_type="TXN"),
    ]
    content = [one for one in stl_lines(rows) if not one.startswith(('"SF","BRL"', '"RF","BRL"'))]
    file = parsed(joined(content), "paypal_stl")
    assert len(list(file.lines)) == 3
    assert file.stated.keys() == {"usd"}
    assert file.computed.keys() == {"brl", "usd"}


def test_p17_our_id_is_taken_from_custom_field_then_invoice() -> None:
    charge_id, refund_id = new_charge_id(), new_refund_id()
    found = lines(
        replace(PAYMENT, custom=refund_id, invoice=charge_id),
        replace(PAYMENT, custom="order 17 of a shop", invoice=charge_id),
        replace(PAYMENT, custom="order 17 of a shop", invoice="4111111111111111"),
        replace(PAYMENT, custom=f"{charge_id} "),
        replace(PAYMENT, custom=f"ch_8{charge_id[4:]}"),
        replace(PAYMENT, custom=f"{charge_id[:10]}u{charge_id[11:]}"),
        replace(PAYMENT, custom=charge_id.upper()),
    )
    assert [one.our_reference for one in found] == [refund_id, charge_id, None, None, None, None, None]


def test_p17_refund_made_at_paypal_is_no_refund_of_ours() -> None:
    charge_id, refund_id = new_charge_id(), new_refund_id()
    refund = StlRow(code="T1107", direction="DR", reference="5AB00000000000009", reference_type="TXN")
    made_there, ours = lines(
        replace(refund, custom=charge_id, invoice=charge_id),
        replace(refund, custom=refund_id, invoice=charge_id),
    )
    assert (made_there.our_reference, made_there.parent_reference) == (None, "5AB00000000000009")
    assert ours.our_reference == refund_id


def test_p19_business_day_is_the_sections_range_with_its_offset() -> None:
    file = parsed(joined(stl_lines([PAYMENT])), "paypal_stl")
    list(file.lines)
    zone = timezone(timedelta(hours=-8))
    assert file.facts.period_start == datetime(2026, 11, 20, tzinfo=zone)
    assert file.facts.period_end == datetime(2026, 11, 20, 23, 59, 59, tzinfo=zone)
    assert file.facts.period_start is not None
    assert file.facts.period_start.utcoffset() == timedelta(hours=-8)
    assert (file.facts.account_id, file.facts.version, file.facts.sequence) == (ACCOUNT, "009", 1)


def test_p20_file_without_report_footer_says_that_it_goes_on() -> None:
    content = [one for one in stl_lines([PAYMENT]) if not one.startswith(('"RF"', '"RC"'))]
    file = parsed(joined(content), "paypal_stl")
    list(file.lines)
    assert file.facts.continued


def test_p20_last_file_may_end_with_footers_of_the_whole_report() -> None:
    first, second = StlRow("P1", amount="700"), StlRow("P2", amount="800")
    whole = stl_lines([second])
    content = [
        '"FH",02',
        *whole[2:7],
        *stl_footers("RF", [first, second]),
        '"RC",2',
        '"FF",1',
    ]
    assert len(lines_of(joined(content), "paypal_stl")) == 1


def test_p22_code_added_to_a_known_group_is_read_by_its_group() -> None:
    assert kinds_of("T0499") == GROUPS["T04"]
    assert kinds_of("T1299") == GROUPS["T12"]
    assert kinds_of("T1201") == CODES["T1201"]
    assert [kinds_of(code) for code in ("T4000", "T12", "t1201", "T12011", "T12\u0661\u0661")] == [None] * 5


def test_each_code_that_differs_is_of_a_known_group() -> None:
    assert {code[:3] for code in CODES} <= GROUPS.keys()
    assert [
        code for code, kinds in CODES.items() if kinds[:2] == GROUPS[code[:3]][:2] and not kinds.is_fee
    ] == []


def test_stated_and_computed_totals_are_known_at_the_end_only() -> None:
    rows = [
        PAYMENT,
        with_fee(StlRow("R1", "T1107", "DR", "2500"), "CR", "90"),
        StlRow("J1", currency="JPY", amount="50000"),
    ]
    file = parsed(joined(stl_lines(rows)), "paypal_stl")
    next(file.lines)
    with pytest.raises(RuntimeError, match="not read to its end"):
        _ = file.facts
    list(file.lines)
    usd, jpy = (file.stated[currency] for currency in sorted(file.stated, reverse=True))
    assert (usd.beginning_minor, usd.ending_minor) == (5_000, 5_000 + 10_000 - 379 - 2_500 + 90)
    assert (usd.gross_credit_minor, usd.gross_debit_minor, usd.fee_credit_minor, usd.fee_debit_minor, usd.rows) == (
        10_000, 2_500, 90, 379, 2,
    )  # fmt: skip
    assert (jpy.beginning_minor, jpy.ending_minor, jpy.gross_credit_minor) == (50, 550, 500)
    computed = file.computed[usd.currency]
    assert computed.net_minor == 10_000 - 379 - 2_500 + 90
    assert [
        (one.psp_type, one.kind, one.rows, one.gross_minor, one.fee_minor) for one in computed.by_type
    ] == [
        ("T0006", "payment", 1, 10_000, -379),
        ("T1107", "refund", 1, -2_500, 90),
    ]


def test_negative_balance_is_a_debit() -> None:
    content = stl_lines([StlRow(code="T1201", direction="DR", amount="700")])
    totals = [0, 700, 0, 0, 1]
    content[5] = stl_footer("SF", "USD", totals, -100, -800)
    content[7] = stl_footer("RF", "USD", totals, -100, -800)
    file = parsed(joined(content), "paypal_stl")
    list(file.lines)
    (usd,) = file.stated.values()
    assert (usd.beginning_minor, usd.ending_minor) == (-100, -800)


def test_balance_is_the_available_one() -> None:
    """Money that is held leaves it, by a row, and stays in the total one."""
    content = stl_lines([StlRow(code="T1110", direction="DR", amount="700")])
    for place, kind in ((5, "SF"), (7, "RF")):
        content[place] = f'"{kind}","USD",0,700,0,0,"CR",900,"CR",200,"CR",900,"CR",900,"CR",0,"CR",0,1'
    file = parsed(joined(content), "paypal_stl")
    list(file.lines)
    (usd,) = file.stated.values()
    assert (usd.beginning_minor, usd.ending_minor) == (900, 200)


def test_two_sections_are_summed() -> None:
    row, other = StlRow("P1", amount="700"), StlRow("P2", amount="800")
    whole = stl_lines([row])
    second = [whole[2], whole[3], stl_row(other), *stl_footers("SF", [other], 300), '"SC",1']
    content = [*whole[:7], *second, *stl_footers("RF", [row, other], 5_300), '"RC",2', '"FF",2']
    file = parsed(joined(content), "paypal_stl")
    assert [one.gross_minor for one in file.lines] == [700, 800]
    (usd,) = file.stated.values()
    assert (usd.beginning_minor, usd.ending_minor, usd.rows) == (5_300, 6_800, 2)


def test_report_of_a_day_without_rows_is_whole() -> None:
    file = parsed(joined(stl_lines([])), "paypal_stl", Expected(ACCOUNT))
    assert list(file.lines) == []
    assert (file.stated, file.computed) == ({}, {})


def test_report_without_bank_references_is_read() -> None:
    columns = [name for name in STL_COLUMNS if name != "Bank Reference ID"]
    (found,) = lines_of(joined(stl_lines([PAYMENT], columns)), "paypal_stl")
    assert found.bank_reference is None
