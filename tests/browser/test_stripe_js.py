"""`window.Stripe` of the sandbox, as a customer and a shop's page meet it in a browser."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import stripe
from playwright.sync_api import Browser, FrameLocator, Page, expect

from fixtures.browser import chromium, shop, violations
from fixtures.sandbox import SandboxProcess

MOUNT = """([key, where, type, options]) => {
  const stripe = window.Stripe(key);
  const elements = stripe.elements({mode: "payment", amount: 1099, currency: "usd", ...options});
  const element = elements.create(type);
  const form = {stripe, elements, element, events: []};
  for (const name of ["ready", "change", "focus", "blur", "escape", "loaderror"]) {
    element.on(name, (detail) => form.events.push({name, ...detail}));
  }
  (window.forms ??= {})[where] = form;
  element.mount(`#${where}`);
}"""
MAKE = """async (where) => {
  const {stripe, elements} = window.forms[where];
  const checked = await elements.submit();
  return checked.error ? checked : stripe.createPaymentMethod({elements});
}"""
PAY = """([where, secret]) => {
  const {stripe, element} = window.forms[where];
  return stripe.confirmCardPayment(secret, {payment_method: {card: element}});
}"""
GOOD, DECLINED, ASKED = "4242424242424242", "4000000000000002", "4000000000003220"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser, psp_sandbox: SandboxProcess) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if "Content Security" in said.text else None)
    with shop(psp_sandbox.url) as url:
        page.goto(url)
        yield page
        context.close()
    assert problems == []


@pytest.fixture
def suffix() -> str:
    return uuid4().hex


@pytest.fixture
def merchant(psp_sandbox: SandboxProcess, suffix: str) -> stripe.StripeClient:
    addresses: Any = {"api": psp_sandbox.url}
    return stripe.StripeClient(f"sk_test_{suffix}", base_addresses=addresses)


def mount(page: Page, suffix: str, where: str = "first", kind: str = "card", **options: Any) -> FrameLocator:
    page.evaluate(MOUNT, [f"pk_test_{suffix}", where, kind, options])
    return page.frame_locator(f"#{where} iframe")


def type_card(card: FrameLocator, number: str) -> None:
    card.get_by_label("Card number").fill(number)
    card.get_by_label("Expiry").fill("12 / 36")
    card.get_by_label("Security code").fill("123")


def client_secret(merchant: stripe.StripeClient, **fields: Any) -> str:
    given: Any = {"amount": 1099, "currency": "usd", "payment_method_types": ["card"]} | fields
    return str(merchant.v1.payment_intents.create(given).client_secret)


def test_a_typed_card_becomes_a_method_that_pays(
    page: Page, suffix: str, merchant: stripe.StripeClient
) -> None:
    type_card(mount(page, suffix, kind="payment"), GOOD)
    made = page.evaluate(MAKE, "first")["paymentMethod"]
    assert (made["card"]["brand"], made["card"]["last4"]) == ("visa", "4242")
    given: Any = {"amount": 500, "currency": "usd", "payment_method_types": ["card"]}
    given |= {"payment_method": made["id"], "confirm": True}
    assert merchant.v1.payment_intents.create(given).status == "succeeded"
    events = page.evaluate("window.forms.first.events")
    assert events[0] == {"name": "ready", "elementType": "payment"}
    last = [one for one in events if one["name"] == "change"][-1]
    assert (last["complete"], last["empty"], last["brand"]) == (True, False, "visa")
    assert GOOD not in str(events)


def test_a_declined_card_is_corrected(page: Page, suffix: str, merchant: stripe.StripeClient) -> None:
    card = mount(page, suffix)
    secret = client_secret(merchant)
    type_card(card, DECLINED)
    refused = page.evaluate(PAY, ["first", secret])["error"]
    assert (refused["type"], refused["decline_code"]) == ("card_error", "generic_decline")
    card.get_by_label("Card number").fill(GOOD)
    assert page.evaluate(PAY, ["first", secret])["paymentIntent"]["status"] == "succeeded"


def test_a_flawed_card_is_told_at_its_field(page: Page, suffix: str) -> None:
    card = mount(page, suffix)
    type_card(card, "4242424242424241")
    card.get_by_label("Security code").fill("")
    refused = page.evaluate(MAKE, "first")["error"]
    assert (refused["type"], refused["code"]) == ("validation_error", "invalid_number")
    number = card.get_by_label("Card number")
    expect(number).to_have_attribute("aria-invalid", "true")
    expect(number).to_have_accessible_description("Your card number is invalid.")
    expect(number).to_be_focused()
    cvc = card.get_by_label("Security code")
    expect(cvc).to_have_accessible_description("Your card's security code is incomplete.")
    expect(card.get_by_role("status")).to_have_text("Your card number is invalid.")
    type_card(card, GOOD)
    expect(number).to_have_attribute("aria-invalid", "false")
    assert page.evaluate(MAKE, "first")["paymentMethod"]["card"]["last4"] == "4242"


def test_the_bank_asks_in_a_dialog(page: Page, suffix: str, merchant: stripe.StripeClient) -> None:
    mount(page, suffix)
    given: Any = {
        "payment_method": "pm_card_threeDSecure2Required",
        "confirm": True,
    }
    secret = client_secret(merchant, **given)
    page.evaluate(
        "(secret) => { window.done = window.forms.first.stripe.handleNextAction({clientSecret: secret}) }",
        secret,
    )
    page.frame_locator("dialog iframe").get_by_role("button", name="Complete").click()
    assert page.evaluate("window.done")["paymentIntent"]["status"] == "succeeded"
    expect(page.locator("dialog")).to_have_count(0)


def test_the_bank_asks_on_its_own_page(page: Page, suffix: str, merchant: stripe.StripeClient) -> None:
    mount(page, suffix)
    secret = client_secret(
        merchant, payment_method="pm_card_threeDSecure2Required", confirm=True, return_url=f"{page.url}thanks"
    )
    page.evaluate(
        "(secret) => { window.forms.first.stripe.handleNextAction({clientSecret: secret}) }", secret
    )
    page.get_by_role("button", name="Fail").click()
    page.wait_for_url("**/thanks?*redirect_status=failed*")


def test_a_card_is_typed_with_the_keyboard_alone(page: Page, suffix: str) -> None:
    card = mount(page, suffix)
    expect(card.get_by_label("Card number")).to_be_visible()
    page.keyboard.press("Tab")
    for typed in (GOOD, "1236", "123"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    expect(card.get_by_label("Card number")).to_have_value("4242 4242 4242 4242")
    expect(card.get_by_label("Expiry")).to_have_value("12 / 36")
    assert page.evaluate(MAKE, "first")["paymentMethod"]["card"]["exp_year"] == 2036


def test_two_forms_on_a_page_never_mix(page: Page, suffix: str) -> None:
    type_card(mount(page, suffix, "first"), GOOD)
    type_card(mount(page, f"{suffix}b", "second"), "5555555555554444")
    made = page.evaluate(f"async () => Promise.all(['second', 'first'].map({MAKE}))")
    assert [one["paymentMethod"]["card"]["last4"] for one in made] == ["4444", "4242"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_form(page: Page, suffix: str, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 320, "height": 640})
    card = mount(page, suffix)
    type_card(card, "4242424242424241")
    page.evaluate(MAKE, "first")
    expect(card.get_by_text("Your card number is invalid.").first).to_be_visible()
    # The browser paints the canvas of the colour scheme behind a transparent frame; axe takes it for white.
    page.frames[1].evaluate("document.documentElement.style.background = 'Canvas'")
    assert [problem for frame in page.frames for problem in violations(frame)] == []
    assert page.frames[1].evaluate("document.documentElement.scrollWidth") <= 320


def test_only_allowed_colours_reach_the_form(page: Page, suffix: str) -> None:
    variables = {"colorText": "rgb(1, 2, 3)", "colorDanger": "url(https://evil.example)", "colorEvil": "red"}
    card = mount(page, suffix, appearance={"variables": variables})
    expect(card.locator("body")).to_have_css("color", "rgb(1, 2, 3)")
    assert "evil" not in str(card.locator("html").get_attribute("style"))


def test_a_frame_beside_the_form_cannot_connect(page: Page, psp_sandbox: SandboxProcess) -> None:
    page.evaluate(
        """([form, beside]) => Promise.all([form, beside].map((src) => new Promise((loaded) => {
          const frame = document.createElement("iframe");
          frame.referrerPolicy = "origin";
          frame.onload = loaded;
          frame.src = src;
          document.body.append(frame);
        })))""",
        [f"{psp_sandbox.url}/v3/card_frame.html", page.url],
    )
    connect = """(target) => new Promise((told) => {
      const {port1, port2} = new MessageChannel();
      port1.onmessage = (event) => told(event.data.type);
      setTimeout(() => told("nothing"), 300);
      (target === "sibling" ? parent : window).frames[0].postMessage(
        {type: "psp-sandbox:connect", key: "pk_test_evil"}, "*", [port2]);
    })"""
    assert page.frames[2].evaluate(connect, "sibling") == "nothing"
    assert page.evaluate(connect, "child") in ("ready", "height")
    assert page.evaluate(connect, "child") == "nothing"


def test_a_page_that_requires_coep_gets_loaderror(
    browser: Browser, psp_sandbox: SandboxProcess, suffix: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    with shop(psp_sandbox.url, Cross_Origin_Embedder_Policy="require-corp") as url:
        page.goto(url)
        mount(page, suffix)
        page.clock.fast_forward(11_000)
        events = page.evaluate("window.forms.first.events")
        context.close()
    assert [one["name"] for one in events] == ["loaderror"]


def test_a_secret_key_is_refused_by_the_script(page: Page, suffix: str) -> None:
    told = page.evaluate(
        f"() => {{ try {{ Stripe('sk_test_{suffix}') }} catch (error) {{ return error.name }} }}"
    )
    assert told == "IntegrationError"
