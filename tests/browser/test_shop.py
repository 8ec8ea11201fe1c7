"""The demo's shop in a real browser: a person pays in each of the three ways."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from demo.open_shop import open_shop
from playwright.sync_api import Browser, Page, expect

from fixtures.browser import chromium, violations
from fixtures.card_edge_server import KEY
from fixtures.system import System

pytestmark = pytest.mark.timeout(600)

GOOD, DECLINED, ASKED = "4242424242424242", "4000000000009995", "4000000000003220"


@pytest.fixture(scope="module")
def shop_url() -> Iterator[str]:
    """The shop, made before the browser, which brings a loop of its own."""
    system = System(serves_customers=True, settings={"FINCORE_CARD_EDGE_HMAC_KEY": KEY.reveal()})
    try:
        system.start_stores()
        system.add_account("paypal", "shop")
        system.start_roles()
        system.start("card-edge")
        shop = open_shop(system, *system.new_merchant())
        try:
            yield shop.url
        finally:
            shop.stop()
    finally:
        system.stop()


@pytest.fixture(scope="module")
def browser(shop_url: str) -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser, shop_url: str) -> Iterator[Page]:
    """The shop's page. The test fails where a policy kept something out, or code threw."""
    context = browser.new_context()
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if "Content Security" in said.text else None)
    page.goto(shop_url)
    yield page
    context.close()
    assert problems == []


def pay_in_page(page: Page, number: str) -> None:
    card = page.frame_locator("#card iframe")
    card.get_by_label("Card number").fill(number)
    card.get_by_label("Expiry").fill("12 / 36")
    card.get_by_label("Security code").fill("123")
    page.locator("#pay").click()


def pay_by_number(page: Page, number: str) -> None:
    form = page.locator("form[action='/pay/number']")
    form.get_by_label("Card number").fill(number)
    form.get_by_label("Name on the card").fill("Ada Byron")
    form.get_by_label("Expiry (MM/YY)").fill("12/36")
    form.get_by_label("Security code").fill("123")
    form.get_by_role("button").click()


def has_paid(page: Page) -> None:
    expect(page.get_by_role("heading", name="Paid")).to_be_visible(timeout=60_000)


def test_shop_takes_a_card_in_its_page(page: Page) -> None:
    assert violations(page) == []
    pay_in_page(page, DECLINED)
    expect(page.get_by_role("status")).to_contain_text("declined")
    pay_in_page(page, ASKED)
    page.get_by_role("button", name=re.compile("authenticat|complete", re.IGNORECASE)).first.click()
    has_paid(page)
    assert violations(page) == []


def test_shop_takes_paypal_in_its_page(page: Page) -> None:
    button = page.frame_locator("#paypal iframe").frame_locator("iframe").get_by_role("button")
    with page.expect_popup() as opened:
        button.click()
    opened.value.get_by_role("button", name=re.compile("approve|pay", re.IGNORECASE)).first.click()
    has_paid(page)


@pytest.mark.long
def test_shop_sends_its_customer_to_the_checkout(page: Page) -> None:
    page.get_by_role("button", name="Go to the checkout").click()
    page.get_by_role("button", name="PayPal").click()
    page.get_by_role("button", name=re.compile("approve|pay", re.IGNORECASE)).first.click()
    has_paid(page)


@pytest.mark.long
def test_shop_takes_a_card_number(page: Page) -> None:
    pay_by_number(page, GOOD)
    has_paid(page)
    paid: Any = page.url
    page.go_back()
    pay_by_number(page, GOOD)
    has_paid(page)
    assert page.url == paid
