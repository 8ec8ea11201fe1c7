"""fincore.js in a shop's page: a real browser, FinCore's own roles, and the PSP sandbox in place of Stripe."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from fincore.checkout.js.built_files import BUILT_FILES
from fixtures.browser import chromium, violations
from fixtures.paying_page import POLICY, PayingShop, registered, shop_pages
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
NARROW_PAGES = {
    "no-psp-script": ("script-src {fincore} {psp}", "script-src {fincore}", "script_failed"),
    "no-trusted-type": ("trusted-types fincore", "trusted-types 'none'", "script_failed"),
    "no-connection": ("connect-src {fincore}", "connect-src 'none'", "configuration_unreachable"),
    "no-frame": ("frame-src {psp}", "frame-src 'none'", "load_timeout"),
}
"""Pages that refuse something: by path the part of the policy, what stands in its place, and the error."""


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """What a payment needs: the API, the worker and the customers' server."""
    system = System(serves_customers=True)
    try:
        system.start_stores()
        system.start("api", "worker", "checkout")
        yield system
    finally:
        system.stop()


@pytest.fixture(scope="module")
def shop(system: System) -> Iterator[PayingShop]:
    """A shop; made before the browser, which brings a loop of its own."""
    narrow = {
        f"/{path}": POLICY.replace(allowed, refused) for path, (allowed, refused, _) in NARROW_PAGES.items()
    }
    with shop_pages(system, policies=narrow) as url:
        keys = asyncio.run(registered(system, url.rstrip("/")))
        yield PayingShop(system, url, *keys)


@pytest.fixture(scope="module")
def browser(shop: PayingShop) -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def other_page(browser: Browser) -> Iterator[Page]:
    """A page of which the browser may refuse something."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


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


def test_bank_asks_the_customer_on_a_page_of_its_own(page: Page, shop: PayingShop) -> None:
    type_card(mount(page, shop), ASKED)
    charge = shop.charge(tokenize(page)["payment_method"], return_url=f"{shop.url}thanks")
    assert charge["status"] == "requires_action"
    page.evaluate(
        "(action) => { window.forms.first.fincore.handleNextAction(action) }", charge["next_action"]
    )
    page.get_by_role("button", name="Complete").click()
    page.wait_for_url(f"{shop.url}thanks?*")
    shop.system.until("the charge is paid", lambda: shop.get(charge["id"])["status"] == "succeeded")


def test_card_is_typed_and_paid_by_keyboard_alone(page: Page, shop: PayingShop) -> None:
    card = mount(page, shop)
    page.get_by_label("Name").focus()
    for typed in ("", GOOD, "1236", "123"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Pay")).to_be_focused()
    expect(card.get_by_label("Expiry")).to_have_value("12 / 36")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Escape")
    assert tokenize(page)["last4"] == "4242"
    names = page.evaluate("window.forms.first.events.map((one) => one.name)")
    assert {"focus", "blur", "escape"} <= set(names)


def test_fields_are_cleared_focused_and_dressed(page: Page, shop: PayingShop) -> None:
    card = mount(page, shop)
    type_card(card, GOOD)
    page.evaluate("""() => {
      const {card} = window.forms.first;
      card.update({appearance: {variables: {colorText: "rgb(1, 2, 3)"}}});
      card.clear();
      card.focus();
    }""")
    expect(card.locator("body")).to_have_css("color", "rgb(1, 2, 3)")
    expect(card.get_by_label("Card number")).to_have_value("")
    expect(card.get_by_label("Card number")).to_be_focused()
    assert tokenize(page)["error"]["code"] == "card_incomplete"


def test_module_mounts_fields_as_the_script_does(page: Page, shop: PayingShop) -> None:
    code = page.evaluate(
        """async ([url, key]) => {
          const {loadFinCore} = await import(url);
          const card = (await loadFinCore(key)).cardFields({amount_minor: 1000, currency: "usd"});
          const ready = new Promise((resolve) => card.on("ready", resolve));
          card.mount(document.getElementById("second"));
          await ready;
          return (await card.tokenize()).error.code;
        }""",
        [f"{shop.system.checkout_url}/js/v1/fincore.mjs", shop.publishable_key],
    )
    assert code == "card_incomplete"


@pytest.mark.parametrize(("path", "code"), [(path, code) for path, (_, _, code) in NARROW_PAGES.items()])
def test_page_that_allows_too_little_gets_loaderror(
    other_page: Page, shop: PayingShop, path: str, code: str
) -> None:
    other_page.goto(shop.url + path)
    loading = {"load_timeout_ms": 1_500}
    assert other_page.evaluate(START, [shop.publishable_key, "first", {}, loading]) == "loaderror"
    (event,) = other_page.evaluate("window.forms.first.events")
    assert (event["error"]["code"], event["error"]["retryable"]) == (code, True)
    assert other_page.locator("#first").inner_html() == ""


def test_page_at_a_foreign_origin_gets_nothing(other_page: Page, shop: PayingShop) -> None:
    with shop_pages(shop.system) as foreign:
        other_page.goto(foreign)
        assert other_page.evaluate(START, [shop.publishable_key, "first", {}, {}]) == "loaderror"
        (event,) = other_page.evaluate("window.forms.first.events")
        assert event["error"]["code"] == "configuration_unreachable"
        assert "registered" in event["error"]["message"]
        assert other_page.locator("iframe").count() == 0


@pytest.mark.parametrize("added", ["", " "])
def test_script_with_another_hash_does_not_run(other_page: Page, shop: PayingShop, added: str) -> None:
    manifest = json.loads(BUILT_FILES["v1", "manifest.json"].content)
    path = f"/js/{manifest['version']}/fincore.js"
    integrity = manifest["files"]["fincore.js"]["integrity"]
    tag = f'<script src="{{fincore}}{path}" integrity="{integrity}" crossorigin="anonymous"></script>'
    with shop_pages(shop.system, head=tag) as url:
        other_page.route(
            f"**{path}",
            lambda route: route.fulfill(
                response=(answer := route.fetch()), body=answer.body() + added.encode()
            ),
        )
        other_page.goto(url)
        assert other_page.evaluate("typeof FinCore") == ("undefined" if added else "object")


def test_react_component_mounts_follows_and_leaves(page: Page, shop: PayingShop, react_page: str) -> None:
    """React's strict mode mounts it twice."""
    page.evaluate(react_page)
    card = page.frame_locator("#first iframe")
    page.evaluate(
        """async (key) => {
          window.heard = [];
          window.shown = show(await FinCore.loadFinCore(key), document.getElementById("first"), window.heard);
          window.shown.amount(1000);
        }""",
        shop.publishable_key,
    )
    type_card(card, GOOD)
    expect(page.get_by_role("group", name="Karte")).to_have_count(1)
    page.evaluate("window.shown.amount(1001)")
    made = page.evaluate("window.shown.fieldsRef.current.tokenize()")
    assert shop.charge(made["payment_method"])["status"] == "succeeded"
    heard = page.evaluate("window.heard")
    assert (heard.count(["ready", 1000]), ["change", 1000, True] in heard) == (1, True)
    page.evaluate("window.shown.leave()")
    assert page.locator("#first").inner_html() == ""


def test_axe_finds_nothing_beside_card_fields(page: Page, shop: PayingShop) -> None:
    card = mount(page, shop)
    type_card(card, "4242424242424241")
    refused = tokenize(page)["error"]
    assert (refused["code"], refused["field"], refused["retryable"]) == ("card_invalid", "number", False)
    expect(card.get_by_label("Card number")).to_have_accessible_description(refused["message"])
    expect(page.get_by_role("group", name="Card")).to_be_visible()
    assert violations(page) == []
