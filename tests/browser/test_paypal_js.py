"""`window.paypal` of the sandbox, as a customer and a shop's page meet it in a browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from fixtures.browser import chromium, shop, violations
from fixtures.http_exchange import exchange
from fixtures.paypal_client import PayPalClient
from fixtures.sandbox import SandboxProcess

SCRIPT = "/sdk/js?client-id=client-a&currency=USD"
RENDER = """([where, order, options]) => {
  const told = [];
  (window.told ??= {})[where] = told;
  const tell = (name) => (data) => { told.push({name, ...data, message: data?.message}) };
  window.buttons ??= {};
  window.buttons[where] = paypal.Buttons({
    ...options,
    createOrder: () => order ?? Promise.reject(new Error("The shop refused.")),
    onApprove: tell("approve"), onCancel: tell("cancel"), onError: tell("error"),
  });
  return window.buttons[where].render(`#${where}`);
}"""


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
    with shop(psp_sandbox.url, SCRIPT) as url:
        page.goto(url)
        yield page
        context.close()
    assert problems == []


@pytest.fixture
def merchant(psp_sandbox: SandboxProcess) -> PayPalClient:
    return PayPalClient(psp_sandbox.url)


def render(page: Page, order: str | None, where: str = "first", **options: Any) -> FrameLocator:
    page.evaluate(RENDER, [where, order, options])
    return page.frame_locator(f"#{where} iframe")


def press(page: Page, button: FrameLocator) -> Page:
    """The window that the button opens."""
    with page.expect_popup() as opened:
        button.get_by_role("button", name="PayPal").click()
    return opened.value


def told(page: Page, where: str = "first") -> list[dict[str, Any]]:
    page.wait_for_function("(where) => window.told[where].length > 0", arg=where)
    answers: list[dict[str, Any]] = page.evaluate("(where) => window.told[where].splice(0)", where)
    return answers


def test_an_approved_order_is_told_and_captured(page: Page, merchant: PayPalClient) -> None:
    order = merchant.create()["id"]
    popup = press(page, render(page, order))
    expect(popup.get_by_text("100.00 USD")).to_be_visible()
    with popup.expect_event("close"):
        popup.get_by_role("button", name="Approve").click()
    (answer,) = told(page)
    assert (answer["name"], answer["orderID"]) == ("approve", order)
    assert answer["payerID"] == merchant.order(order)["payer"]["payer_id"]
    assert merchant.complete(order).json["status"] == "COMPLETED"


def test_a_canceled_order_can_be_approved_after_it(page: Page, merchant: PayPalClient) -> None:
    order = merchant.create()["id"]
    button = render(page, order)
    press(page, button).get_by_role("button", name="Cancel").click()
    assert [(one["name"], one["orderID"]) for one in told(page)] == [("cancel", order)]
    press(page, button).close()
    assert [one["name"] for one in told(page)] == ["cancel"]
    press(page, button).get_by_role("button", name="Approve").click()
    assert [one["name"] for one in told(page)] == ["approve"]


def test_a_blocked_window_becomes_a_dialog(page: Page, merchant: PayPalClient) -> None:
    order = merchant.create()["id"]
    button = render(page, order)
    page.frames[1].evaluate("window.open = () => null")
    button.get_by_role("button", name="PayPal").click()
    over = page.frame_locator("dialog iframe")
    over.get_by_role("button", name="Approve").click()
    assert [(one["name"], one["orderID"]) for one in told(page)] == [("approve", order)]
    expect(page.locator("dialog")).to_have_count(0)


def test_a_refused_order_is_told_as_error(page: Page) -> None:
    popup = press(page, render(page, None))
    assert [(one["name"], one["message"]) for one in told(page)] == [("error", "The shop refused.")]
    assert popup.is_closed()


def test_an_order_of_another_payee_is_an_error(page: Page, psp_sandbox: SandboxProcess) -> None:
    order = PayPalClient(psp_sandbox.url, "client-b").create()["id"]
    press(page, render(page, order))
    (answer,) = told(page)
    assert answer["name"] == "error"
    assert "does not match expected merchant id" in answer["message"]


@pytest.mark.long
def test_two_buttons_on_a_page_never_mix(page: Page, merchant: PayPalClient) -> None:
    orders = {where: merchant.create()["id"] for where in ("first", "second")}
    popups = {where: press(page, render(page, order, where)) for where, order in orders.items()}
    for where in ("second", "first"):
        popups[where].get_by_role("button", name="Approve").click()
        assert [one["orderID"] for one in told(page, where)] == [orders[where]]


@pytest.mark.long
def test_a_closed_button_takes_its_window_along(page: Page, merchant: PayPalClient) -> None:
    popup = press(page, render(page, merchant.create()["id"]))
    with popup.expect_event("close"):
        page.evaluate("window.buttons.first.close()")
    expect(page.locator("#first iframe")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_paypal_button_is_named_and_reached_by_key(
    page: Page, merchant: PayPalClient, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 320, "height": 640})
    button = render(page, merchant.create()["id"], style={"label": "pay", "shape": "pill", "height": 40})
    page.keyboard.press("Tab")
    expect(button.get_by_role("button", name="Pay with PayPal")).to_be_focused()
    assert [problem for frame in page.frames for problem in violations(frame)] == []
    with page.expect_popup() as opened:
        page.keyboard.press("Enter")
    expect(opened.value.get_by_role("button", name="Approve")).to_be_visible()
    assert violations(opened.value) == []


@pytest.mark.long
def test_a_page_that_requires_coep_gets_no_button(browser: Browser, psp_sandbox: SandboxProcess) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    with shop(psp_sandbox.url, SCRIPT, Cross_Origin_Embedder_Policy="require-corp") as url:
        page.goto(url)
        page.evaluate(f"(given) => {{ ({RENDER})(given).catch(() => {{}}) }}", ["first", "ignored", {}])
        page.clock.fast_forward(11_000)
        (answer,) = told(page)
        context.close()
    assert (answer["name"], "timed out" in answer["message"]) == ("error", True)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("currency=USD", "Expected client-id to be passed"),
        ("client-id=a%20b", "client-id not recognized for either production or sandbox: a b"),
        ("client-id=client-a&currency=usd", "Invalid query value for currency: usd"),
        ("client-id=client-a&intent=CAPTURE", "Invalid query value for intent: CAPTURE"),
    ],
)
def test_the_paypal_script_refuses_a_wrong_query(
    psp_sandbox: SandboxProcess, query: str, message: str
) -> None:
    reply = exchange(psp_sandbox.url, "GET", f"/sdk/js?{query}", "", {})
    assert reply.status == 400
    assert f"SDK Validation error: '{message}'" in reply.body.decode()
    assert reply.headers["access-control-allow-origin"] == "*"


def test_a_client_id_cannot_write_into_the_script(psp_sandbox: SandboxProcess) -> None:
    evil = "%22)%3Balert(1)%3B*/%0Aalert(2)//%5C"
    body = exchange(psp_sandbox.url, "GET", f"/sdk/js?client-id={evil}", "", {}).body.decode()
    assert body.splitlines()[0].startswith('throw new Error("SDK Validation error:')
    assert '\\");alert(1);' in body
    assert body.count("*/") == 1
