"""Exports from the dashboard: what is filtered, whole or not kept at all, with totals beside those of the ledger."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Download, Page, Route, expect

from fixtures.browser import chromium, require_chromium
from fixtures.dashboard import NARROW, WIDTHS, Dashboard, Shop, dashboard_system, flaws, visitor
from fixtures.system import ROLES

pytestmark = [pytest.mark.timeout(600), pytest.mark.sampled]

CHARGES: Final = "**/staff/v1/exports/charges"
TO_DOWNLOADS: Final = "delete window.showSaveFilePicker"
TO_A_FILE: Final = """
window.kept = null; window.removed = false;
window.showSaveFilePicker = async ({ suggestedName }) => {
  const parts = [];
  return {
    name: `renamed-${suggestedName}`,
    getFile: async () => new Blob(window.kept ? [window.kept] : []),
    remove: async () => { window.removed = true },
    createWritable: async () => ({
      write: async (part) => void parts.push(new TextDecoder().decode(part)),
      close: async () => { window.kept = parts.join("") },
      abort: async () => {},
    }),
  };
};
"""
PERSON_CHOOSES_NO_FILE: Final = """
window.showSaveFilePicker = async () => { throw new DOMException("no file", "AbortError") };
"""


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    require_chromium()
    with dashboard_system(ROLES) as started:
        yield started


@pytest.fixture(scope="module")
def shop(dashboard: Dashboard) -> Shop:
    """Three charges that are paid, one of them refunded in part, and one that is declined."""
    shop = Shop(dashboard.system)
    paid = [shop.charge(description="=1+1") for _ in range(3)]
    shop.charge(payment_method="pm_card_visa_chargeDeclined")
    dashboard.system.until_idle()
    shop.ask("POST", "/v1/refunds", {"charge": paid[0], "amount_minor": 500})
    dashboard.system.until_idle()
    return shop


@pytest.fixture(scope="module")
def browser(shop: Shop) -> Iterator[Browser]:
    assert shop
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visitor(browser) as context:
        page = context.new_page()
        page.add_init_script(TO_DOWNLOADS)
        yield page


def ask_for_export(page: Page, title: str, reason: str = "month end") -> None:
    """Open the dialog and give a reason."""
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_role("dialog", name=title).get_by_label("Reason").fill(reason)


def start(page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name="Export", exact=True).click()


def saved(page: Page, title: str) -> Download:
    """Export what the screen shows."""
    ask_for_export(page, title)
    with page.expect_download() as download:
        start(page)
    expect(page.get_by_text("The file is whole")).to_be_visible()
    return download.value


def rows_of(download: Download) -> list[dict[str, str]]:
    with Path(download.path()).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[-1]["id"] == "end"
    return rows


@pytest.mark.parametrize("width", WIDTHS)
def test_export_says_what_it_will_hold(dashboard: Dashboard, browser: Browser, width: int) -> None:
    with visitor(browser, width=width) as context:
        page = context.new_page()
        page.add_init_script(TO_DOWNLOADS)
        dashboard.open(page, "/test/charges?status=succeeded&currency=eur", "bookkeepers", head="Charges")
        page.get_by_role("button", name="Export", exact=True).click()
        dialog = page.get_by_role("dialog", name="Export charges")
        expect(dialog).to_contain_text("Status: Succeeded · Currency: EUR")
        expect(dialog).to_contain_text("Test: no real money")
        start(page)
        expect(dialog).to_contain_text("Write a reason.")
        assert flaws(page, width) == []
        dialog.get_by_label("Reason").fill("month end")
        with page.expect_download() as download:
            start(page)
        expect(dialog).to_contain_text("Each sum that is compared is equal in the ledger.")
        assert flaws(page, width) == []
        rows = rows_of(download.value)
        assert [one["status"] for one in rows if one["id"].startswith("ch_")] == ["succeeded"] * 3
        assert download.value.suggested_filename.startswith("charges-test-")


@pytest.mark.long
def test_totals_are_shown_beside_the_ledger(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/charges", "bookkeepers", head="Charges")
    download = saved(page, "Export charges")
    table = page.get_by_role("dialog").get_by_role("table")
    expect(table.get_by_role("row", name="Captured")).to_contain_text("€59.97€59.97€0.00")
    expect(table.get_by_role("row", name="Refunded")).to_contain_text("€5.00€5.00€0.00")
    expect(table.get_by_role("row", name="Amount EUR")).to_contain_text("not compared")
    assert {one["description"] for one in rows_of(download)} == {"'=1+1", ""}
    booked = dashboard.system.rows(
        "select sum(p.amount_minor) from ledgerdb.postings p join ledgerdb.accounts a using (account_id)"
        " where a.name like 'merchant:%' and p.leg <= 2 and p.side = 'credit'"
    )
    assert booked == [(5_997,)]


@pytest.mark.long
def test_refunds_are_listed_and_exported(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/refunds?status=junk", "bookkeepers", head="Refunds")
    expect(page.get_by_role("link", name="€5.00")).to_be_visible()
    assert flaws(page) == []
    rows = rows_of(saved(page, "Export refunds"))
    expect(page.get_by_role("dialog").get_by_role("row", name="Succeeded")).to_contain_text("€5.00€5.00€0.00")
    assert [one["succeeded_minor"] for one in rows if one["id"].startswith("re_")] == ["500"]
    dashboard.open(page, "/test/refunds?status=failed", "bookkeepers", head="Refunds")
    expect(page.get_by_role("heading", name="No refund matches")).to_be_visible()
    page.get_by_role("button", name="Clear all filters").click()
    page.get_by_role("link", name="€5.00").click()
    expect(page.get_by_text("Refunded").first).to_be_visible()


@pytest.mark.long
def test_trial_balance_and_statement_are_exported_as_shown(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/trial_balance", "bookkeepers", head="Trial balance")
    (entry,) = dashboard.system.rows("select max(entry_id) from ledgerdb.entries")[0]
    expect(page.get_by_role("region", name="Both sides")).to_contain_text(f"As of entry {entry}")
    rows = rows_of(saved(page, "Export the trial balance"))
    accounts = dashboard.system.rows("select count(*) from ledgerdb.accounts where not livemode")
    assert len([one for one in rows if ":" in one["id"]]) == accounts[0][0]
    page.get_by_role("button", name="Close").click()
    page.get_by_role("link", name="merchant:").first.click()
    expect(page.get_by_role("region", name="Statement")).to_be_visible()
    statement = rows_of(saved(page, "Export a statement"))
    assert [one["id"] for one in statement][-4:] == ["total", "ledger", "difference", "end"]
    assert statement[-2]["balance_minor"] == "0"


@pytest.mark.long
def test_disputes_and_breaks_are_exported_as_listed(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/disputes", "bookkeepers", head="Disputes")
    ask_for_export(page, "Export disputes")
    expect(page.get_by_role("dialog")).to_contain_text("Status: Needs a response")
    page.keyboard.press("Escape")
    dashboard.open(page, "/test/breaks?unowned=true&account=paypal/default", "bookkeepers", head="Breaks")
    rows = rows_of(saved(page, "Export breaks"))
    assert [one["id"] for one in rows] == ["end"]
    told = dashboard.system.rows(
        "select details ->> 'filters' from staff.acts where action = 'export_breaks'"
    )
    assert told == [("mode psp psp_account unowned",)]


@pytest.mark.parametrize("at", [200, pytest.param(-8, marks=pytest.mark.long)])
def test_download_that_breaks_off_is_never_saved(dashboard: Dashboard, browser: Browser, at: int) -> None:
    """The connection ends in the middle of a row, or before the last one; the same key exports again."""
    keys: list[str] = []

    def break_off(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            return route.continue_()
        answer = route.fetch()
        return route.fulfill(status=200, headers={"content-type": "text/csv"}, body=answer.body()[:at])

    with visitor(browser) as context:
        page = context.new_page()
        page.add_init_script(TO_A_FILE)
        dashboard.open(page, "/test/charges", "bookkeepers", head="Charges")
        page.route(CHARGES, break_off)
        ask_for_export(page, "Export charges")
        start(page)
        expect(page.get_by_role("alert")).to_contain_text("Nothing was saved")
        assert page.evaluate("[kept, removed]") == [None, True]
        assert flaws(page) == []
        page.get_by_role("button", name="Export again").dblclick()
        expect(page.get_by_text("The file is whole")).to_be_visible()
        expect(page.get_by_text("renamed-charges-test-")).to_be_visible()
        assert page.evaluate("kept").splitlines()[-1].startswith("end,")
        assert len(keys) == 2
        assert keys[0] == keys[1]


@pytest.mark.long
def test_refused_export_says_why_and_can_be_changed(dashboard: Dashboard, page: Page) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(
            status=429,
            headers={"content-type": "application/problem+json"},
            body='{"code":"rate_limited","title":"Too many requests","detail":"4 exports are being made.","status":429}',
        )

    dashboard.open(page, "/test/charges", "bookkeepers", head="Charges")
    page.route(CHARGES, refuse)
    ask_for_export(page, "Export charges")
    start(page)
    expect(page.get_by_role("alert")).to_contain_text("4 exports are being made.")
    page.unroute(CHARGES)
    with page.expect_download():
        start(page)
    expect(page.get_by_text("The file is whole")).to_be_visible()


@pytest.mark.long
def test_no_file_chosen_exports_nothing(dashboard: Dashboard, browser: Browser) -> None:
    with visitor(browser) as context:
        page = context.new_page()
        page.add_init_script(PERSON_CHOOSES_NO_FILE)
        dashboard.open(page, "/test/charges", "bookkeepers", head="Charges")
        before = dashboard.system.rows("select count(*) from staff.acts where action = 'export_charges'")
        ask_for_export(page, "Export charges")
        start(page)
        expect(page.get_by_role("dialog").get_by_role("button", name="Export", exact=True)).to_be_enabled()
        page.keyboard.press("Escape")
        assert (
            dashboard.system.rows("select count(*) from staff.acts where action = 'export_charges'") == before
        )


@pytest.mark.long
def test_person_who_may_not_export_has_no_button(dashboard: Dashboard, page: Page) -> None:
    for path, head in (("charges", "Charges"), ("refunds", "Refunds"), ("disputes", "Disputes")):
        dashboard.open(page, f"/test/{path}", "viewers", head=head)
        expect(page.get_by_role("button", name="Export", exact=True)).to_have_count(0)


@pytest.mark.long
def test_export_is_made_in_german(dashboard: Dashboard, browser: Browser) -> None:
    with visitor(browser, locale="de-DE", width=NARROW) as context:
        page = context.new_page()
        page.add_init_script(TO_DOWNLOADS)
        dashboard.open(page, "/test/refunds", "bookkeepers", head="Erstattungen")
        page.get_by_role("button", name="Exportieren").click()
        page.get_by_label("Grund").fill("Monatsende")
        with page.expect_download():
            page.get_by_role("dialog").get_by_role("button", name="Exportieren").click()
        expect(page.get_by_text("Die Datei ist vollständig")).to_be_visible()
        assert flaws(page, NARROW) == []
