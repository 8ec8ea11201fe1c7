"""The dashboard's screens of the ledger: accounts, a statement, an entry, the trial balance, sealed days and suspense."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from fincore.domain.ids import MerchantId
from fincore.postgres.pool import create_pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledgerdb.sealer import Sealer
from fixtures.books import Books, lives
from fixtures.browser import chromium, require_chromium
from fixtures.dashboard import NARROW, WIDE, Dashboard, dashboard_system, flaws, visitor
from fixtures.money_events import MERCHANT, captured, refunded
from fixtures.traffic import store_pool

pytestmark = [pytest.mark.timeout(600), pytest.mark.sampled]

PAYABLE: Final = f"merchant:{MERCHANT}:payable:usd"


class Ledger(NamedTuple):
    """The first sealed day, and the hash that was kept of it."""

    day: date
    kept_hash: str


async def booked(dsn: str) -> Ledger:
    """Four entries on days that are sealed; five of today, of which one is in euros and two leave something in suspense."""
    began = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=4)
    owner = await create_pool(dsn, application_name="tests")
    try:
        async with store_pool(dsn, "ledgerdb") as pool:
            books = Books(pool, owner, LedgerService())
            await books.book(
                lives(
                    (captured(), refunded()), (captured(merchant_id=MerchantId("mer_other")),), (captured(),)
                )
            )
            await books.backdate(*(began + timedelta(days=day) for day in range(4)))
            await Sealer(pool).seal()
            free = captured(fee_minor=0, platform_fee_minor=0)
            await books.book(
                lives(
                    (captured(currency="eur", fee_currency="eur"),),
                    (free, refunded(), refunded(amount_minor=7_000)),
                )
            )
            kept = await pool.fetchval("select manifest_hash from sealed_days order by day limit 1")
            return Ledger(began.date(), kept.hex())
    finally:
        owner.terminate()


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    require_chromium()
    with dashboard_system() as started:
        yield started


@pytest.fixture(scope="module")
def ledger(dashboard: Dashboard) -> Ledger:
    return asyncio.run(booked(dashboard.system.dsn))


@pytest.fixture(scope="module")
def browser(ledger: Ledger) -> Iterator[Browser]:
    assert ledger
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visitor(browser) as context:
        yield context.new_page()


@pytest.mark.long
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_screens_of_the_ledger_have_no_flaws(
    dashboard: Dashboard, browser: Browser, ledger: Ledger, width: int
) -> None:
    screens = {
        "ledger_accounts": "Ledger accounts",
        f"ledger_accounts/{PAYABLE}": PAYABLE,
        "ledger_entries/1": "Entry 1",
        "ledger_entries": "Ledger entries",
        "trial_balance": "Trial balance",
        "sealed_days": "Sealed days",
        f"sealed_days/{ledger.day}": f"Sealed day {ledger.day}",
        "suspense": "Suspense",
    }
    with visitor(browser, width=width) as context:
        page = context.new_page()
        found = {}
        for path, head in screens.items():
            dashboard.open(page, f"/test/{path}", "bookkeepers", head=head)
            expect(page.get_by_text("Loading …")).to_have_count(0)
            found[path] = flaws(page, width)
        assert found == {path: [] for path in screens}


def test_account_leads_by_its_postings_to_an_entry(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/ledger_accounts", "bookkeepers", head="Ledger accounts")
    held = dict(dashboard.system.rows("select name, balance_minor from ledgerdb.accounts where not livemode"))
    balance = held[PAYABLE]
    shown = f"US${balance // 100}.{balance % 100:02}"
    owed = page.get_by_role("region", name="Liabilities")
    owed.get_by_role("row", name=f"merchant:{MERCHANT}:payable").get_by_role("link", name=shown).click()
    expect(page.get_by_role("heading", level=1, name=PAYABLE)).to_be_visible()
    expect(page.get_by_role("region", name="Statement")).to_contain_text(shown)
    postings = page.get_by_role("table", name="Postings, the last booked first")
    expect(postings.get_by_role("row").nth(1)).to_contain_text(shown)
    postings.get_by_role("link", name="1", exact=True).first.click()
    expect(page.get_by_role("heading", level=1, name="Entry 1")).to_be_visible()
    expect(page.get_by_text("Debits equal credits: US$")).to_be_visible()
    details = page.get_by_role("region", name="Details")
    assert "/test/charges/ch_" in str(details.get_by_role("link").first.get_attribute("href"))
    details.get_by_role("link").nth(1).click()
    expect(page.get_by_role("table", name="Entries of ch_")).to_contain_text("refund.succeeded")


@pytest.mark.long
def test_period_of_a_statement_is_in_the_address(dashboard: Dashboard, page: Page, ledger: Ledger) -> None:
    path = f"/test/ledger_accounts/{PAYABLE}?from={ledger.day}&until={ledger.day}"
    dashboard.open(page, path, "viewers", head=PAYABLE)
    facts = page.get_by_role("region", name="Statement")
    expect(facts).to_contain_text("OpeningUS$0.00")
    expect(page.get_by_role("table", name="Postings")).to_have_attribute("aria-rowcount", "3")
    dashboard.open(page, f"/test/ledger_accounts/{PAYABLE}?until=2020-01-01", "viewers", head=PAYABLE)
    expect(page.get_by_role("heading", name="No postings in this time")).to_be_visible()
    assert flaws(page) == []


@pytest.mark.long
def test_period_that_ends_before_it_begins_can_be_changed(dashboard: Dashboard, page: Page) -> None:
    path = f"/test/ledger_accounts/{PAYABLE}?from=2026-02-02&until=2026-01-01"
    dashboard.open(page, path, "viewers", head=PAYABLE)
    expect(page.get_by_role("heading", name="No postings in this time")).to_be_visible()
    page.get_by_role("button", name="Booked:").click()
    page.get_by_role("button", name="Clear", exact=True).locator("visible=true").click()
    expect(page.get_by_role("table", name="Postings").get_by_role("link").first).to_be_visible()
    dashboard.open(page, "/test/ledger_accounts/merchant:mer_x:payable:usd", "viewers", head="merchant:mer_x")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()


@pytest.mark.long
def test_filter_of_accounts_that_matches_none_can_be_cleared(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/ledger_accounts?prefix=absent:&currency=X", "viewers", head="Ledger accounts")
    expect(page.get_by_role("heading", name="No account matches")).to_be_visible()
    assert flaws(page) == []
    page.get_by_role("button", name="Clear all filters").click()
    expect(page.get_by_role("region", name="Assets")).to_be_visible()
    page.get_by_role("button", name="+ Currency").click()
    page.get_by_role("textbox", name="Currency").fill("EUR")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Assets")).not_to_contain_text("US$")
    assert page.url.endswith("?currency=eur")


def test_trial_balance_is_seen_now_and_as_of_a_sealed_day(
    dashboard: Dashboard, page: Page, ledger: Ledger
) -> None:
    dashboard.open(page, "/test/trial_balance", "bookkeepers", head="Trial balance")
    both = page.get_by_role("region", name="Both sides")
    expect(both).to_contain_text("The sum of debits equals the sum of credits in every currency.")
    expect(both.get_by_role("row")).to_have_count(3)
    page.get_by_role("button", name="+ At the end of a sealed day").click()
    page.get_by_label("At the end of a sealed day").locator("visible=true").last.fill(str(ledger.day))
    page.keyboard.press("Enter")
    expect(both).to_contain_text("As of entry 1")
    expect(both.get_by_role("row")).to_have_count(2)
    assert page.url.endswith(f"?day={ledger.day}")
    assert flaws(page) == []
    dashboard.open(page, "/test/trial_balance?day=2020-01-01", "bookkeepers", head="Trial balance")
    expect(page.get_by_role("heading", name="There is no such moment")).to_be_visible()
    dashboard.open(page, "/test/trial_balance?at=2020-01-01T00:00:00Z", "bookkeepers", head="Trial balance")
    expect(page.get_by_role("heading", name="Nothing was booked until then")).to_be_visible()


def test_sealed_day_is_hashed_again_and_compared(dashboard: Dashboard, page: Page, ledger: Ledger) -> None:
    dashboard.open(page, "/test/sealed_days", "bookkeepers", head="Sealed days")
    page.get_by_role("link", name=str(ledger.day)).click()
    kept = page.get_by_label("The hash that you kept")
    kept.fill("abc")
    page.get_by_role("button", name="Hash again").click()
    expect(page.get_by_text("A hash has 64 characters")).to_be_visible()
    kept.fill(ledger.kept_hash)
    page.get_by_role("button", name="Hash again").click()
    result = page.get_by_role("region", name="What was found")
    expect(result).to_contain_text("Everything is as it was sealed")
    expect(result).to_contain_text("It also has the hash that you kept.")
    assert flaws(page) == []
    kept.fill("0" * 64)
    page.get_by_role("button", name="Hash again").click()
    expect(result).to_contain_text("Something is not as it was sealed")
    expect(result.get_by_role("table")).to_be_visible()


@pytest.mark.long
def test_suspense_item_leads_to_its_entry(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/suspense", "bookkeepers", head="Suspense")
    page.get_by_role("table").get_by_role("link").first.click()
    expect(page.get_by_role("region", name="Postings")).to_contain_text("suspense:usd")
    dashboard.open(page, "/live/suspense", "bookkeepers", head="Suspense")
    expect(page.get_by_role("heading", name="Nothing waits in suspense")).to_be_visible()


@pytest.mark.long
def test_ledger_is_shown_in_german(dashboard: Dashboard, browser: Browser) -> None:
    with visitor(browser, locale="de-DE", width=NARROW) as context:
        page = context.new_page()
        dashboard.open(page, "/test/trial_balance", "bookkeepers", head="Summen und Salden")
        expect(
            page.get_by_text("Die Summe im Soll ist in jeder Währung gleich der Summe im Haben.")
        ).to_be_visible()
        assert flaws(page, NARROW) == []


@pytest.mark.long
def test_person_without_the_permission_sees_no_ledger(dashboard: Dashboard, page: Page) -> None:
    for path in ("ledger_accounts", f"ledger_accounts/{PAYABLE}", "trial_balance", "suspense"):
        dashboard.open(page, f"/test/{path}", "supporters", head="You do not have permission to see this")
