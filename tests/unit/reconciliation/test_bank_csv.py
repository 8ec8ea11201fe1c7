"""A bank's statement as CSV is read by the names of its columns, and refused for anything else."""

from datetime import UTC, datetime

import pytest

from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.parsed_file import Expected, FileRefused
from fixtures.settlement_files import ANY, lines_of, parsed, table

COLUMNS = (
    "date",
    "amount",
    "currency",
    "reference",
    "account",
    "payment_reference",
    "text",
    "balance",
    "memo",
)
ROW = {
    "date": "2026-11-23",
    "amount": "96.21",
    "currency": "EUR",
    "reference": "B0001",
    "account": "DE02120300000000202051",
    "payment_reference": "PAYPAL5AB0001",
    "text": "payout 5ABREF0001 of Jane Doe",
    "balance": "196.21",
    "memo": "",
}


def lines(*rows: dict[str, str]) -> list[SettlementLine]:
    return lines_of(table(rows, COLUMNS), "bank_csv")


def refusal(content: bytes, expected: Expected = ANY) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        lines_of(content, "bank_csv", expected)
    return refused.value


def test_row_becomes_a_line_of_the_bank() -> None:
    file = parsed(table([ROW], COLUMNS), "bank_csv")
    (found,) = file.lines
    assert (found.number, found.kind, found.psp_reference, found.gross_minor) == (2, "payout", "B0001", 9_621)
    assert found.references == ("B0001", "PAYPAL5AB0001", "5ABREF0001")
    assert found.occurred_at == datetime(2026, 11, 23, tzinfo=UTC)
    assert (file.facts.account_id, file.facts.extra_columns) == (ROW["account"], ("memo",))
    (eur,) = file.stated.values()
    assert (eur.beginning_minor, eur.ending_minor) == (10_000, 19_621)


def test_four_columns_are_enough() -> None:
    file = parsed(table([{**ROW, "amount": "-5"}], COLUMNS[:4]), "bank_csv")
    assert [one.gross_minor for one in file.lines] == [-500]
    assert (file.stated, file.facts.account_id) == ({}, None)


def test_balance_must_move_by_each_amount() -> None:
    second = {**ROW, "amount": "-0.21", "balance": "196.00"}
    assert len(lines(ROW, second)) == 2
    refused = refusal(table([ROW, {**second, "balance": "196.01"}], COLUMNS))
    assert (refused.line_number, "does not move the balance" in refused.reason) == (3, True)
    assert refusal(table([ROW, ROW], COLUMNS)).line_number == 3


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"date": "23.11.2026"}, "'23.11.2026' is no day"),
        ({"date": "2026-11-23T00:00"}, "is no day"),
        ({"date": "2026-02-30"}, "is no day"),
        ({"amount": "96,21"}, "'96,21' is no amount of EUR"),
        ({"amount": "96.211"}, "'96.211' is no amount of EUR"),
        ({"currency": "XXX"}, "'XXX' is no currency"),
        ({"reference": ""}, "must have a reference"),
        ({"payment_reference": "x" * 256}, "none of more than 255 characters"),
        ({"date": "2026-W10-1"}, "'2026-W10-1' is no day"),
        ({"balance": ""}, "'' is no amount of EUR"),
        ({"account": ""}, "is about the account ''"),
    ],
)
def test_row_of_a_statement_that_is_wrong_is_refused(wrong: dict[str, str], reason: str) -> None:
    refused = refusal(table([ROW, {**ROW, "balance": "292.42", **wrong}], COLUMNS))
    assert (refused.line_number, reason in refused.reason) == (3, True)


@pytest.mark.parametrize("name", COLUMNS[:4])
def test_statement_without_a_column_is_refused(name: str) -> None:
    refused = refusal(table([ROW], [one for one in COLUMNS if one != name]))
    assert refused.reason == f"lacks the column {name!r}"


def test_statement_row_of_another_width_or_account_is_refused() -> None:
    assert "fields, and the header 9" in refusal(table([ROW], COLUMNS) + b"a,b\n").reason
    assert "must be about 'other'" in refusal(table([ROW], COLUMNS), Expected("other")).reason
    assert "the file is empty" in refusal(b"").reason
