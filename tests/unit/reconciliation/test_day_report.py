"""The forms of a day's report: JSON to the byte, CSV and HTML that no name can break out of, and text."""

import csv
import io
from html.parser import HTMLParser
from pathlib import Path

import msgspec

from fincore.cli.settlement_day_text import day_text
from fincore.reconciliation.report.csv_rows import COLUMNS
from fincore.reconciliation.report.day_csv import day_csv
from fincore.reconciliation.report.day_gathering import day_without_run
from fincore.reconciliation.report.day_html import day_html
from fincore.reconciliation.report.day_report import CheckedDay, DayReport, day_report_json
from fixtures.day_report import SMALL_DAY, hostile_day

GOLDEN = Path(__file__).parent / "day_report.json"
SHA256 = "c" * 64


def checked(report: DayReport, *, flaw: str | None = None, is_missing: bool = False) -> CheckedDay:
    return CheckedDay(report=report, sha256=SHA256, flaw=flaw, is_missing=is_missing)


class Tags(HTMLParser):
    """The tags of a page, and whether each is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_day_as_json_is_the_golden_file() -> None:
    """A change of these bytes is a further FORM_VERSION: reports of before would no longer have their hash."""
    assert day_report_json(SMALL_DAY) == GOLDEN.read_bytes()


def test_day_ties_only_if_every_equation_holds() -> None:
    replace = msgspec.structs.replace
    (account,), (count,), wrong = SMALL_DAY.accounts, SMALL_DAY.break_counts, hostile_day()
    assert SMALL_DAY.ties
    assert not replace(SMALL_DAY, break_counts=(replace(count, closed=0),)).ties
    assert not replace(SMALL_DAY, accounts=(replace(account, movements=wrong.accounts[0].movements),)).ties
    assert not replace(SMALL_DAY, accounts=(replace(account, ties=wrong.accounts[0].ties),)).ties
    untied = replace(account.ties[0], ledger_minor=account.ties[0].ledger_minor + 1)
    assert not replace(SMALL_DAY, accounts=(replace(account, adjusted_tie=untied),)).ties


def test_page_of_a_day_is_whole_beside_hostile_names() -> None:
    page = Tags()
    text = day_html(checked(hostile_day(), flaw="a flaw <b>"))
    page.feed(text)
    assert page.open == []
    assert not page.seen & {"script", "b"}
    assert all(one.isprintable() or one == "\n" for one in text)


def test_page_of_a_day_shows_in_red_what_does_not_tie() -> None:
    text = day_html(checked(hostile_day()))
    assert '<p class="bad">The report does not tie to the ledger' in text
    assert '<p class="bad">test mode: 2 before + 1 opened - 1 closed is not 3 open' in text
    assert (
        '<p class="bad">clearing: 1,000,000 JPY before + 10,161 JPY booked - 480 JPY matched is not 1,009,680 JPY after'
        in text
    )
    assert 'class="bad"' not in day_html(checked(SMALL_DAY))


def test_page_of_a_day_without_a_run_says_so_in_red() -> None:
    report = day_without_run(SMALL_DAY.day, None, so_far=False)
    assert (
        "bad" in day_html(checked(report, is_missing=True)).partition("No run was made on this day")[0][-10:]
    )
    assert "No run was made so far" in day_html(checked(day_without_run(SMALL_DAY.day, None, so_far=True)))


def test_table_of_a_day_has_the_columns_and_no_formula() -> None:
    found = list(csv.DictReader(io.StringIO(day_csv(hostile_day(), SHA256))))
    assert tuple(found[0]) == COLUMNS
    assert all(one.isprintable() and not one.startswith("=") for row in found for one in row.values())
    assert [row["amount"] for row in found if row["figure"] == "clearing_booked"] == ["10161"]
    assert [row["count"] for row in found if row["section"] == "breaks_closed"] == ["1"]
    assert [row["amount"] for row in found if row["figure"] == "adjusted_write_off_gross"] == ["-300"]


def test_text_of_a_day_tells_equations_and_hashes() -> None:
    text = day_text(checked(SMALL_DAY))
    assert "test mode: 2 before + 1 opened - 1 closed = 2 open" in text
    assert (
        "clearing: 1,000,000 JPY before + 10,160 JPY booked - 480 JPY matched = 1,009,680 JPY after" in text
    )
    assert text.endswith(f"sha256 {SHA256}\nbefore {'d' * 64} of 2026-10-30")


def test_text_of_a_day_tells_what_is_wrong() -> None:
    text = day_text(checked(hostile_day(), flaw="its hash was other"))
    assert "THE REPORT DOES NOT TIE TO THE LEDGER" in text
    assert "the ledger has 1 JPY more" in text
    assert "its hash was other" in text


def test_text_of_a_day_so_far_has_a_hash_so_far() -> None:
    report = msgspec.structs.replace(SMALL_DAY, so_far=True)
    assert day_text(checked(report)).startswith("2026-11-02, so far: 1 run")
    assert f"sha256 {SHA256} so far" in day_text(checked(report))
    empty = day_without_run(SMALL_DAY.day, None, so_far=False)
    assert "NO RUN WAS MADE" in day_text(checked(empty, is_missing=True))
