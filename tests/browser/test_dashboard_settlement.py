"""The dashboard's screens of settlement: files and their sources, reports of days, uncleared money, and adjustments."""

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from fincore.domain.ids import ChargeId, SettlementFileId, charge_of
from fincore.postgres.pool import create_pool
from fixtures.browser import chromium, require_chromium
from fixtures.dashboard import NARROW, WIDE, Dashboard, dashboard_system, flaws, visitor
from fixtures.settlement_account import line, settlement
from fixtures.settlement_clock import run_on
from fixtures.settlement_falsified import Payment, live
from fixtures.traffic import store_pool

pytestmark = [pytest.mark.timeout(600), pytest.mark.sampled]

PAID: Final = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")
MONDAY, TUESDAY = date(2026, 11, 9), date(2026, 11, 10)
SCREENS: Final = (
    ("/test/settlement_files", "Settlement files"),
    ("/test/days", "Reports of days"),
    ("/test/uncleared", "Uncleared money"),
    ("/test/adjustments", "Adjustments"),
)


class Told(NamedTuple):
    """What the days have left: a booked file, two refused ones, and a charge of which no file tells."""

    booked: SettlementFileId
    refused: SettlementFileId
    to_dismiss: SettlementFileId
    left_out: ChargeId


async def told(dsn: str) -> Told:
    """Two days: the first one sealed; a payment on no statement; files that no parser understands."""
    async with store_pool(dsn, "ledgerdb") as ledgerdb:
        pool = await create_pool(dsn, application_name="tests", role="fincore_service")
        try:
            async with settlement(pool, ledgerdb) as account:
                stated, left_out = (live(PAID, account.psp, account.psp_account) for _ in range(2))
                for one in (stated, left_out):
                    await account.happen(one.stream_id, *one.events)
                booked = await account.fetched(stated.lines, name="STL-MONDAY.CSV")
                await run_on(account, dsn, MONDAY)
                refused = await account.fetched(
                    [line("account_fee", -100)], day=1, refused_at=1, name="STL-REFUSED.CSV"
                )
                to_dismiss = await account.fetched(
                    [line("account_fee", -200)], day=2, refused_at=1, name="STL-COPY.CSV"
                )
                await run_on(account, dsn, TUESDAY)
                await account.book()
                return Told(booked, refused, to_dismiss, charge_of(left_out.stream_id))
        finally:
            pool.terminate()


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    require_chromium()
    with dashboard_system() as started:
        yield started


@pytest.fixture(scope="module")
def days(dashboard: Dashboard) -> Told:
    return asyncio.run(told(dashboard.system.dsn))


@pytest.fixture(scope="module")
def browser(days: Told) -> Iterator[Browser]:
    assert days
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visitor(browser) as context:
        yield context.new_page()


@pytest.mark.long
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_lists_of_settlement_hold_on_either_width(dashboard: Dashboard, browser: Browser, width: int) -> None:
    with visitor(browser, width=width) as context:
        page = context.new_page()
        for path, head in SCREENS:
            dashboard.open(page, path, "viewers", head=head)
            expect(page.locator(".bone")).to_have_count(0)
            assert flaws(page, width) == [], path


def test_totals_of_a_booked_file_are_shown_beside_its_lines(
    dashboard: Dashboard, page: Page, days: Told
) -> None:
    dashboard.open(page, "/test/settlement_files?status=booked", "viewers", head="Settlement files")
    page.get_by_role("link", name="STL-MONDAY.CSV").click()
    totals = page.get_by_role("region", name="Control totals")
    expect(totals.get_by_role("row", name="Balance at its end")).to_contain_text("US$96.80")
    expect(totals.get_by_role("row", name="Balance at its end")).to_contain_text("equal")
    expect(page.get_by_role("region", name="Details")).to_contain_text("PayPal settlement report")
    assert page.url.endswith(days.booked)
    assert flaws(page) == []


def test_refused_file_says_why_and_only_finance_decides(dashboard: Dashboard, page: Page, days: Told) -> None:
    path = f"/test/settlement_files/{days.refused}"
    dashboard.open(page, path, "viewers", head="STL-REFUSED.CSV")
    expect(page.get_by_role("alert")).to_contain_text("the test says so")
    expect(page.get_by_role("button", name="Dismiss")).to_have_count(0)
    assert flaws(page) == []
    page.get_by_role("link", name="Breaks", exact=True).click()
    page.get_by_role("link", name="Whole file").first.click()
    expect(page.get_by_role("region", name="Details").get_by_role("link", name="sf_")).to_be_visible()
    dashboard.open(page, path, "supporters", head="You do not have permission to see this")


def test_copy_of_a_file_is_dismissed_once(dashboard: Dashboard, page: Page, days: Told) -> None:
    dashboard.open(page, f"/test/settlement_files/{days.to_dismiss}", "bookkeepers", head="STL-COPY.CSV")
    page.get_by_role("button", name="Read again").click()
    dialog = page.get_by_role("dialog", name="Read again: STL-COPY.CSV")
    expect(dialog.get_by_label("Read it as")).to_be_visible()
    assert flaws(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Dismiss").click()
    dialog = page.get_by_role("dialog", name="Dismiss: STL-COPY.CSV")
    expect(dialog).to_contain_text("Nothing of this file is booked")
    dialog.get_by_label("Reason").fill("a copy of Monday")
    dialog.get_by_role("button", name="Dismiss").dblclick()
    expect(page.get_by_role("region", name="What people decided")).to_contain_text("a copy of Monday")
    expect(page.get_by_role("button", name="Release")).to_be_visible()
    decided = dashboard.system.rows("select file_id from reconciliation.file_actions")
    assert decided == [(days.to_dismiss,)]


def test_sealed_day_ties_and_is_saved_as_it_is_kept(dashboard: Dashboard, page: Page, tmp_path: Path) -> None:
    dashboard.open(page, "/test/days", "viewers", head="Reports of days")
    page.get_by_role("link", name=str(MONDAY)).click()
    expect(page.get_by_text("every equation holds")).to_be_visible()
    equations = page.get_by_role("region", name="What moved, account by account")
    expect(equations.get_by_text("fails")).to_have_count(0)
    expect(equations.get_by_text("holds").first).to_be_visible()
    assert flaws(page) == []
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Report as JSON").click()
    assert downloading.value.suggested_filename == f"reconciliation-{MONDAY}.json"
    downloading.value.save_as(tmp_path / "day.json")
    kept = dashboard.system.rows("select sha256 from reconciliation.day_reports")
    assert [(hashlib.sha256((tmp_path / "day.json").read_bytes()).hexdigest(),)] == kept
    page.get_by_role("region", name="Runs of the day").get_by_role("link").first.click()
    expect(page.get_by_role("link", name="STL-MONDAY.CSV")).to_be_visible()


@pytest.mark.long
def test_sum_by_age_leads_to_its_items(dashboard: Dashboard, page: Page, days: Told) -> None:
    dashboard.open(page, "/test/uncleared?currency=EURO&kind=x", "viewers", head="Uncleared money")
    sums = page.get_by_role("region", name="By age")
    expect(sums).to_contain_text("US$96.80")
    sums.get_by_role("link").first.click()
    assert "min_days=" in page.url
    expect(page.get_by_role("table", name="Items").get_by_role("link", name=days.left_out)).to_be_visible()
    page.get_by_role("button", name="+ Kind").click()
    page.get_by_role("combobox", name="Kind").select_option("Refund")
    page.get_by_role("button", name="Apply").locator("visible=true").click()
    expect(page.get_by_role("heading", name="No item matches")).to_be_visible()
