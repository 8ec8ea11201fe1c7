"""The dashboard's screens of merchants: keys that are shown once, fees, origins, card numbers."""

import asyncio
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from fixtures.browser import chromium, require_chromium
from fixtures.dashboard import WIDTHS, Dashboard, dashboard_system, flaws, visitor

pytestmark = [pytest.mark.timeout(600), pytest.mark.sampled]

MERCHANTS: Final = 6


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    require_chromium()
    with dashboard_system() as started:
        yield started


@pytest.fixture(scope="module")
def merchant_ids(dashboard: Dashboard) -> list[str]:
    """Merchants for tests to take, made before the browser's loop runs."""

    async def add() -> list[str]:
        return [(await dashboard.system.add_merchant()).merchant_id for _ in range(MERCHANTS)]

    return asyncio.run(add())


@pytest.fixture(scope="module")
def browser(merchant_ids: list[str]) -> Iterator[Browser]:
    assert merchant_ids
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visitor(browser) as context:
        yield context.new_page()


@pytest.fixture
def merchant_id(merchant_ids: list[str]) -> str:
    """A merchant of the test's own."""
    return merchant_ids.pop()


def agree(page: Page, dialog_name: str, button: str) -> None:
    """Give a reason, and press the button of the dialog twice."""
    dialog = page.get_by_role("dialog", name=dialog_name)
    dialog.get_by_label("Reason").fill("asked for by the merchant")
    dialog.get_by_role("button", name=button).dblclick()
    expect(dialog).to_have_count(0)


@pytest.mark.parametrize("width", WIDTHS)
def test_merchant_is_registered_and_found_by_its_name(
    dashboard: Dashboard, browser: Browser, width: int
) -> None:
    with visitor(browser, width=width) as context:
        page = context.new_page()
        dashboard.open(page, "/test/merchants", "admins", head="Merchants")
        expect(page.locator(".bone")).to_have_count(0)
        assert flaws(page, width) == []
        page.get_by_role("button", name="Register a merchant").click()
        page.get_by_role("dialog").get_by_label("Name").fill(f"Kiosk {width}")
        assert flaws(page, width) == []
        agree(page, "Register a merchant", "Register a merchant")
        expect(page.get_by_role("heading", level=1, name=f"Kiosk {width}")).to_be_visible()
        expect(page.get_by_text("the merchant cannot call the API")).to_be_visible()
        assert flaws(page, width) == []
        dashboard.open(page, f"/test/merchants?name=Kiosk+{width}", "viewers", head="Merchants")
        expect(page.get_by_role("link", name=f"Kiosk {width}")).to_have_count(1)


def test_key_of_test_mode_is_shown_once_and_revoked(
    dashboard: Dashboard, page: Page, merchant_id: str
) -> None:
    dashboard.open(page, f"/test/merchants/{merchant_id}", "admins", head="One more shop")
    keys = page.get_by_role("region", name="API keys")
    expect(keys.get_by_role("row")).to_have_count(2)
    keys.get_by_role("button", name="Create a key").click()
    page.get_by_role("dialog").get_by_label("Name").fill("tills")
    agree(page, "Create a key", "Create a key")
    shown = page.get_by_role("dialog", name="The key, this once")
    secret = shown.locator(".copy").inner_text().strip()
    assert secret.startswith("sk_test_")
    assert flaws(page) == []
    shown.get_by_role("button", name="I have stored it").click()
    expect(keys.get_by_role("row")).to_have_count(3)
    row = keys.get_by_role("row", name="tills")
    expect(row).to_contain_text("Works")
    assert secret not in page.content()
    row.get_by_role("button", name="Revoke").click()
    agree(page, "Revoke", "Revoke")
    expect(row).to_contain_text("Revoked")


def test_live_key_waits_for_a_second_person(dashboard: Dashboard, page: Page, merchant_id: str) -> None:
    dashboard.open(page, f"/live/merchants/{merchant_id}", "admins", head="One more shop")
    page.get_by_role("button", name="Create a key").click()
    expect(page.get_by_role("dialog")).to_contain_text("when a second person has approved it")
    agree(page, "Create a key", "Create a key")
    shown = page.get_by_role("dialog", name="The key, this once")
    expect(shown).to_contain_text("opens nothing until a second person")
    shown.get_by_role("button", name="I have stored it").click()
    expect(page.get_by_text("the merchant cannot call the API")).to_be_visible()


@pytest.mark.long
def test_fee_plan_waits_and_says_what_a_capture_will_cost(
    dashboard: Dashboard, page: Page, merchant_id: str
) -> None:
    dashboard.open(page, f"/test/merchants/{merchant_id}", "admins", head="One more shop")
    page.get_by_role("button", name="Set a plan").click()
    dialog = page.get_by_role("dialog", name="Set a plan")
    dialog.get_by_label("Currency").fill("eur")
    dialog.get_by_label("Share").fill("2.905")
    expect(dialog.get_by_role("alert")).to_contain_text("two decimals at most")
    dialog.get_by_label("Share").fill("2,9")
    dialog.get_by_label("Fixed amount").fill("0.25")
    expect(dialog).to_contain_text("2.9% plus €0.25")
    assert flaws(page) == []
    agree(page, "Set a plan", "Set a plan")
    expect(page.get_by_text("A second person must approve the plan now.")).to_be_visible()
    dashboard.open(page, "/live/proposals", "admins", head="Approvals")
    proposal = page.get_by_role("region").filter(has_text="Fee plan")
    for fact in ("2.9%", "€0.25", "EUR", merchant_id):
        expect(proposal).to_contain_text(fact)
    assert flaws(page) == []
    dashboard.open(page, "/live/audit_trail", "bookkeepers", head="Audit trail")
    act = page.get_by_role("row").filter(has_text="fee plan")
    expect(act).to_contain_text("One more shop")
    assert flaws(page) == []


@pytest.mark.long
def test_origin_and_card_numbers_are_decided_in_the_mode(
    dashboard: Dashboard, page: Page, merchant_id: str
) -> None:
    dashboard.open(page, f"/test/merchants/{merchant_id}", "admins", head="One more shop")
    page.get_by_role("button", name="Register an origin").click()
    page.get_by_role("dialog").get_by_label("Origin").fill("https://shop.example")
    agree(page, "Register an origin", "Register an origin")
    origins = page.get_by_role("region", name="Origins of its pages")
    expect(origins).to_contain_text("https://shop.example")
    page.get_by_role("button", name="Allow card numbers").click()
    expect(page.get_by_role("dialog")).to_contain_text("PCI DSS SAQ D")
    agree(page, "Allow card numbers", "Allow card numbers")
    expect(page.get_by_text("The merchant may send card numbers to the card edge.")).to_be_visible()
    assert flaws(page) == []
    origins.get_by_role("button", name="Remove").click()
    agree(page, "Remove: https://shop.example", "Remove")
    expect(origins).to_contain_text("No page may ask")
    dashboard.open(page, f"/live/merchants/{merchant_id}", "admins", head="One more shop")
    expect(page.get_by_text("The merchant may not send card numbers.")).to_be_visible()


@pytest.mark.long
def test_person_who_only_reads_changes_no_merchant(
    dashboard: Dashboard, page: Page, merchant_id: str
) -> None:
    dashboard.open(page, f"/test/merchants/{merchant_id}", "supporters", head="One more shop")
    expect(page.get_by_role("region", name="API keys").get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("main").get_by_role("button", name="Create a key")).to_have_count(0)
    expect(page.get_by_role("button", name="Set a plan")).to_have_count(0)
    expect(page.get_by_role("button", name="Allow card numbers")).to_have_count(0)
