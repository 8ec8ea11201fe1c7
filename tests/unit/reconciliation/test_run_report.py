"""The forms of a run's report: JSON to the byte, CSV and HTML that no name can break out of, and text."""

import csv
import io
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from fincore.cli.settlement_report_text import report_text
from fincore.domain.currency import Currency
from fincore.reconciliation.report.csv_rows import COLUMNS
from fincore.reconciliation.report.report_csv import report_csv
from fincore.reconciliation.report.report_html import report_html
from fincore.reconciliation.report.run_report import (
    CheckedReport,
    RunReport,
    Tie,
    amount_text,
    report_json,
    tie_text,
)
from fixtures.run_report import SMALL, hostile

GOLDEN = Path(__file__).parent / "run_report.json"
SHA256 = "c" * 64
VOID = {"meta"}


class Tags(HTMLParser):
    """The tags of a page, each closed; the attributes there are."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def rows(report: RunReport) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(report_csv(report, SHA256))))


def printed(report: RunReport, flaw: str | None = None) -> str:
    return report_text(CheckedReport(report=report, sha256=SHA256, flaw=flaw))


def test_report_as_json_is_the_golden_file() -> None:
    """A change of these bytes is a further FORM_VERSION: reports of before would no longer have their hash."""
    assert report_json(SMALL) == GOLDEN.read_bytes()


def test_page_is_whole_beside_hostile_names() -> None:
    page = Tags()
    text = report_html(hostile(), SHA256, "a flaw")
    page.feed(text)
    assert page.open == []
    assert "script" not in page.seen
    assert text.count("<style>") == 1
    assert page.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class", "scope"}
    assert all(one.isprintable() or one == "\n" for one in text)


def test_page_shows_in_red_what_does_not_tie() -> None:
    text = report_html(hostile(), SHA256, None)
    assert '<p class="bad">The report does not tie to the ledger' in text
    assert (
        '<p class="bad">clearing 1,010,161 JPY is not uncleared 1,009,680 JPY + matched by this run 480 JPY'
        in text
    )
    assert '<p class="bad">The ledger says that the PSP holds 473 JPY' in text
    assert 'class="bad"' not in report_html(SMALL, SHA256, None)


def test_page_shows_in_red_that_it_is_another_report() -> None:
    assert '<p class="bad">This is not the report' in report_html(SMALL, SHA256, "its hash was other")


def test_table_has_no_cell_that_is_a_formula() -> None:
    found = rows(hostile())
    assert [row["name"] for row in found if row["section"] == "break"] == ["'=HYPERLINK(1)"]
    assert all(one.isprintable() for row in found for one in row.values())


def test_table_keeps_columns_and_negative_amounts() -> None:
    found = rows(SMALL)
    assert tuple(found[0]) == COLUMNS
    (one,) = [row for row in found if row["section"] == "breaks"]
    assert (one["amount_minor"], one["amount"], one["count"], one["from_days"]) == ("-7", "-7", "2", "3")


def test_table_has_as_many_digits_as_the_currency() -> None:
    total = msgspec.structs.replace(SMALL.uncleared[0], currency=Currency("kwd"), amount_minor=-1_005)
    (row, *_) = [
        row
        for row in rows(msgspec.structs.replace(SMALL, uncleared=(total,)))
        if row["section"] == "headline"
    ]
    assert (row["amount_minor"], row["amount"]) == ("-1005", "-1.005")


def test_text_tells_what_ties_and_the_hashes() -> None:
    text = printed(SMALL)
    assert "test  1,009,680 JPY  9,680 JPY  1,000,000 JPY" in text
    assert "1 account tied to the ledger" in text
    assert text.endswith(f"sha256 {SHA256}\nbefore {'b' * 64}")


def test_text_tells_what_does_not_tie_and_the_flaw() -> None:
    text = printed(hostile(), "its hash was other")
    assert "THE REPORT DOES NOT TIE TO THE LEDGER" in text
    assert "the ledger has 1 JPY more" in text
    assert "its hash was other" in text


@pytest.mark.parametrize(("ledger_minor", "is_sound"), [(480, True), (481, False), (479, False)])
def test_report_is_sound_only_if_each_account_ties(ledger_minor: int, is_sound: bool) -> None:  # noqa: FBT001 -- a table
    tie = Tie(account="clearing", ledger_minor=ledger_minor, parts=(("uncleared", 0), ("matched", 480)))
    account = msgspec.structs.replace(SMALL.accounts[0], ties=(SMALL.accounts[0].ties[0], tie))
    report = msgspec.structs.replace(SMALL, accounts=(SMALL.accounts[0], account))
    assert CheckedReport(report=report, sha256=SHA256, flaw=None).is_sound is is_sound
    assert ("is not" in tie_text(tie, Currency("usd"))) is not is_sound


def test_amount_of_a_code_that_is_no_currency_is_shown() -> None:
    assert amount_text(-1_234, Currency("zzz")) == "-1,234 ZZZ"


def test_report_tells_what_people_adjusted_and_ties_it() -> None:
    assert "write off  2            -90 JPY  3 JPY" in printed(SMALL)
    assert "adjusted -29 JPY = reversal 58 JPY + write off -87 JPY" in report_html(SMALL, SHA256, None)
    (row,) = [row for row in rows(SMALL) if row["figure"] == "adjusted_write_off_gross"]
    assert (row["count"], row["amount_minor"]) == ("2", "-90")
    (account,) = SMALL.accounts
    assert account.adjusted_tie is not None
    untied = msgspec.structs.replace(account.adjusted_tie, ledger_minor=-28)
    report = msgspec.structs.replace(SMALL, accounts=(msgspec.structs.replace(account, adjusted_tie=untied),))
    assert not report.ties
    assert "the ledger has 1 JPY more" in printed(report)
