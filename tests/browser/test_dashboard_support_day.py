"""A day of support in the dashboard: find a payment by what a customer says, refund once, say where the money is; and a login that ends in between."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect

from fixtures.browser import chromium
from fixtures.dashboard import Dashboard, Shop, dashboard_system, flaws, visitor

pytestmark = [pytest.mark.timeout(600), pytest.mark.long]

REFUNDS: Final = "**/staff/v1/charges/*/refunds"
LIMITS: Final = {"FINCORE_REFUND_LIMITS_MINOR": "eur:5000:1000000"}
REFUND: Final = "Refund €5.00"
LAST4: Final = "7726"
ANOTHER_PERSON: Final = "sub-grace"


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    with chromium():
        """Skip before anything is started."""
    with dashboard_system(("api", "worker", "projectionist", "ledger"), LIMITS) as started:
        yield started


@pytest.fixture(scope="module")
def shop(dashboard: Dashboard) -> Shop:
    """A merchant with charges by other cards, among which the customer's is to be found."""
    shop = Shop(dashboard.system)
    for _ in range(3):
        shop.charge(customer_email="others@example.com")
    return shop


@pytest.fixture(scope="module")
def browser(shop: Shop) -> Iterator[Browser]:
    assert shop
    with chromium() as started:
        yield started


@pytest.fixture
def page(dashboard: Dashboard, browser: Browser) -> Iterator[Page]:
    with visitor(browser) as context:
        yield context.new_page()
    dashboard.issuer.renews = True


def paid(dashboard: Dashboard, shop: Shop, **fields: object) -> str:
    """A new charge, once nothing is left to do about it."""
    charge_id = shop.charge(**fields)
    dashboard.system.until_idle(looks_at_consumers=False)
    return charge_id


def refund_dialog(page: Page) -> Locator:
    """The dialog that refunds five euros, with all fields written."""
    page.get_by_role("button", name="Refund", exact=True).click()
    dialog = page.get_by_role("dialog", name="Refund")
    dialog.get_by_label("Amount (EUR)").fill("5")
    dialog.get_by_label("Reason").fill("One shoe came back")
    expect(dialog).to_contain_text("can still be refunded after that")
    return dialog


def refunds_of(dashboard: Dashboard, shop: Shop, charge_id: str) -> list[int]:
    """The amounts of the refunds of a charge, once nothing is left to do about it."""
    dashboard.system.until_idle(looks_at_consumers=False)
    charge: dict[str, Any] = shop.ask("GET", f"/v1/charges/{charge_id}")
    return [refund["amount_minor"] for refund in charge["refunds"]]


def test_customer_gets_a_part_back_once_and_is_told_where(
    dashboard: Dashboard, shop: Shop, page: Page
) -> None:
    """The answer to a double click is lost, and the customer asks on another day, by e-mail."""
    sandbox = dashboard.system.sandbox
    refunded_before = sum(sandbox.state()["refunds"].values())
    charge_id = paid(
        dashboard, shop, payment_method="pm_card_pendingRefund", customer_email="ada@example.com"
    )
    asked: list[str] = []

    def lose_first(route: Route) -> None:
        asked.append(route.request.headers["idempotency-key"])
        answer = route.fetch()
        if len(asked) == 1:
            route.abort()
        else:
            route.fulfill(response=answer)

    page.route(REFUNDS, lose_first)
    dashboard.open(page, "/test", "supporters", head="Home")
    page.keyboard.press("/")
    page.keyboard.type(LAST4)
    found = page.get_by_role("group", name="Last 4 digits").get_by_role("option")
    expect(found).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/charges/{charge_id}")
    refund_dialog(page).get_by_role("button", name=REFUND).dblclick()
    expect(page.get_by_text("The refund is under way.")).to_be_visible()
    assert len(asked) == 2
    assert len({*asked}) == 1
    assert refunds_of(dashboard, shop, charge_id) == [500]
    assert sum(sandbox.state()["refunds"].values()) == refunded_before + 1
    dashboard.system.until(
        "the customer has the money",
        lambda: shop.ask("GET", f"/v1/charges/{charge_id}")["refunds"][0]["status"] == "succeeded",
    )

    page.keyboard.press("/")
    page.keyboard.type("ada@example.com")
    page.get_by_role("option").first.click()
    refunds = page.get_by_role("region", name="Refunds").get_by_role("row").filter(has_text="€5.00")
    (refund,) = shop.ask("GET", f"/v1/charges/{charge_id}")["refunds"]
    expect(refunds).to_have_count(1)
    expect(refunds).to_contain_text("Succeeded")
    expect(refunds.get_by_role("button", name=refund["psp_reference"])).to_be_visible()
    timeline = page.get_by_role("region", name="Timeline")
    expect(timeline.get_by_role("listitem").first).to_contain_text("Refund succeeded · €5.00")
    expect(timeline).to_contain_text("One shoe came back")
    assert flaws(page) == []


def test_login_that_ends_in_a_dialog_of_money_sends_nothing(
    dashboard: Dashboard, shop: Shop, page: Page
) -> None:
    """The session has ended at the issuer, and the token has expired: what was written stays, and the way back is one button."""
    charge_id = paid(dashboard, shop)
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if "/refunds" in request.url else None)
    dashboard.open(page, f"/test/charges/{charge_id}", "supporters", head="Charge €19.99")
    dialog = refund_dialog(page)
    page.route(
        "**/staff/v1/**",
        lambda route: route.continue_(headers={**route.request.headers, "authorization": "Bearer expired"}),
    )
    dashboard.issuer.renews = False
    dialog.get_by_role("button", name=REFUND).click()
    expect(dialog.get_by_role("alert").filter(has_text="Nothing was done")).to_be_visible()
    expect(dialog.get_by_role("alert").filter(has_text="Your login has ended")).to_be_visible()
    expect(dialog.get_by_label("Reason")).to_have_value("One shoe came back")
    assert flaws(page) == []
    page.unroute_all()
    dashboard.issuer.renews = True
    again = dialog.get_by_role("button", name="Log in again")
    again.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{dashboard.url}/test/charges/{charge_id}")
    expect(page.get_by_role("heading", level=1, name="Charge €19.99")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert refunds_of(dashboard, shop, charge_id) == []
    assert [request.method for request in sent if request.method == "POST"] == ["POST"]
    refund_dialog(page).get_by_role("button", name=REFUND).click()
    expect(page.get_by_text("The refund is under way.")).to_be_visible()
    assert refunds_of(dashboard, shop, charge_id) == [500]


def test_login_that_ends_after_a_lost_answer_warns(dashboard: Dashboard, shop: Shop, page: Page) -> None:
    """The refund was made. A dialog that said that nothing was done would have it made twice."""
    charge_id = paid(dashboard, shop)
    keys: list[str] = []

    def lose_then_end(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()
            dashboard.issuer.renews = False
            route.abort()
        else:
            route.continue_(headers={**route.request.headers, "authorization": "Bearer expired"})

    dashboard.open(page, f"/test/charges/{charge_id}", "supporters", head="Charge €19.99")
    page.route(REFUNDS, lose_then_end)
    dialog = refund_dialog(page)
    dialog.get_by_role("button", name=REFUND).click()
    expect(dialog.get_by_role("alert").first).to_contain_text("The answer did not arrive")
    expect(dialog).to_contain_text("Log in again, and look at what has happened")
    expect(dialog).not_to_contain_text("Nothing was done")
    expect(dialog.get_by_label("Amount (EUR)")).to_be_disabled()
    page.keyboard.press("Escape")
    page.mouse.click(5, 400)
    expect(dialog).to_be_visible()
    assert flaws(page) == []
    assert len({*keys}) == 1
    page.unroute_all()
    dashboard.issuer.renews = True
    dialog.get_by_role("button", name="Log in again").click()
    page.wait_for_url(f"{dashboard.url}/test/charges/{charge_id}")
    expect(page.get_by_role("region", name="Refunds")).to_contain_text("€5.00")
    assert refunds_of(dashboard, shop, charge_id) == [500]


def test_dialog_of_one_person_is_gone_when_another_logs_in(
    dashboard: Dashboard, shop: Shop, page: Page
) -> None:
    """What the first person wrote is neither shown to the second nor done in the name of the second."""
    charge_id = paid(dashboard, shop)
    dashboard.open(page, f"/test/charges/{charge_id}", "supporters", head="Charge €19.99")
    dialog = refund_dialog(page)
    page.route(
        "**/staff/v1/**",
        lambda route: route.continue_(headers={**route.request.headers, "authorization": "Bearer expired"}),
    )
    dashboard.issuer.renews = False
    dialog.get_by_role("button", name=REFUND).click()
    expect(dialog.get_by_role("button", name="Log in again")).to_be_visible()
    page.unroute_all()
    dashboard.issuer.renews = True
    dashboard.log_in("viewers", subject=ANOTHER_PERSON)
    dialog.get_by_role("button", name="Log in again").click()
    expect(page.get_by_role("heading", level=1, name="Charge €19.99")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Refund", exact=True)).to_have_count(0)
    assert refunds_of(dashboard, shop, charge_id) == []
