"""The dashboard in a real browser: how people come in and out, what they may see, and how they get about."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from fixtures.browser import chromium, require_chromium
from fixtures.dashboard import NARROW, WIDTHS, Dashboard, dashboard_system, flaws, visitor

pytestmark = [pytest.mark.timeout(600), pytest.mark.sampled]


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    require_chromium()
    with dashboard_system() as started:
        yield started


@pytest.fixture(scope="module")
def browser(dashboard: Dashboard) -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with visitor(browser) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def test_person_comes_in_by_the_issuer_and_stays_at_the_address(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/charges?status=failed", "viewers", head="Charges")
    assert page.url == f"{dashboard.url}/test/charges?status=failed"
    logins = dashboard.issuer.logins
    page.reload()
    expect(page.get_by_role("heading", level=1, name="Charges")).to_be_visible()
    assert page.url == f"{dashboard.url}/test/charges?status=failed"
    assert dashboard.issuer.logins == logins + 1


def test_person_who_logs_out_has_to_log_in_anew(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test", "viewers", head="Home")
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()
    assert not dashboard.issuer.is_logged_in
    assert flaws(page) == []
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_title("The issuer asks for a password")


def test_logout_in_one_window_ends_all_of_them(dashboard: Dashboard, context: BrowserContext) -> None:
    first, second = context.new_page(), context.new_page()
    dashboard.open(first, "/test", "viewers", head="Home")
    dashboard.open(second, "/test/charges", "viewers", head="Charges")
    second.get_by_role("link", name="Refunds").click()
    expect(second.get_by_role("heading", level=1, name="Refunds")).to_be_visible()
    first.get_by_role("button", name="Your account").click()
    first.get_by_role("button", name="Log out").click()
    for page in (second, first):
        expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()
    second.go_back()
    expect(second).to_have_title("The issuer asks for a password")


def test_person_without_a_role_is_told_so(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/charges", "cleaners", head="You have no role here")
    assert flaws(page) == []


def test_answer_that_is_no_login_is_not_taken(dashboard: Dashboard, page: Page) -> None:
    """Such an address may come from another site: nothing of it is used, and it leaves the window's history."""
    page.goto(f"{dashboard.url}/login/return?code=forged&state=forged")
    expect(page.get_by_role("heading", name="The login failed")).to_be_visible()
    assert page.url == f"{dashboard.url}/login/return"
    assert flaws(page) == []


def test_person_sees_what_the_roles_allow_in_a_mode(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/", "test-only", head="Home")
    expect(page.get_by_text("Test mode: no real money moves here.")).to_be_visible()
    assert page.url == f"{dashboard.url}/test"
    expect(page.get_by_role("link", name="Live", exact=True)).to_have_count(0)
    page.goto(f"{dashboard.url}/live/charges")
    expect(page.get_by_role("heading", name="You do not have permission to see this")).to_be_visible()
    assert flaws(page) == []


def test_switch_of_mode_leads_to_the_same_list(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/charges", "viewers", head="Charges")
    expect(page.get_by_role("link", name="Test", exact=True)).to_have_attribute("aria-current", "page")
    page.get_by_role("link", name="Live", exact=True).click()
    expect(page.get_by_text("Test mode")).to_have_count(0)
    assert page.url == f"{dashboard.url}/live/charges"


@pytest.mark.long
def test_address_that_is_no_screen_says_so(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test", "viewers", head="Home")
    page.goto(f"{dashboard.url}/test/nothing")
    expect(page.get_by_role("heading", name="There is no such screen")).to_be_visible()


def test_login_is_renewed_without_a_word(dashboard: Dashboard, page: Page) -> None:
    """A token that is about to end is renewed before the next call; one that the server refuses, after it."""
    dashboard.issuer.token_seconds = 30
    try:
        renewals = dashboard.issuer.renewals
        dashboard.open(page, "/test", "viewers", head="Home")
        assert dashboard.issuer.renewals > renewals
    finally:
        dashboard.issuer.token_seconds = 900


def test_login_that_has_ended_keeps_the_page(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/charges", "viewers", head="Charges")
    dashboard.issuer.renews = False
    page.route(
        "**/staff/v1/**",
        lambda route: route.continue_(headers={**route.request.headers, "authorization": "Bearer no"}),
    )
    page.get_by_role("link", name="Live", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Your login has ended")
    assert flaws(page) == []
    dashboard.issuer.renews = True
    page.unroute_all()
    page.get_by_role("button", name="Log in again").click()
    page.wait_for_url(f"{dashboard.url}/live/charges")
    expect(page.get_by_role("heading", level=1, name="Charges")).to_be_visible()
    expect(page.get_by_text("Your login has ended")).to_have_count(0)


def test_keyboard_alone_gets_about(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/charges", "viewers", head="Charges")
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search payments")).to_be_focused()
    page.keyboard.type("?/jk")
    expect(page.get_by_role("combobox", name="Search payments")).to_have_value("?/jk")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_be_visible()
    assert flaws(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.reload()
    expect(page.get_by_role("heading", level=1, name="Charges")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Your account")).to_be_focused()
    page.get_by_role("link", name="Skip to the page").focus()
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#page")


def test_dashboard_speaks_the_language_of_the_browser(dashboard: Dashboard, browser: Browser) -> None:
    with visitor(browser, locale="de-AT") as context:
        page = context.new_page()
        dashboard.open(page, "/test/charges", "supporters", head="Zahlungen")
        expect(page.locator("html")).to_have_attribute("lang", "de")
        page.get_by_role("button", name="Ihr Konto").click()
        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("heading", level=1, name="Charges")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.long
@pytest.mark.parametrize("width", WIDTHS)
def test_frame_of_the_screens_is_clean_at_each_width(
    dashboard: Dashboard, browser: Browser, width: int
) -> None:
    with visitor(browser, width=width) as context:
        page = context.new_page()
        dashboard.open(page, "/test", "admins", head="Home")
        if width == NARROW:
            page.get_by_role("button", name="Open the list of screens").click()
            expect(page.get_by_role("navigation", name="Screens")).to_be_visible()
            assert flaws(page, width) == []
            page.keyboard.press("Escape")
        page.get_by_role("button", name="Your account").click()
        expect(page.get_by_text("admin · test and live")).to_be_visible()
        assert flaws(page, width) == []


def test_other_site_can_neither_frame_nor_read_the_dashboard(dashboard: Dashboard, browser: Browser) -> None:
    with visitor(browser, expected=["frame", "CORS", "ERR_FAILED", "Content Security"]) as context:
        page = context.new_page()
        page.goto(f"{dashboard.issuer.url}/authorize-nothing")
        page.evaluate(
            "(url) => { const frame = document.createElement('iframe'); frame.src = url; document.body.append(frame); }",
            dashboard.url,
        )
        read = page.evaluate(
            "(url) => fetch(url + '/staff/v1/me', {credentials: 'include'}).then(() => 'read', () => 'refused')",
            dashboard.url,
        )
        assert read == "refused"
        expect(page.frame_locator("iframe").get_by_role("heading")).to_have_count(0)


def test_home_page_says_what_needs_a_person(dashboard: Dashboard, page: Page) -> None:
    def with_needs(route: Route) -> None:
        body = route.fetch().json()
        for need in body["needs"]:
            if need["kind"] == "unknown_outcomes":
                need |= {"state": "read", "count": 3, "oldest_at": "2026-01-01T00:00:00Z"}
            if need["kind"] == "dead_letters":
                need |= {"state": "unavailable", "count": None}
        route.fulfill(json=body)

    dashboard.open(page, "/test", "bookkeepers", head="Home")
    needs = page.get_by_role("region", name="What needs a person")
    expect(needs).to_contain_text("Nothing needs a person now.")
    page.route("**/staff/v1/home?*", with_needs)
    page.reload()
    expect(needs).to_contain_text("Dead letterscould not be read")
    expect(needs).to_contain_text("Unknown outcomes3")
    assert flaws(page) == []
    needs.get_by_role("link", name="Unknown outcomes").click()
    expect(page.get_by_role("heading", level=1, name="Unknown outcomes")).to_be_visible()
    assert page.url == f"{dashboard.url}/test/unknown_outcomes"
