"""The dashboard's screens of the administrator: where charges go, what risk rules decide, and what is installed."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from fixtures.browser import chromium, require_chromium
from fixtures.dashboard import NARROW, WIDE, Dashboard, dashboard_system, flaws, visitor

pytestmark = [pytest.mark.timeout(600), pytest.mark.sampled]

ROUTES: Final = """[[rule]]
name = "euros"
when = 'currency == "eur"'
accounts = ["stripe/test"]
"""
RISKS: Final = """[[rules]]
name = "large"
action = "block"
when = "amount_minor > 100000"
"""
SCREENS: Final = (
    ("/test/psp_accounts", "PSP accounts"),
    ("/test/routing", "Routing rules"),
    ("/test/risk_rules", "Risk rules"),
    ("/test/risk_lists", "Risk lists"),
    ("/test/installation", "Installation"),
)


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    require_chromium()
    with dashboard_system() as started:
        yield started


@pytest.fixture(scope="module")
def browser(dashboard: Dashboard) -> Iterator[Browser]:
    assert dashboard
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visitor(browser) as context:
        yield context.new_page()


def agree(page: Page, dialog_name: str, button: str, reason: str = "as agreed in the meeting") -> None:
    """Give a reason, and press the button of the dialog twice."""
    dialog = page.get_by_role("dialog", name=dialog_name)
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name=button, exact=True).dblclick()
    expect(dialog).to_have_count(0)


@pytest.mark.long
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_screens_of_settings_hold_on_either_width(dashboard: Dashboard, browser: Browser, width: int) -> None:
    with visitor(browser, width=width) as context:
        page = context.new_page()
        for path, head in SCREENS:
            dashboard.open(page, path, "admins", head=head)
            expect(page.locator(".bone")).to_have_count(0)
            assert flaws(page, width) == [], path


def test_account_is_shown_with_its_breaker(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/psp_accounts", "viewers", head="PSP accounts")
    account = page.get_by_role("region", name="stripe/test")
    expect(account).to_contain_text("Closed: charges go there")
    account.get_by_text("currencies").click()
    expect(account.get_by_role("row", name="EUR")).to_be_visible()
    assert flaws(page) == []


@pytest.mark.long
def test_routing_rules_are_checked_and_agreed_on(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/routing", "admins", head="Routing rules")
    page.get_by_role("button", name="Propose rules").click()
    dialog = page.get_by_role("dialog", name="Propose rules")
    text = dialog.get_by_label("Rules, in TOML")
    text.fill(ROUTES.replace("currency", "colour"))
    dialog.get_by_role("button", name="Check").click()
    expect(dialog.get_by_role("status").first).to_contain_text("Line")
    text.fill(ROUTES)
    dialog.get_by_role("button", name="Check").click()
    expect(dialog).to_contain_text("The text can be used: 1 rule.")
    assert flaws(page) == []
    agree(page, "Propose rules", "Propose rules")
    dashboard.open(page, "/test/proposals", "admins", head="Approvals", subject="sub-bob")
    proposal = page.get_by_role("region", name="Routing rules")
    proposal.get_by_text("The rules that are to be live").click()
    expect(proposal).to_contain_text('accounts = ["stripe/test"]')
    assert flaws(page) == []
    proposal.get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog", name="Approve")
    dialog.get_by_label("Reason").fill("read them")
    dialog.get_by_role("button", name="Approve").click()
    expect(dialog).to_have_count(0)
    dashboard.open(page, "/test/routing", "viewers", head="Routing rules")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("By the rule euros")).to_be_visible()
    expect(page.get_by_text("stripe/test · card")).to_be_visible()
    page.get_by_role("link", name="1", exact=True).click()
    rules = page.get_by_role("region", name="Rules, in their order")
    expect(rules.get_by_role("row", name="euros")).to_contain_text("stripe/test")
    assert flaws(page) == []


def test_risk_rules_go_into_shadow_before_they_decide(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/risk_rules", "admins", head="Risk rules")
    page.get_by_role("button", name="Draft rules").click()
    dialog = page.get_by_role("dialog", name="Draft rules")
    dialog.get_by_label("Rules, in TOML").fill(RISKS)
    agree(page, "Draft rules", "Draft rules")
    page.get_by_role("link", name="1", exact=True).click()
    expect(page.get_by_role("button", name="Propose to be live")).to_have_count(0)
    page.get_by_role("button", name="Put in shadow").click()
    agree(page, "Put in shadow", "Put in shadow")
    expect(page.get_by_text("In shadow")).to_be_visible()
    page.get_by_role("button", name="Back-test").click()
    expect(page.get_by_text("0 charges looked at")).to_be_visible()
    expect(page.get_by_role("group", name="Rule", exact=True)).to_contain_text("large")
    assert flaws(page) == []
    page.get_by_role("button", name="Propose to be live").click()
    expect(page.get_by_role("dialog")).to_contain_text("once a second person has approved it")
    agree(page, "Propose to be live", "Propose to be live")
    expect(page.get_by_text("A second person must approve it now.")).to_be_visible()


@pytest.mark.long
def test_value_is_put_on_a_list_found_and_taken_off(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/risk_lists", "admins", head="Risk lists")
    page.get_by_role("button", name="Create a list").click()
    page.get_by_role("dialog").get_by_label("Name").fill("bad_addresses")
    agree(page, "Create a list", "Create a list")
    page.get_by_role("link", name="bad_addresses").click()
    expect(page.get_by_role("heading", name="The list is empty")).to_be_visible()
    page.get_by_role("button", name="Add a value").click()
    page.get_by_role("dialog").get_by_role("textbox", name="Value").fill("mallory@example.com")
    agree(page, "Add a value: bad_addresses", "Add a value")
    page.get_by_role("button", name="Add many values").click()
    page.get_by_role("dialog").get_by_label("Values, one a line").fill("a@example.com\n\nb@example.com\n")
    expect(page.get_by_role("dialog")).to_contain_text("2 values are on bad_addresses")
    agree(page, "Add many values: bad_addresses", "Add many values")
    expect(page.get_by_role("status").get_by_text("3 rows")).to_be_visible()
    assert flaws(page) == []
    dashboard.open(page, "/test/risk_lists", "viewers", head="Risk lists")
    page.get_by_role("textbox", name="Value").fill("mallory@example.com")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("region", name="Find a value in all lists").get_by_role("link")).to_have_text(
        "bad_addresses"
    )
    assert "mallory" not in page.url
    dashboard.open(page, "/test/risk_lists/bad_addresses", "admins", head="bad_addresses")
    page.get_by_role("button", name="Remove: mallory@example.com").click()
    agree(page, "Remove: mallory@example.com", "Remove")
    expect(page.get_by_role("status").get_by_text("2 rows")).to_be_visible()
    page.get_by_role("button", name="+ Removed ones too").click()
    expect(page.get_by_role("row", name="mallory@example.com")).to_contain_text("Removed")


def test_setting_is_found_and_no_secret_is_shown(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/installation", "viewers", head="Installation")
    expect(page.get_by_role("region", name="Schemas")).to_contain_text("Up to date")
    page.get_by_label("Find a setting").fill("staff_port")
    expect(page.get_by_role("region", name="Settings").get_by_role("row")).to_have_count(2)
    page.get_by_label("Find a setting").fill("secrets_key")
    expect(page.get_by_role("row", name="FINCORE_SECRETS_KEY Secret")).to_contain_text("Secret, set")
