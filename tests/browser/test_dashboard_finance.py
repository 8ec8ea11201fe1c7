"""The dashboard's screens of reconciliation: a day of two people of finance, from the run to a break that both have ended."""

import asyncio
import re
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from fincore.domain.ids import charge_of
from fincore.postgres.pool import create_pool
from fixtures.browser import chromium, require_chromium
from fixtures.dashboard import WIDTHS, Dashboard, dashboard_system, flaws, visitor
from fixtures.settlement_account import line, settlement
from fixtures.settlement_falsified import Payment, live
from fixtures.traffic import store_pool

pytestmark = [pytest.mark.timeout(600), pytest.mark.sampled]

PAID: Final = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")
NOT_DECIDED: Final = PAID._replace(amount_minor=20_000, fee_minor=640)
"""Tests that only read look at this payment and at the movement of -9.00: no test ends their breaks."""
LIMITS: Final = {"FINCORE_ADJUSTMENT_LIMITS_MINOR": "usd:5000:5000"}


async def reconciled(dsn: str) -> str:
    """A run over a statement that leaves two payments out and has two movements of which nothing is known; the charge left out that no test decides."""
    async with store_pool(dsn, "ledgerdb") as ledgerdb:
        pool = await create_pool(dsn, application_name="tests", role="fincore_service")
        try:
            async with settlement(pool, ledgerdb) as account:
                told, left_out, not_decided = (
                    live(payment, account.psp, account.psp_account) for payment in (PAID, PAID, NOT_DECIDED)
                )
                for one in (told, left_out, not_decided):
                    await account.happen(one.stream_id, *one.events)
                await account.fetched([*told.lines, line("adjustment", -700), line("adjustment", -900)])
                assert await account.reconciliation.run() is not None
                await account.book()
                return charge_of(not_decided.stream_id)
        finally:
            pool.terminate()


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    require_chromium()
    with dashboard_system(settings=LIMITS) as started:
        yield started


@pytest.fixture(scope="module")
def charge_id(dashboard: Dashboard) -> str:
    """A charge that the statement leaves out."""
    return asyncio.run(reconciled(dashboard.system.dsn))


@pytest.fixture(scope="module")
def browser(charge_id: str) -> Iterator[Browser]:
    assert charge_id
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visitor(browser) as context:
        yield context.new_page()


def open_break(dashboard: Dashboard, page: Page, amount: str) -> None:
    """Open a break from the list, as a person of finance."""
    dashboard.open(page, "/test/breaks", "bookkeepers", head="Breaks")
    page.get_by_role("link", name=amount).click()
    expect(page.get_by_role("region", name="Next step")).to_be_visible()


def act(page: Page, button: str, reason: str, **fields: str) -> None:
    """Do one act by its dialog."""
    page.get_by_role("button", name=button, exact=True).click()
    dialog = page.get_by_role("dialog")
    for name, value in fields.items():
        dialog.get_by_label(name).fill(value)
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name=button).click()
    expect(dialog).to_have_count(0)


def test_run_leads_to_the_breaks_behind_its_headline(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/runs", "bookkeepers", head="Reconciliation runs")
    assert flaws(page) == []
    page.get_by_role("table").get_by_role("link").first.click()
    uncleared = page.get_by_role("region", name="Money not yet on a statement, by age")
    expect(uncleared).to_contain_text("US$290.40")
    expect(page.get_by_text("The report is as it was kept")).to_be_visible()
    assert flaws(page) == []
    page.get_by_role("link", name="Missing in the statement").click()
    expect(page.get_by_role("heading", level=1, name="Breaks")).to_be_visible()
    assert "class=missing_there" in page.url
    expect(page.get_by_role("link", name="-US$193.60")).to_be_visible()
    expect(page.get_by_role("link", name="-US$9.00")).to_have_count(0)


@pytest.mark.long
def test_day_not_sealed_yet_is_reached_from_the_list(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/days", "bookkeepers", head="Reports of days")
    expect(page.get_by_role("heading", name="No day is sealed yet")).to_be_visible()
    so_far = page.get_by_role("link", name=re.compile(r"^Report of \d{4}-\d{2}-\d{2} so far$"))
    expect(so_far).to_be_visible()
    assert flaws(page) == []
    so_far.click()
    expect(page.get_by_text("So far: further runs may be added")).to_be_visible()


@pytest.mark.long
def test_filters_of_breaks_are_in_the_address(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/breaks?class=junk&min_days=x", "viewers", head="Breaks")
    expect(page.get_by_role("link", name="-US$9.00")).to_be_visible()
    page.get_by_role("button", name="+ Days at least").click()
    page.get_by_role("textbox", name="Days at least").fill("9000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No break matches")).to_be_visible()
    assert flaws(page) == []
    page.get_by_role("button", name="Clear all filters").click()
    expect(page.get_by_role("link", name="-US$9.00")).to_be_visible()
    page.get_by_role("button", name="+ What is different").click()
    chosen = page.get_by_role("combobox", name="What is different")
    expect(chosen).to_be_focused()
    chosen.select_option("Missing in the statement")
    page.get_by_role("button", name="Apply").locator("visible=true").click()
    expect(page.get_by_role("link", name="-US$9.00")).to_have_count(0)
    assert page.url.endswith("?class=missing_there")
    page.go_back()
    expect(page.get_by_role("link", name="-US$9.00")).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_break_shows_both_sides_and_the_next_step(
    dashboard: Dashboard, browser: Browser, charge_id: str, width: int
) -> None:
    with visitor(browser, width=width) as context:
        page = context.new_page()
        dashboard.open(page, "/test/breaks", "bookkeepers", head="Breaks")
        expect(page.get_by_role("link", name="-US$193.60")).to_be_visible()
        assert flaws(page, width) == []
        page.get_by_role("link", name="-US$193.60").click()
        expect(page.get_by_role("region", name="What the ledger expects")).to_contain_text("US$200.00")
        expect(page.get_by_role("region", name="What the statement says")).to_contain_text("No line")
        expect(page.get_by_role("region", name="Next step")).to_contain_text("Look the payment up at the PSP")
        expect(page.get_by_role("region", name="Details").get_by_role("link", name=charge_id)).to_be_visible()
        assert flaws(page, width) == []


@pytest.mark.long
def test_person_who_only_reads_has_no_acts_on_a_break(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/breaks", "viewers", head="Breaks")
    page.get_by_role("link", name="-US$9.00").click()
    expect(page.get_by_role("region", name="History")).to_be_visible()
    expect(page.get_by_role("button", name="Explain")).to_have_count(0)
    dashboard.open(page, "/test/breaks", "supporters", head="You do not have permission to see this")


@pytest.mark.long
def test_break_within_the_limit_is_ended_by_one_person(dashboard: Dashboard, page: Page) -> None:
    open_break(dashboard, page, "-US$7.00")
    act(page, "Assign", "mine", Owner="ada@example.com")
    expect(page.get_by_role("region", name="Details")).to_contain_text("ada@example.com")
    act(page, "Claim", "they owe it", **{"Reference of the claim": "CLAIM-7"})
    expect(page.get_by_role("region", name="History")).to_contain_text("CLAIM-7")
    page.get_by_role("button", name="Adjust").click()
    dialog = page.get_by_role("dialog", name="Adjust")
    expect(dialog).to_contain_text("a second person must approve it")
    assert flaws(page) == []
    dialog.get_by_label("Reason").fill("a fee of the PSP")
    dialog.get_by_role("button", name="Adjust: -US$7.00").dblclick()
    expect(page.get_by_text("It is booked.")).to_be_visible()
    expect(page.get_by_role("region", name="Adjustments")).to_contain_text("a fee of the PSP")
    assert dashboard.system.rows(
        "select gross_minor, fee_minor from reconciliation.adjustments where kind = 'adjustment'"
    ) == [(-700, 0)]


def test_break_above_the_limit_is_written_off_by_two_people(dashboard: Dashboard, page: Page) -> None:
    open_break(dashboard, page, "-US$96.80")
    act(page, "Explain", "the PSP went out of business")
    act(page, "Write off", "it will not pay")
    expect(page.get_by_text("A second person must approve it now.")).to_be_visible()
    dashboard.open(page, "/test/proposals", "bookkeepers", head="Approvals", subject="sub-bob")
    expect(page.get_by_text("-US$96.80")).to_be_visible()
    expect(page.get_by_text("US$103.20 (gross and fee, each without its sign)")).to_be_visible()
    assert flaws(page) == []
    page.get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog", name="Approve")
    dialog.get_by_label("Reason").fill("seen in the register")
    dialog.get_by_role("button", name="Approve: Write-off US$103.20").click()
    expect(page.get_by_text("Your decision is kept.")).to_be_visible()
    dashboard.open(page, "/test/breaks?closed=true", "bookkeepers", head="Breaks")
    page.get_by_role("link", name="-US$96.80").click()
    history = page.get_by_role("region", name="History")
    expect(history).to_contain_text("Written off")
    expect(history).to_contain_text("the PSP went out of business")
