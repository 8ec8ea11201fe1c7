"""Finding charges in the dashboard: the search box, the list with its filters, and many rows."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from fixtures.browser import chromium, require_chromium
from fixtures.dashboard import NARROW, WIDE, Dashboard, Shop, dashboard_system, flaws, visitor

pytestmark = [pytest.mark.timeout(600), pytest.mark.sampled]

MARKUP: Final = "<img src=x onerror=alert(1)><script>alert(2)</script>"
MANY: Final = 140


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    require_chromium()
    with dashboard_system(("api", "worker", "projectionist")) as started:
        yield started


@pytest.fixture(scope="module")
def shop(dashboard: Dashboard) -> Shop:
    """A merchant with charges of several kinds, the oldest first."""
    shop = Shop(dashboard.system)
    for number in range(MANY):
        shop.charge(amount_minor=100 + number, customer_email="many@example.com")
    shop.charge(customer_email="ada@example.com", description="Order 1007", metadata={"order": "A-1007"})
    shop.charge(payment_method="pm_card_visa_chargeDeclined", customer_email="grace@example.com")
    shop.charge(amount_minor=5000, currency="jpy", payment_method="pm_card_mastercard")
    shop.charge(customer_email="x@example.com", description=MARKUP, metadata={"order": MARKUP})
    dashboard.system.until_idle(looks_at_consumers=False)
    return shop


@pytest.fixture(scope="module")
def browser(shop: Shop) -> Iterator[Browser]:
    assert shop
    with chromium() as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with visitor(browser) as context:
        yield context


@pytest.fixture
def page(dashboard: Dashboard, context: BrowserContext) -> Page:
    page = context.new_page()
    dashboard.open(page, "/test/charges", "viewers", head="Charges")
    expect(rows(page).first).to_be_visible()
    return page


def rows(page: Page) -> Locator:
    """The rows in the document, without the head."""
    return page.get_by_role("row").filter(has=page.get_by_role("cell"))


def type_into(page: Page, filter_name: str, field: str, text: str) -> None:
    """Open a filter, write into one of its fields, and apply it."""
    page.get_by_role("button", name=filter_name).click()
    page.get_by_role("textbox", name=field, exact=True).fill(text)
    page.keyboard.press("Enter")


def test_list_shows_the_newest_charges_first(page: Page) -> None:
    expect(rows(page).first).to_contain_text(MARKUP)
    expect(rows(page).nth(1)).to_contain_text("JP¥5,000")
    expect(rows(page).nth(2)).to_contain_text("Failed")
    expect(rows(page).nth(3)).to_contain_text("ada@example.com")
    expect(page.get_by_text(f"{MANY + 3} charges")).to_be_visible()
    assert flaws(page) == []


@pytest.mark.long
def test_only_rows_in_sight_are_in_the_document(page: Page) -> None:
    """On the way down no row in sight is missing; at the end the list says how many there are."""
    assert rows(page).count() < 80
    for _ in range(40):
        page.mouse.wheel(0, 400)
        expect(page.locator("main")).not_to_contain_text("could not be loaded")
        if page.get_by_text(f"{MANY + 4} rows").is_visible():
            break
    page.keyboard.press("End")
    expect(page.get_by_text(f"{MANY + 4} rows")).to_be_visible()
    expect(rows(page).last).to_contain_text("€1.00")
    assert rows(page).count() < 80


def test_keys_move_through_the_rows_and_open_one(page: Page) -> None:
    for _ in range(4):
        page.keyboard.press("j")
    page.keyboard.press("k")
    expect(rows(page).nth(2).get_by_role("link")).to_be_focused()
    link = rows(page).nth(2).get_by_role("link").get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{link}")
    page.go_back()
    expect(rows(page).first).to_be_visible()


def test_filters_are_in_the_address_and_come_back_from_it(dashboard: Dashboard, page: Page) -> None:
    page.get_by_role("button", name="+ Status").click()
    page.get_by_label("Failed").check()
    page.get_by_role("button", name="Apply").locator("visible=true").click()
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("grace@example.com")
    assert page.url == f"{dashboard.url}/test/charges?status=failed"
    page.go_back()
    expect(rows(page).nth(3)).to_be_visible()
    page.goto(f"{dashboard.url}/test/charges?currency=jpy&amount_from=5000&amount_to=5000&junk=1&from=x")
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_role("button", name="Amount: JP¥5,000")).to_be_visible()
    page.get_by_role("button", name="Clear all filters").click()
    expect(rows(page).nth(3)).to_be_visible()
    assert page.url == f"{dashboard.url}/test/charges"


def test_personal_filters_stay_out_of_the_address(dashboard: Dashboard, page: Page) -> None:
    type_into(page, "+ E-mail", "E-mail", "ada@")
    expect(rows(page)).to_have_count(1)
    assert page.url == f"{dashboard.url}/test/charges"
    rows(page).first.click()
    page.wait_for_url("**/charges/ch_*")
    page.go_back()
    expect(page.get_by_role("button", name="E-mail: ada@")).to_be_visible()
    expect(rows(page)).to_have_count(1)


@pytest.mark.long
def test_amount_without_a_currency_is_asked_for(page: Page) -> None:
    page.get_by_role("button", name="+ Amount").click()
    page.get_by_label("From", exact=True).locator("visible=true").fill("19.99")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").locator("visible=true")).to_have_text(
        "Choose a currency, so that the amount is clear."
    )
    assert flaws(page) == []
    page.get_by_label("Currency").locator("visible=true").select_option("eur")
    page.get_by_label("Until", exact=True).locator("visible=true").fill("19,99")
    page.get_by_role("button", name="Apply").locator("visible=true").click()
    expect(rows(page).first).to_contain_text("€19.99")
    assert "amount_from=1999" in page.url


@pytest.mark.long
def test_filter_that_nothing_passes_says_so(page: Page) -> None:
    type_into(page, "+ E-mail", "E-mail", "nobody@example.com")
    expect(page.get_by_role("heading", name="No charge matches")).to_be_visible()
    assert flaws(page) == []
    page.get_by_role("button", name="Clear all filters").last.click()
    expect(rows(page).first).to_be_visible()


@pytest.mark.parametrize(
    ("said", "group", "shown"),
    [
        ("4444", "Last 4 digits", "JP¥5,000"),
        pytest.param("ada@example.com", "E-mail", "€19.99", marks=pytest.mark.long),
        pytest.param("A-1007", "Metadata", "€19.99", marks=pytest.mark.long),
        pytest.param("5000 JPY", "Amount", "JP¥5,000", marks=pytest.mark.long),
    ],
)
def test_search_finds_what_a_customer_can_say(page: Page, said: str, group: str, shown: str) -> None:
    page.keyboard.press("/")
    page.keyboard.type(said)
    found = page.get_by_role("group", name=group).get_by_role("option")
    expect(found.first).to_contain_text(shown)
    assert said.split("@", maxsplit=1)[0] not in page.url


def test_search_is_used_by_keyboard_alone(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("many@example.com")
    options = page.get_by_role("option")
    expect(options.nth(1)).to_be_visible()
    assert flaws(page) == []
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("option", name="See all")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="E-mail: many@example.com")).to_be_visible()
    expect(page.get_by_text(f"{MANY} charges")).to_be_visible()


@pytest.mark.long
def test_search_without_a_hit_says_what_to_try(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("zzzz")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    assert flaws(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_text("Nothing found")).to_have_count(0)


@pytest.mark.long
def test_unfinished_search_does_not_say_that_there_is_nothing(page: Page) -> None:
    unfinished = {"matched": "amount", "is_prefix": False, "hits": [], "has_more": True}
    page.route("**/staff/v1/searches", lambda route: route.fulfill(json={"groups": [unfinished]}))
    page.keyboard.press("/")
    page.keyboard.type("19.99 EUR")
    expect(page.get_by_role("group", name="Amount")).to_contain_text("there may be older ones")
    expect(page.get_by_text("Nothing found")).to_have_count(0)
    assert flaws(page) == []


def test_markup_of_merchants_and_customers_is_text(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type(MARKUP[:20])
    expect(page.get_by_role("group", name="Metadata").get_by_role("option").first).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
    assert page.locator("script").count() == 1


@pytest.mark.long
def test_list_fits_a_phone(dashboard: Dashboard, browser: Browser) -> None:
    with visitor(browser, width=NARROW) as context:
        page = context.new_page()
        dashboard.open(page, "/test/charges", "viewers", head="Charges")
        expect(rows(page).first).to_be_visible()
        assert flaws(page, NARROW) == []
        page.get_by_role("combobox", name="Search payments").fill("many@example.com")
        expect(page.get_by_role("option").first).to_be_visible()
        assert flaws(page, NARROW) == []


@pytest.mark.long
def test_person_of_the_other_mode_sees_nothing(dashboard: Dashboard, page: Page) -> None:
    page.get_by_role("link", name="Live", exact=True).click()
    expect(page.get_by_role("heading", name="No charges yet")).to_be_visible()
    assert flaws(page, WIDE) == []
