"""Rows for spreadsheets: what others wrote stays text there."""

import csv
import io
from datetime import UTC, datetime

import pytest

from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId
from fincore.read.ledgerdb.export_formats import CSV_COLUMNS, FORMATS
from fincore.read.ledgerdb.exported import ExportedEntry, ExportedPosting

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def row_of(
    *, description: str = "stripe pi_1", reason: str | None = None, balance_after_minor: int = 100
) -> dict[str, str]:
    posting = ExportedPosting(
        leg=1,
        account="psp:stripe:test:clearing:usd",
        account_type="asset",
        side="debit",
        amount_minor=100,
        amount="1.00",
        currency=Currency("usd"),
        balance_after_minor=balance_after_minor,
    )
    entry = ExportedEntry(
        entry_id=1,
        livemode=False,
        source="operator",
        event_id=None,
        kind="suspense.cleared",
        charge=ChargeId("ch_1"),
        effective_at=NOON,
        booked_at=NOON,
        late_for=None,
        description=description,
        reason=reason,
        booked_by="ada",
        clears_entry_id=None,
        settlement=None,
        postings=(posting,),
    )
    (row,) = csv.DictReader(io.StringIO(FORMATS["csv"].entry(entry), newline=""), CSV_COLUMNS)
    return row


@pytest.mark.parametrize(
    "text",
    ["=HYPERLINK(0)", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"],
    ids=["equals", "plus", "minus", "at", "tab", "return"],
)
def test_csv_text_resembling_a_formula_is_quoted(text: str) -> None:
    row = row_of(description=text, reason=text)
    assert (row["description"], row["reason"]) == (f"'{text}", f"'{text}")


def test_other_text_and_all_numbers_are_left_as_they_are() -> None:
    row = row_of(description="agreed by mail = final", reason="'quoted'", balance_after_minor=-250)
    assert row["description"] == "agreed by mail = final"
    assert row["reason"] == "'quoted'"
    assert (row["balance_after_minor"], row["amount"]) == ("-250", "1.00")
    assert row["event_id"] == ""
