"""PayPal's button of fincore.js in a shop's page: a real browser, FinCore's own roles, and the PSP sandbox in place of PayPal."""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from fixtures.browser import PATIENCE_MILLISECONDS, chromium, site, violations
from fixtures.paying_page import PayingShop, registered, shop_pages
from fixtures.system import System

pytestmark = pytest.mark.timeout(600)

POLICY: Final = (
    "default-src 'none'; script-src {fincore}; connect-src {fincore}; frame-src {fincore}; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'; trusted-types fincore"
)
"""What a page needs that takes PayPal: FinCore and nothing else."""
PAGES: Final = {"return_url": "https://shop.example/back", "cancel_url": "https://shop.example/cart"}
START: Final = """async ([key, where, options, loading]) => {
  const fincore = await FinCore.loadFinCore(key, loading);
  const createCharge = (wallet) => window.charge(where, wallet.payment_method, options.capture === false ? {capture: false} : {});
  const button = fincore.payWithPayPal({amount_minor: 1000, currency: "usd", createCharge, ...options});
  const shown = (window.shown ??= {})[where] = {button, results: []};
  button.on("result", (result) => shown.results.push(result));
  const settled = new Promise((resolve) => {
    button.on("ready", () => resolve("ready"));
    button.on("loaderror", ({error}) => resolve(error.code));
  });
  button.mount(`#${where}`);
  return settled;
}"""


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """A system of its own, with an account at PayPal and the customers' server."""
    system = System(serves_customers=True)
    try:
        system.start_stores()
        system.add_account("paypal", "shop", is_default=True)
        system.start_roles()
        yield system
    finally:
        system.stop()


@pytest.fixture(scope="module")
def shop(system: System) -> Iterator[PayingShop]:
    """A shop; made before the browser, which brings a loop of its own."""
    with shop_pages(system, policies={"/": POLICY}) as url:
        keys = asyncio.run(registered(system, url.rstrip("/")))
        yield PayingShop(system, url, *keys)


@pytest.fixture(scope="module")
def browser(shop: PayingShop) -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def charges() -> dict[str, list[dict[str, Any]]]:
    """The charges that the shop's back end made for each place in the page."""
    return {}


@pytest.fixture
def page(browser: Browser, shop: PayingShop, charges: dict[str, list[dict[str, Any]]]) -> Iterator[Page]:
    """The shop's page with its back end. The test fails where a policy kept something out, or code threw."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if "Content Security" in said.text else None)

    def charge(where: str, payment_method: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
        made = shop.charge(payment_method, **PAGES, **fields)
        charges.setdefault(where, []).append(made)
        return made

    page.expose_function("charge", charge)
    page.goto(shop.url)
    yield page
    context.close()
    assert problems == []


def mount(page: Page, shop: PayingShop, where: str = "first", **options: Any) -> FrameLocator:
    """PayPal's button, ready."""
    assert page.evaluate(START, [shop.publishable_key, where, options, {}]) == "ready"
    return page.frame_locator(f"#{where} iframe").frame_locator("iframe")


def press(page: Page, button: FrameLocator) -> Page:
    """The window that the button opens."""
    with page.expect_popup() as opened:
        button.get_by_role("button", name="PayPal").click()
    return opened.value


def result(page: Page, where: str = "first") -> dict[str, Any]:
    """What came of a press."""
    page.wait_for_function("(where) => window.shown[where].results.length > 0", arg=where)
    found: dict[str, Any] = page.evaluate("(where) => window.shown[where].results.shift()", where)
    return found


LOOKS_MAX: Final = 6


def decided(shop: PayingShop, charge: dict[str, Any]) -> dict[str, Any]:
    """The charge, once it has an outcome: at the latest the poll of a charge that waits for its customer, after a minute, learns it."""
    for _ in range(LOOKS_MAX):
        found = shop.get(charge["id"])
        if found["status"] not in ("processing", "requires_action"):
            break
    return found


def test_approval_in_the_page_pays_a_charge(
    page: Page, shop: PayingShop, charges: dict[str, list[dict[str, Any]]]
) -> None:
    popup = press(page, mount(page, shop, locale="de-DE", style={"color": "blue"}))
    expect(popup.get_by_text("10.00 USD")).to_be_visible()
    popup.get_by_role("button", name="Approve").click()
    assert result(page) == {"status": "approved"}
    (charge,) = charges["first"]
    paid = decided(shop, charge)
    assert (paid["status"], paid["amount_captured_minor"], paid["psp_account"]) == ("succeeded", 1000, "shop")
    # Another press would make another charge.
    expect(page.locator("#first iframe")).to_have_count(0)


def test_same_charge_is_approved_after_failures(
    page: Page, shop: PayingShop, charges: dict[str, list[dict[str, Any]]]
) -> None:
    button = mount(page, shop)
    press(page, button).get_by_role("button", name="Cancel").click()
    assert result(page) == {"status": "canceled"}
    press(page, button).close()
    assert result(page) == {"status": "canceled"}
    press(page, button).get_by_role("button", name="Fail the instrument").click()
    error = result(page)["error"]
    assert (error["code"], error["retryable"]) == ("payment_declined", True)
    press(page, button).get_by_role("button", name="Approve").click()
    assert result(page) == {"status": "approved"}
    assert [decided(shop, one)["status"] for one in charges["first"]] == ["succeeded"]


def test_changed_amount_gets_a_charge_of_its_own(
    page: Page, shop: PayingShop, charges: dict[str, list[dict[str, Any]]]
) -> None:
    """The customer left PayPal, and changed their cart: what they approve next is the amount of the page."""
    page.evaluate(
        """() => {
          const make = window.charge;
          window.charge = (where, method) => make(where, method, {amount_minor: window.amount_minor ?? 1000});
        }"""
    )
    button = mount(page, shop)
    press(page, button).get_by_role("button", name="Cancel").click()
    assert result(page) == {"status": "canceled"}
    page.evaluate("shown.first.frame = document.querySelector('#first iframe')")
    page.evaluate("window.amount_minor = 2000; shown.first.button.update({amount_minor: 2000})")
    page.wait_for_function("() => !shown.first.frame.isConnected")
    popup = press(page, button)
    expect(popup.get_by_text("20.00 USD")).to_be_visible()
    popup.get_by_role("button", name="Approve").click()
    assert result(page) == {"status": "approved"}
    left, paid = charges["first"]
    assert decided(shop, paid)["amount_captured_minor"] == 2000
    assert shop.get(left["id"])["status"] == "requires_action"


def test_held_payment_is_approved_with_its_intent(
    page: Page, shop: PayingShop, charges: dict[str, list[dict[str, Any]]]
) -> None:
    press(page, mount(page, shop, capture=False)).get_by_role("button", name="Approve").click()
    assert result(page) == {"status": "approved"}
    assert [decided(shop, one)["status"] for one in charges["first"]] == ["authorized"]


@pytest.mark.long
def test_intent_that_is_not_the_charges_is_an_error(page: Page, shop: PayingShop) -> None:
    page.evaluate(
        "() => { const make = window.charge; window.charge = (where, method) => make(where, method, {}) }"
    )
    press(page, mount(page, shop, capture=False))
    error = result(page)["error"]
    assert (error["code"], "intent" in error["message"]) == ("psp_refused", True)


def test_paypal_button_is_reached_and_pressed_by_key(page: Page, shop: PayingShop) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    button = mount(page, shop)
    page.get_by_label("Name").focus()
    page.keyboard.press("Tab")
    expect(button.get_by_role("button", name="PayPal")).to_be_focused()
    expect(page.get_by_role("group", name="PayPal")).to_be_visible()
    found = [problem for frame in page.frames for problem in violations(frame)]
    # A frame is a part of a page, which has the heading.
    assert [one for one in found if not one.startswith("page-has-heading-one")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    with page.expect_popup():
        page.keyboard.press("Enter")
    page.evaluate("window.shown.first.button.destroy()")


@pytest.mark.long
def test_paypal_button_in_react_follows_and_leaves(
    page: Page, shop: PayingShop, charges: dict[str, list[dict[str, Any]]], react_page: str
) -> None:
    """React's strict mode mounts it twice; the charge is made by the function of the last render."""
    page.evaluate(react_page)
    page.evaluate(
        """async (key) => {
          window.heard = [];
          const charge = (amount_minor, {payment_method}) => window.charge("first", payment_method, {amount_minor});
          const fincore = await FinCore.loadFinCore(key);
          window.shown = showPayPal(fincore, document.getElementById("first"), window.heard, charge);
          window.shown.amount(1000);
        }""",
        shop.publishable_key,
    )
    page.wait_for_function("() => window.heard.length > 0")
    button = page.frame_locator("#first iframe").frame_locator("iframe")
    press(page, button).get_by_role("button", name="Cancel").click()
    page.wait_for_function("() => window.heard.length > 1")
    page.evaluate("window.frame = document.querySelector('#first iframe'); window.shown.amount(1001)")
    page.wait_for_function("() => !window.frame.isConnected")
    expect(page.get_by_role("group", name="PayPal")).to_have_count(1)
    press(page, button).get_by_role("button", name="Approve").click()
    page.wait_for_function("() => window.heard.length > 2")
    assert page.evaluate("window.heard") == [["ready", 1000], ["canceled", 1000], ["approved", 1001]]
    _, charge = charges["first"]
    assert decided(shop, charge)["amount_captured_minor"] == 1001
    expect(page.locator("#first iframe")).to_have_count(0)
    page.evaluate("window.shown.leave()")
    assert page.locator("#first").inner_html() == ""


def test_charge_that_cannot_be_approved_is_an_error(page: Page, shop: PayingShop) -> None:
    page.evaluate("() => { window.charge = async () => ({next_action: null}) }")
    press(page, mount(page, shop))
    assert result(page)["error"]["code"] == "charge_refused"
    page.evaluate("() => { window.charge = async () => { throw new Error('Sold out.') } }")
    press(page, mount(page, shop, "second"))
    error = result(page, "second")["error"]
    assert (error["code"], error["message"]) == ("charge_refused", "Error: Sold out.")


@pytest.mark.long
def test_two_paypal_buttons_on_a_page_never_mix(
    page: Page, shop: PayingShop, charges: dict[str, list[dict[str, Any]]]
) -> None:
    popups = {where: press(page, mount(page, shop, where)) for where in ("first", "second")}
    for where in ("second", "first"):
        popups[where].get_by_role("button", name="Approve").click()
        assert result(page, where) == {"status": "approved"}
        assert decided(shop, charges[where][0])["status"] == "succeeded"


@pytest.mark.long
def test_blocked_window_of_paypal_becomes_a_dialog(page: Page, shop: PayingShop) -> None:
    button = mount(page, shop)
    for frame in page.frames[1:]:
        frame.evaluate("window.open = () => null")
    button.get_by_role("button", name="PayPal").click()
    over = page.frame_locator("#first iframe").frame_locator("dialog iframe")
    over.get_by_role("button", name="Approve").click()
    assert result(page) == {"status": "approved"}


def test_foreign_origin_gets_no_paypal_button(browser: Browser, shop: PayingShop) -> None:
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    origin, base = shop.url.rstrip("/"), shop.system.checkout_url
    frame = f"{base}/frames/paypal?key={shop.publishable_key}&origin={origin}&account=shop&currency=usd"
    head = f'<script src="{base}/js/v1/fincore.js"></script>'
    document = (
        f'<!doctype html><title>Evil</title>{head}<div id="first"></div><iframe src="{frame}"></iframe>'
    )
    with site(lambda _: (document, {})) as url:
        page.goto(url)
        assert page.evaluate(START, [shop.publishable_key, "first", {}, {}]) == "configuration_unreachable"
        assert any("frame-ancestors" in one for one in said)
        context.close()
