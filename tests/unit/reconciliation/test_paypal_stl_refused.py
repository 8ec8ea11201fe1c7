"""A settlement report of PayPal's with anything in it that is not understood is refused as a whole, with the line."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from fincore.reconciliation.formats.paypal_rows import FOLLOWING, ROW_KINDS
from fincore.reconciliation.parsed_file import Expected, FileRefused
from fincore.reconciliation.totals import TYPES_MAX
from fixtures.settlement_files import (
    ANY,
    STL_COLUMNS,
    StlRow,
    joined,
    lines_of,
    stl_footer,
    stl_footers,
    stl_lines,
    with_fee,
)

ROW = with_fee(StlRow(), "DR", "379")
WHOLE = stl_lines([ROW])
TEN_TO_18 = 10**18
BODY, SECTION_FOOTER, SECTION_COUNT, REPORT_FOOTER, REPORT_COUNT, FILE_COUNT = range(4, 10)


def refusal(content: bytes, expected: Expected = ANY) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        lines_of(content, "paypal_stl", expected)
    return refused.value


def refusal_of(row: StlRow) -> FileRefused:
    return refusal(joined([*WHOLE[:BODY], *stl_lines([row])[BODY:]]))


def altered(place: int, alter: Callable[[str], str]) -> bytes:
    return joined([*WHOLE[:place], alter(WHOLE[place]), *WHOLE[place + 1 :]])


def test_whole_file_is_not_refused() -> None:
    assert len(lines_of(joined(WHOLE), "paypal_stl")) == 1


def test_p2_unknown_row_kind_is_refused_with_its_line() -> None:
    refused = refusal(altered(BODY, lambda line: line.replace("SB", "XB", 1)))
    assert (refused.line_number, refused.reason) == (5, "begins with 'XB', which is no kind of row")


def test_p2_body_before_its_column_header_is_refused() -> None:
    refused = refusal(joined([*WHOLE[:3], WHOLE[BODY]]))
    assert refused.line_number == 4
    assert "is SB (section body) where CH (column header) must stand" in refused.reason


@pytest.mark.parametrize("place", range(len(WHOLE)))
def test_each_row_that_is_missing_is_noticed(place: int) -> None:
    """But for the pair of footers of the report, which a file that another one follows does not have."""
    assert refusal(joined([*WHOLE[:place], *WHOLE[place + 1 :]])).reason


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_file_that_ends_early_is_refused(length: int) -> None:
    refused = refusal(joined(WHOLE[:length]))
    assert "the file ends here" in refused.reason
    assert refused.line_number == (length or None)


@pytest.mark.parametrize("place", range(len(WHOLE)))
def test_each_row_that_stands_twice_is_noticed(place: int) -> None:
    assert refusal(joined([*WHOLE[: place + 1], *WHOLE[place:]])).line_number is not None


@pytest.mark.parametrize("alter", [lambda line: line + ",", lambda line: line.rpartition(",")[0]])
def test_p4_row_with_another_column_count_is_refused(alter: Callable[[str], str]) -> None:
    refused = refusal(altered(BODY, alter))
    assert refused.line_number == 5
    assert "fields, and the column header 22" in refused.reason


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (replace(ROW, currency="XXX"), "'XXX' is no currency"),
        (replace(ROW, code="T4006"), "'T4006' is no transaction event code of a known group"),
        (replace(ROW, code="T006"), "'T006' is no transaction event code of a known group"),
        (replace(ROW, completed="2026/02/30 00:00:00 -0800"), "'2026/02/30 00:00:00 -0800' is no date"),
        (replace(ROW, initiated="20.11.2026"), "'20.11.2026' is no date"),
        (replace(ROW, completed="0001/01/01 00:00:00 +0800"), "is no date"),
        (replace(ROW, completed="2026/11/20 10:00:00      "), "is no date"),
        (replace(ROW, transaction=""), "must have a transaction id"),
        (replace(ROW, transaction="X" * 256), "at most 255 characters"),
    ],
)
def test_row_with_an_unknown_word_is_refused(wrong: StlRow, reason: str) -> None:
    refused = refusal_of(wrong)
    assert refused.line_number == 5
    assert reason in refused.reason


@pytest.mark.parametrize("amount", ["", "-1", "+1", "1.5", "1,5", "1e5", "1_0", " 1", "\u0661", "9" * 16])
def test_text_that_is_no_amount_is_refused(amount: str) -> None:
    refused = refusal(altered(BODY, lambda line: line.replace(",10000,", f',"{amount}",')))
    assert refused.line_number == 5
    assert "is no amount of USD in hundredths" in refused.reason


def test_p5_amount_with_a_fraction_that_its_currency_lacks() -> None:
    refused = refusal(joined([*WHOLE[:BODY], *stl_lines([StlRow(currency="JPY", amount="12345")])[BODY:]]))
    assert (refused.line_number, "'12345' is no amount of JPY" in refused.reason) == (5, True)


def test_p6_amount_in_major_units_is_refused() -> None:
    """The balance report writes them so; no scale is ever guessed from an amount's form."""
    refused = refusal(altered(BODY, lambda line: line.replace(",10000,", ",100.00,")))
    assert (refused.line_number, "'100.00' is no amount of USD in hundredths" in refused.reason) == (5, True)


def test_p18_transaction_detail_report_is_refused() -> None:
    refused = refusal(joined(stl_lines([ROW], [*STL_COLUMNS, "Transactional Status"])))
    assert refused.line_number == 4
    assert "this is a transaction detail report" in refused.reason


@pytest.mark.parametrize("direction", ["", "cr", "Credit", "C"])
def test_direction_that_is_neither_word_is_refused(direction: str) -> None:
    assert "in place of CR or DR" in refusal_of(replace(ROW, direction=direction)).reason
    assert "in place of CR or DR" in refusal_of(replace(ROW, fee_direction=direction)).reason


def test_fee_in_another_currency_is_refused() -> None:
    refused = refusal(altered(BODY, lambda line: line.replace("DR,379,USD", "DR,379,EUR")))
    assert "has its fee in 'EUR' and its amount in 'USD'" in refused.reason


def test_fee_with_a_direction_and_no_amount_is_refused() -> None:
    refused = refusal(altered(BODY, lambda line: line.replace("DR,379,USD", "DR,,USD")))
    assert "'' is no amount of USD" in refused.reason


@pytest.mark.parametrize("place", [SECTION_FOOTER, REPORT_FOOTER])
@pytest.mark.parametrize("field", [2, 3, 4, 5, 7, 9, 18])
def test_footer_that_is_off_by_one_is_refused(place: int, field: int) -> None:
    def alter(line: str) -> str:
        fields = line.split(",")
        fields[field] = str(int(fields[field]) + 1)
        return ",".join(fields)

    refused = refusal(altered(place, alter))
    assert refused.line_number == place + 1
    assert "stated" in refused.reason or "the available balance goes from" in refused.reason


@pytest.mark.parametrize("place", [SECTION_FOOTER, REPORT_FOOTER])
def test_footer_of_another_shape_is_refused(place: int) -> None:
    assert "has 20 fields; " in refusal(altered(place, lambda line: line + ",1")).reason
    assert "'XXX' is no currency" in refusal(altered(place, lambda line: line.replace("USD", "XXX"))).reason
    assert "in place of CR or DR" in refusal(altered(place, lambda line: line.replace("CR", "cr", 1))).reason
    assert "is no amount of USD" in refusal(altered(place, lambda line: line.replace("10000", "1e4"))).reason


@pytest.mark.parametrize("place", [SECTION_FOOTER, REPORT_FOOTER])
def test_second_footer_of_a_currency_is_refused(place: int) -> None:
    refused = refusal(joined([*WHOLE[: place + 1], *WHOLE[place:]]))
    assert refused.line_number == place + 2
    assert "is a second footer of USD" in refused.reason


def test_p16_missing_footer_is_refused_where_money_moved() -> None:
    refused = refusal(joined([*WHOLE[:SECTION_FOOTER], *WHOLE[SECTION_COUNT:]]))
    assert refused.line_number == SECTION_FOOTER + 1
    assert "no footer stood before for USD: its rows move 96.21 USD" in refused.reason


@pytest.mark.parametrize("place", [SECTION_COUNT, REPORT_COUNT, FILE_COUNT])
@pytest.mark.parametrize("count", ["0", "2", "", "-1", "1.0", "x"])
def test_count_of_rows_that_is_wrong_is_refused(place: int, count: str) -> None:
    refused = refusal(altered(place, lambda line: line.replace(",1", f",{count}")))
    assert refused.line_number == place + 1


def test_balances_of_the_report_must_be_those_of_its_sections() -> None:
    content = [*WHOLE[:REPORT_FOOTER], *stl_footers("RF", [ROW], 6_000), *WHOLE[REPORT_COUNT:]]
    assert "its balances are not those of the sections" in refusal(joined(content)).reason


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (10, "beginning total balance"),
        (12, "ending total balance"),
        (14, "beginning payable balance"),
        (16, "ending payable balance"),
    ],
)
def test_balances_that_no_row_moves_are_those_of_the_sections(place: int, name: str) -> None:
    """Total and payable: a footer of the report with another one names the balance and the line."""
    fields = WHOLE[REPORT_FOOTER].split(",")
    fields[place + 1] = "123"
    refused = refusal(joined([*WHOLE[:REPORT_FOOTER], ",".join(fields), *WHOLE[REPORT_COUNT:]]))
    assert refused.line_number == REPORT_FOOTER + 1
    assert f"the {name} is 1.23 USD, and " in refused.reason


def test_last_file_of_a_report_cannot_exceed_the_report() -> None:
    more = ['"FH",02', *WHOLE[2:REPORT_FOOTER]]
    less = stl_footers("RF", [replace(ROW, amount="9999")])
    assert "less of the whole report" in refusal(joined([*more, *less, '"RC",1', '"FF",1'])).reason
    (unmoved,) = (line.replace('"CR",14621', '"CR",14622') for line in stl_footers("RF", [ROW]))
    assert "14621" not in unmoved
    assert "goes from 50.00 USD to 146.22 USD" in refusal(joined([*more, unmoved, '"RC",1', '"FF",1'])).reason
    same = stl_footers("RF", [ROW])
    assert "fewer rows than this file" in refusal(joined([*more, *same, '"RC",0', '"FF",1'])).reason


@pytest.mark.parametrize("name", STL_COLUMNS[:14])
def test_missing_column_is_refused(name: str) -> None:
    columns = [one for one in STL_COLUMNS if one != name]
    refused = refusal(joined(stl_lines([ROW], columns)))
    assert (refused.line_number, refused.reason) == (4, f"lacks the column {name.lower()!r}")


def test_column_named_twice_is_refused() -> None:
    refused = refusal(joined(stl_lines([ROW], [*STL_COLUMNS, "Fee  Amount"])))
    assert "names the column 'fee amount' twice" in refused.reason


@pytest.mark.parametrize("version", ["008", "011", "", "9.0"])
def test_unknown_version_is_refused(version: str) -> None:
    refused = refusal(altered(0, lambda line: line.replace("009", version)))
    assert refused.line_number == 1


@pytest.mark.parametrize(
    ("place", "old", "new"),
    [
        (0, "2026/11/21", "2026-11-21"),
        (1, "01", "00"),
        (1, "01", "one"),
        (2, "2026/11/20 23:59:59", "2026/11/19 23:59:59"),
        (2, "2026/11/20 00:00:00 -0800", "yesterday"),
    ],
)
def test_header_that_cannot_be_read_is_refused(place: int, old: str, new: str) -> None:
    assert refusal(altered(place, lambda line: line.replace(old, new))).line_number == place + 1


def test_first_file_without_report_header_is_refused() -> None:
    refused = refusal(joined(WHOLE[1:]))
    assert (refused.line_number, refused.reason) == (
        1,
        "the first file of a report begins with RH (report header)",
    )


def test_report_about_another_account_is_refused() -> None:
    refused = refusal(joined(WHOLE), Expected("MERCHANT8OTHER"))
    assert refused.line_number == 3
    assert "is about the account 'MERCHANT7XACCT', and must be about 'MERCHANT8OTHER'" in refused.reason


def test_section_that_names_no_account_is_refused() -> None:
    assert (
        refusal(altered(2, lambda line: line.replace('"MERCHANT7XACCT",""', '"","PARTNER"'))).reason
        == "names no account"
    )


def test_more_types_than_any_real_file_has_are_refused() -> None:
    codes = [f"T{group}{place:02d}" for group in ("00", "11", "12") for place in range(100)]
    rows = [
        StlRow(code=code, currency=currency)
        for currency in ("USD", "EUR", "GBP", "CAD", "AUD", "SEK", "NOK")
        for code in codes
    ]
    assert len(rows) > TYPES_MAX
    refused = refusal(joined(stl_lines(rows)))
    assert (refused.line_number, "one more than 2,000 event codes" in refused.reason) == (5 + TYPES_MAX, True)


def test_second_section_about_another_account_is_refused() -> None:
    other = WHOLE[2].replace("MERCHANT7XACCT", "MERCHANT8OTHER")
    refused = refusal(joined([*WHOLE[:REPORT_FOOTER], other]))
    assert refused.line_number == REPORT_FOOTER + 1


def test_empty_line_is_refused_before_the_end_only() -> None:
    assert refusal(joined([*WHOLE[:BODY], "", *WHOLE[BODY:]])).reason == "is empty"
    assert len(lines_of(joined([*WHOLE, "", ""]), "paypal_stl")) == 1


def test_amounts_beyond_what_can_be_booked_are_refused() -> None:
    pairs = [
        StlRow(f"{code}{place}", code, direction, "9" * 15, "USD")
        for place in range(9_300)
        for code, direction in (("T0200", "CR"), ("T0200", "DR"))
    ]
    content = [one for one in stl_lines(pairs) if not one.startswith(('"SF"', '"RF"'))]
    assert "add up to more than can be booked" in refusal(joined(content)).reason


@pytest.mark.parametrize(("currency", "sections"), [("KWD", 1), ("USD", 2)])
def test_balances_beyond_what_can_be_booked_are_refused(currency: str, sections: int) -> None:
    """Each within its digits: the dinar has thousandths, and the balances of sections are added."""
    whole = stl_lines([StlRow(currency=currency, amount="1")])
    section = [
        *whole[2:SECTION_FOOTER],
        stl_footer("SF", currency, [1, 0, 0, 0, 1], TEN_TO_18 - 2, TEN_TO_18 - 1),
    ]
    content = joined([*whole[:2], *[*section, '"SC",1'] * sections, f'"FF",{sections}'])
    assert f"states more of {currency} than can be booked" in refusal(content).reason


def test_reason_repeats_no_card_number() -> None:
    assert "4111111111111111" not in str(refusal_of(replace(ROW, code="4111111111111111")))


def test_each_place_of_the_row_table_can_be_reached() -> None:
    reached = {place for following in FOLLOWING.values() for place in following.values()}
    assert reached | {"start"} == FOLLOWING.keys()
    assert {kind for following in FOLLOWING.values() for kind in following} == ROW_KINDS.keys()
