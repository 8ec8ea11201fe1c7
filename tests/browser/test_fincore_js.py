"""fincore.js in a shop's page: a real browser, FinCore's own roles, and the PSP sandbox in place of Stripe."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from fixtures.browser import chromium, violations
from fixtures.paying_page import PayingShop, registered, shop_pages
from fixtures.system import System

pytestmark = pytest.mark.timeout(600)

START = """async ([key, where, options, loading]) => {
  const fincore = await FinCore.loadFinCore(key, loading);
  const card = fincore.cardFields({amount_minor: 1000, currency: "usd", ...options});
  const form = {fincore, card, events: []};
  for (const name of ["ready", "change", "focus", "blur", "escape", "loaderror"]) {
    card.on(name, (event) => form.events.push({name, ...event}));
  }
  (window.forms ??= {})[where] = form;
  const settled = new Promise((resolve) => ["ready", "loaderror"].forEach((name) => card.on(name, () => resolve(name))));
  card.mount(`#${where}`);
  return settled;
}"""
TOKENIZE = "async ([where, options]) => window.forms[where].card.tokenize(options)"
GOOD, DECLINED, ASKED = "4242424242424242", "4000000000000002", "4000000000003220"


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """A system of its own, with the customers' server."""
    system = System(serves_customers=True)
    try:
        system.start_stores()
        system.start_roles()
        yield system
    finally:
        system.stop()


@pytest.fixture(scope="module")
def shop(system: System) -> Iterator[PayingShop]:
    """A shop; made before the browser, which brings a loop of its own."""
    with shop_pages(system) as url:
        keys = asyncio.run(registered(system, url.rstrip("/")))
        yield PayingShop(system, url, *keys)


@pytest.fixture(scope="module")
def browser(shop: PayingShop) -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser, shop: PayingShop) -> Iterator[Page]:
    """The shop's page. The test fails where the page's policy kept something out, or code threw."""
    context = browser.new_context()
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if "Content Security" in said.text else None)
    page.goto(shop.url)
    yield page
    context.close()
    assert problems == []


def mount(page: Page, shop: PayingShop, where: str = "first", **options: Any) -> FrameLocator:
    """Card fields that are ready."""
    assert page.evaluate(START, [shop.publishable_key, where, options, {}]) == "ready"
    return page.frame_locator(f"#{where} iframe")


def type_card(card: FrameLocator, number: str) -> None:
    card.get_by_label("Card number").fill(number)
    card.get_by_label("Expiry").fill("12 / 36")
    card.get_by_label("Security code").fill("123")


def tokenize(page: Page, where: str = "first", **options: Any) -> dict[str, Any]:
    made: dict[str, Any] = page.evaluate(TOKENIZE, [where, options])
    return made


def test_card_fields_pay_a_charge(page: Page, shop: PayingShop) -> None:
    type_card(mount(page, shop), GOOD)
    made = tokenize(page, billing={"name": "Ada", "address": {"postal_code": "10115", "country": "DE"}})
    assert (made["brand"], made["last4"], made["payment_method"]["type"]) == ("visa", "4242", "card")
    charge = shop.charge(made["payment_method"])
    assert (charge["status"], charge["amount_captured_minor"]) == ("succeeded", 1000)
    assert charge["psp_account"] == made["payment_method"]["account"]
    events = page.evaluate("window.forms.first.events")
    assert events[0]["name"] == "ready"
    last = [one for one in events if one["name"] == "change"][-1]
    assert last == {"name": "change", "complete": True, "empty": False, "brand": "visa", "error": None}
    assert GOOD not in str(events)


def test_declined_card_is_corrected_in_the_fields(page: Page, shop: PayingShop) -> None:
    card = mount(page, shop)
    type_card(card, DECLINED)
    declined = shop.charge(tokenize(page)["payment_method"])
    assert (declined["status"], declined["code"]) == (402, "charge_failed")
    card.get_by_label("Card number").fill(GOOD)
    assert shop.charge(tokenize(page)["payment_method"])["status"] == "succeeded"


def test_two_card_fields_on_a_page_never_mix(page: Page, shop: PayingShop) -> None:
    type_card(mount(page, shop, "first"), GOOD)
    type_card(mount(page, shop, "second"), "5555555555554444")
    made = page.evaluate(
        "() => Promise.all(['second', 'first'].map((where) => window.forms[where].card.tokenize()))"
    )
    assert [one["last4"] for one in made] == ["4444", "4242"]
    brands = page.evaluate(
        "() => ['first', 'second'].map((where) => window.forms[where].events.findLast((one) => one.brand).brand)"
    )
    assert brands == ["visa", "mastercard"]


def test_axe_finds_nothing_beside_card_fields(page: Page, shop: PayingShop) -> None:
    card = mount(page, shop)
    type_card(card, "4242424242424241")
    refused = tokenize(page)["error"]
    assert (refused["code"], refused["field"], refused["retryable"]) == ("card_invalid", "number", False)
    expect(card.get_by_label("Card number")).to_have_accessible_description(refused["message"])
    expect(page.get_by_role("group", name="Card")).to_be_visible()
    assert violations(page) == []
