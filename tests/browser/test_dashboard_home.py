"""The state of the system on the home page: how charges fared, what waits, and what could not be read."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from fixtures.browser import chromium, require_chromium
from fixtures.dashboard import WIDTHS, Dashboard, Shop, dashboard_system, flaws, visitor

pytestmark = [pytest.mark.timeout(600), pytest.mark.sampled]

PAID: Final = 20
DECLINED: Final = 2


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    require_chromium()
    with dashboard_system(("api", "worker", "projectionist")) as started:
        shop = Shop(started.system)
        for _ in range(PAID):
            shop.charge()
        for _ in range(DECLINED):
            shop.charge(payment_method="pm_card_visa_chargeDeclined")
        started.system.until_idle(looks_at_consumers=False)
        yield started


@pytest.fixture(scope="module")
def browser(dashboard: Dashboard) -> Iterator[Browser]:
    assert dashboard
    with chromium() as started:
        yield started


@pytest.mark.parametrize("width", WIDTHS)
def test_home_shows_how_charges_of_the_day_fared(dashboard: Dashboard, browser: Browser, width: int) -> None:
    with visitor(browser, width=width) as context:
        page = context.new_page()
        dashboard.open(page, "/test", "admins", head="Home")
        rates = page.get_by_role("region", name="Charges of the last 24 hours")
        account = rates.get_by_role("row", name="stripe/test")
        expect(account).to_contain_text("90.9%")
        expect(rates.locator("canvas")).to_be_visible()
        rates.get_by_text("The hours in figures").click()
        expect(rates.get_by_role("group", name="The hours in figures").get_by_role("row")).to_have_count(25)
        expect(page.get_by_role("region", name="PSP accounts")).to_contain_text("Every account is called.")
        work = page.get_by_role("region", name="Work that waits")
        expect(work.get_by_role("listitem").filter(has_text="Query view")).to_contain_text("Up to date")
        expect(page.get_by_role("region", name="Invariants")).to_be_visible()
        assert flaws(page, width) == []


def test_money_of_each_currency_is_shown_by_day(dashboard: Dashboard, browser: Browser) -> None:
    def taken(route: Route) -> None:
        home: dict[str, Any] = route.fetch().json()
        day = home["at"][:10]
        home["money"]["days"] = [
            {"day": day, "currency": currency, "taken_minor": minor}
            for currency, minor in (("eur", 123_456), ("jpy", 700))
        ]
        route.fulfill(json=home)

    with visitor(browser) as context:
        page: Page = context.new_page()
        page.route("**/staff/v1/home?*", taken)
        dashboard.open(page, "/test", "bookkeepers", head="Home")
        money = page.get_by_role("region", name="Money taken in 30 days")
        expect(money.get_by_role("row", name="EUR")).to_contain_text("€1,234.56")
        expect(money.get_by_role("row", name="JPY")).to_contain_text("JP¥700")
        money.get_by_text("The days in EUR in figures").click()
        expect(
            money.get_by_role("group", name="The days in EUR in figures").get_by_role("row")
        ).to_have_count(31)
        assert flaws(page) == []


def test_part_that_could_not_be_read_shows_no_zero(dashboard: Dashboard, browser: Browser) -> None:
    def unread(route: Route) -> None:
        home: dict[str, Any] = route.fetch().json()
        home["rates"] = {"state": "unavailable", "is_sample": False, "hours": []}
        home["money"] = {"state": "unavailable", "days": []}
        home["breakers"] = {"state": "unavailable", "breakers": []}
        home["consumers"] = [
            one | {"state": "unavailable", "events_behind": None, "behind_since": None}
            for one in home["consumers"]
        ]
        route.fulfill(json=home)

    with visitor(browser) as context:
        page: Page = context.new_page()
        page.route("**/staff/v1/home?*", unread)
        dashboard.open(page, "/test", "admins", head="Home")
        for name in (
            "Charges of the last 24 hours",
            "Money taken in 30 days",
            "PSP accounts",
            "Work that waits",
        ):
            expect(page.get_by_role("region", name=name)).to_contain_text("could not be read")
        expect(page.get_by_text("Every account is called.")).to_have_count(0)
        assert flaws(page) == []
