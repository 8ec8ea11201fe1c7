"""The page of a checkout session in a real browser: a customer pays, leaves, comes back, opens two tabs, has no mouse or no scripts."""

import asyncio
import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

import pytest
from harness.installation import Merchant
from playwright.sync_api import Browser, BrowserContext, Page, expect

from fincore.checkout.session_page.texts import TEXTS
from fincore.domain.ids import session_charge_id
from fixtures.browser import PATIENCE_MILLISECONDS, chromium, require_chromium, shop, violations
from fixtures.dashboard_flaws import CANARY, MARKUP
from fixtures.system import System

pytestmark = pytest.mark.timeout(600)

ITEMS: Final = [
    {"name": "Backpack, forest green", "quantity": 1, "amount_minor": 1500},
    {"name": "Supercalifragilisticexpialidociouswaterbottle", "quantity": 2, "amount_minor": 499},
]
NARROW: Final = 320
TRIES_MAX: Final = 5
PAYPAL, STRIPE, SHOP = "**/checkoutnow?*", "**/c/pay/cs_*", "**/thanks?*"


class Till:
    """A system, a merchant's back end that makes sessions, and the address of the merchant's shop."""

    def __init__(self, system: System, merchant: Merchant, shop_url: str) -> None:
        self.system = system
        self.shop_url = shop_url
        self._merchant = merchant

    def session(self, **fields: object) -> dict[str, Any]:
        """A new session over 19.99 euros."""
        body = {
            "amount_minor": 1999,
            "currency": "eur",
            "success_url": f"{self.shop_url}thanks",
            "cancel_url": f"{self.shop_url}cart",
            "line_items": ITEMS,
        }
        return self.ask("POST", "/v1/checkout_sessions", body | fields)

    def ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """One request to the merchants' API."""
        request = urllib.request.Request(  # noqa: S310 -- our own system
            self.system.api_url() + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._merchant.api_key}",
                "Content-Type": "application/json",
                "Idempotency-Key": str(uuid4()),
            },
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- our own system
            said: dict[str, Any] = json.load(answer)
            return said

    def charges(self, session: dict[str, Any]) -> list[tuple[str, int]]:
        """The status and what was captured of each charge of a session in order, once nothing is left to do."""
        self.system.until_idle(looks_at_consumers=False)
        found = []
        for number in range(1, TRIES_MAX + 1):
            try:
                charge = self.ask("GET", f"/v1/charges/{session_charge_id(session['id'], number)}")
            except urllib.error.HTTPError:
                break
            found.append((charge["status"], charge["amount_captured_minor"]))
        return found


@pytest.fixture(scope="module")
def till() -> Iterator[Till]:
    """A system with what a payment needs, and with an account at PayPal."""
    system = System(serves_customers=True)
    try:
        require_chromium()
        system.start_stores()
        system.add_account("paypal", "shop", is_default=True)
        system.start("api", "worker", "checkout")
        merchant = asyncio.run(system.add_merchant())
        with shop(system.sandbox.url) as shop_url:
            yield Till(system, merchant, shop_url)
    finally:
        system.stop()


@pytest.fixture(scope="module")
def browser(till: Till) -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A customer's browser, on a phone; its console has nothing to say of policies at the end."""
    context = browser.new_context(locale="en-US", viewport={"width": NARROW, "height": 640})
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    context.set_default_navigation_timeout(PATIENCE_MILLISECONDS)
    problems: list[str] = []
    context.on(
        "console", lambda said: problems.append(said.text) if "Content Security" in said.text else None
    )
    context.on("weberror", lambda error: problems.append(str(error.error)))
    yield context
    context.close()
    assert problems == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@contextmanager
def worker_away(system: System) -> Iterator[None]:
    """The worker does nothing for the time of the block."""
    pid = system.pid("worker")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def press(page: Page, name: str) -> None:
    """Press a button or a link that looks like one."""
    page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name)).click()


def press_at_psp(page: Page, name: str, *, funding: str | None = None) -> None:
    """Press a button of the PSP's page."""
    if funding is not None:
        page.get_by_label("What becomes of the payment").select_option(funding)
    page.get_by_role("button", name=name).click()


def until_thanked(page: Page, session: dict[str, Any]) -> None:
    """The customer comes to the shop, which learns nothing but the session's id."""
    page.wait_for_url(SHOP)
    assert page.url.endswith(f"/thanks?checkout_session={session['id']}")


def flaws(page: Page) -> list[str]:
    """What is wrong with the page in both colour schemes: what axe finds, and what is wider than a phone."""
    page.emulate_media(color_scheme="dark")
    found = violations(page, "color-contrast")
    page.emulate_media(color_scheme="light")
    found += violations(page)
    if (width := page.evaluate("document.documentElement.scrollWidth")) > NARROW:
        found.append(f"{width} px wide")
    return found


def test_lone_method_is_paid_without_a_choice(till: Till, page: Page) -> None:
    session = till.session(payment_methods=["card"])
    page.goto(session["url"])
    page.wait_for_url(STRIPE)
    press_at_psp(page, "Pay €19.99")
    until_thanked(page, session)
    assert till.charges(session) == [("succeeded", 1999)]


def test_payment_left_and_declined_is_made_at_last(till: Till, page: Page) -> None:
    """PayPal is left, tried again and declined; the card pays. Each page on the way is clean."""
    session = till.session()
    page.goto(session["url"])
    expect(page.get_by_role("heading", level=1)).to_have_text("Pay €19.99")
    assert flaws(page) == []
    press(page, "Pay with PayPal")
    page.wait_for_url(PAYPAL)
    press_at_psp(page, "Cancel")
    expect(page.get_by_role("button", name="Pay by card")).to_be_visible()
    assert flaws(page) == []
    press(page, "Continue with PayPal")
    page.wait_for_url(PAYPAL)
    press_at_psp(page, "Approve", funding="declined")
    expect(page.get_by_role("alert")).to_contain_text("declined")
    assert flaws(page) == []
    press(page, "Pay by card")
    page.wait_for_url(STRIPE)
    press_at_psp(page, "Pay €19.99")
    until_thanked(page, session)
    assert till.charges(session) == [("failed", 0), ("succeeded", 1999)]


@pytest.mark.long
def test_second_tab_continues_the_one_payment(till: Till, context: BrowserContext, page: Page) -> None:
    session, second = till.session(), context.new_page()
    for tab in (page, second):
        tab.goto(session["url"])
    press(page, "Pay by card")
    page.wait_for_url(STRIPE)
    press(second, "Pay by card")
    second.wait_for_url(page.url)
    third = context.new_page()
    third.goto(session["url"])
    press(third, "Continue by card")
    third.wait_for_url(page.url)
    press_at_psp(page, "Pay €19.99")
    until_thanked(page, session)
    # The form of the other tab is still there, and pays nothing more.
    press_at_psp(second, "Pay €19.99")
    expect(second.get_by_text("You have paid already")).to_be_visible()
    second.go_back()
    second.go_back()
    until_thanked(second, session)
    assert till.charges(session) == [("succeeded", 1999)]


@pytest.mark.long
def test_back_button_after_paying_leads_to_the_shop(till: Till, page: Page) -> None:
    session = till.session()
    page.goto(session["url"])
    press(page, "Pay with PayPal")
    page.wait_for_url(PAYPAL)
    press_at_psp(page, "Approve")
    until_thanked(page, session)
    page.go_back()
    expect(page.get_by_text("already, over, or not there")).to_be_visible()
    page.goto(session["url"])
    until_thanked(page, session)
    assert till.charges(session) == [("succeeded", 1999)]


@pytest.mark.long
def test_customer_without_scripts_pays(till: Till, browser: Browser) -> None:
    """The page that waits opens itself anew, too: the worker is away at first."""
    session = till.session()
    with browser.new_context(java_script_enabled=False, locale="en-US") as context:
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        page = context.new_page()
        page.goto(session["url"])
        with worker_away(till.system):
            press(page, "Pay with PayPal")
            expect(page.get_by_text("One moment")).to_be_visible()
        page.wait_for_url(PAYPAL, timeout=PATIENCE_MILLISECONDS)
        press_at_psp(page, "Approve")
        page.wait_for_url(SHOP, timeout=PATIENCE_MILLISECONDS)
    assert till.charges(session) == [("succeeded", 1999)]


def test_waiting_page_moves_on_by_itself(till: Till, page: Page) -> None:
    session = till.session()
    page.goto(session["url"])
    with worker_away(till.system):
        press(page, "Pay by card")
        expect(page.get_by_role("heading", level=1)).to_have_text("One moment")
        assert flaws(page) == []
        loads: list[str] = []
        page.on("domcontentloaded", lambda loaded: loads.append(loaded.url))
        with page.expect_response(lambda answer: answer.request.resource_type == "fetch") as asked:
            """The script asks while the page stays as it is."""
        assert (asked.value.status, loads) == (202, [])
    page.wait_for_url(STRIPE)


@pytest.mark.long
def test_payment_that_takes_days_is_told(till: Till, page: Page) -> None:
    session = till.session(payment_methods=["paypal"])
    page.goto(session["url"])
    page.wait_for_url(PAYPAL)
    press_at_psp(page, "Approve", funding="review")
    expect(page.get_by_role("heading", level=1)).to_have_text("Payment on its way")
    assert flaws(page) == []
    press(page, "Back to the shop")
    page.wait_for_url(f"{till.shop_url}cart")


@pytest.mark.long
def test_double_click_begins_one_payment(till: Till, page: Page) -> None:
    session = till.session()
    page.goto(session["url"])
    page.get_by_role("button", name="Pay by card").dblclick()
    page.wait_for_url(STRIPE)
    press_at_psp(page, "Pay €19.99")
    until_thanked(page, session)
    assert till.charges(session) == [("succeeded", 1999)]


@pytest.mark.long
def test_keyboard_alone_pays(till: Till, page: Page) -> None:
    session = till.session()
    page.goto(session["url"])
    for name in ("Pay by card", "Pay with PayPal"):
        page.keyboard.press("Tab")
        focused = page.get_by_role("button", name=name)
        expect(focused).to_be_focused()
        expect(focused).to_have_css("outline-style", "solid")
    page.keyboard.press("Enter")
    page.wait_for_url(PAYPAL)
    page.get_by_role("button", name="Approve").focus()
    page.keyboard.press("Enter")
    until_thanked(page, session)


@pytest.mark.long
def test_markup_of_a_merchant_is_shown_as_it_was_written(till: Till, page: Page) -> None:
    page.add_init_script(CANARY)
    session = till.session(
        line_items=[{"name": MARKUP, "quantity": 1, "amount_minor": 1999}],
        metadata={"order": MARKUP},
    )
    page.goto(session["url"])
    expect(page.get_by_role("listitem").first).to_contain_text(MARKUP)
    assert page.evaluate("window.caught") == []
    assert page.locator("main img, main script, a[href^='javascript:']").count() == 0
    assert flaws(page) == []


def test_ended_and_unknown_pages_lead_to_the_shop(till: Till, page: Page) -> None:
    session = till.session()
    till.ask("POST", f"/v1/checkout_sessions/{session['id']}/expire")
    page.goto(session["url"])
    expect(page.get_by_role("heading", level=1)).to_have_text("This payment has expired")
    assert flaws(page) == []
    press(page, "Back to the shop")
    page.wait_for_url(f"{till.shop_url}cart")
    page.goto(f"{session['url']}x")
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
    assert flaws(page) == []


@pytest.mark.long
@pytest.mark.parametrize("language", ["de", "fr", "es"])
def test_page_speaks_the_language_of_the_browser(till: Till, browser: Browser, language: Any) -> None:
    session = till.session()
    with browser.new_context(locale=language, viewport={"width": NARROW, "height": 640}) as context:
        page = context.new_page()
        page.goto(session["url"])
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.get_by_role("heading", level=2)).to_have_text(TEXTS[language].choose)
        assert flaws(page) == []
