"""The page of a charge in the dashboard: what it shows, and acts that happen once, also where answers are lost."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from fixtures.browser import chromium, require_chromium
from fixtures.dashboard import WIDTHS, Dashboard, Shop, dashboard_system, flaws, visitor

pytestmark = [pytest.mark.timeout(600), pytest.mark.sampled]

MARKUP: Final = "<img src=x onerror=alert(1)>"
REFUNDS: Final = "**/staff/v1/charges/*/refunds"
LIMITS: Final = {"FINCORE_REFUND_LIMITS_MINOR": "eur:5000:1000000"}


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    require_chromium()
    with dashboard_system(("api", "worker", "projectionist", "ledger"), LIMITS) as started:
        yield started


@pytest.fixture(scope="module")
def shop(dashboard: Dashboard) -> Shop:
    return Shop(dashboard.system)


@pytest.fixture(scope="module")
def browser(dashboard: Dashboard) -> Iterator[Browser]:
    assert dashboard
    with chromium() as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with visitor(browser) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def paid(dashboard: Dashboard, shop: Shop, **fields: object) -> str:
    """A new charge, once nothing is left to do about it."""
    charge_id = shop.charge(**fields)
    dashboard.system.until_idle(looks_at_consumers=False)
    return charge_id


def look(dashboard: Dashboard, page: Page, charge_id: str, *groups: str, head: str = "Charge €19.99") -> None:
    """Open the page of a charge as a person of some groups."""
    dashboard.open(page, f"/test/charges/{charge_id}", *(groups or ("supporters",)), head=head)


def unfolded(page: Page, name: str) -> Locator:
    """A card that is closed until a person opens it, opened."""
    card = page.get_by_role("region", name=name)
    card.get_by_role("heading", name=name).click()
    return card


def refund_dialog(page: Page, amount: str, reason: str = "The customer called") -> Locator:
    """The dialog of a refund, with an amount and a reason written."""
    page.get_by_role("button", name="Refund", exact=True).click()
    dialog = page.get_by_role("dialog", name="Refund")
    dialog.get_by_label("Amount (EUR)").fill(amount)
    dialog.get_by_label("Reason").fill(reason)
    expect(dialog).to_contain_text("can still be refunded after that")
    return dialog


def refunds_of(dashboard: Dashboard, shop: Shop, charge_id: str) -> list[int]:
    """The amounts of the refunds of a charge, once nothing is left to do about it."""
    dashboard.system.until_idle(looks_at_consumers=False)
    charge: dict[str, Any] = shop.ask("GET", f"/v1/charges/{charge_id}")
    return [refund["amount_minor"] for refund in charge["refunds"]]


@pytest.mark.parametrize("width", WIDTHS)
def test_page_of_a_charge_shows_it_in_full(
    dashboard: Dashboard, shop: Shop, browser: Browser, width: int
) -> None:
    charge_id = paid(dashboard, shop, customer_email="ada@example.com", metadata={"order": MARKUP})
    with visitor(browser, width=width) as context:
        page = context.new_page()
        look(dashboard, page, charge_id, "bookkeepers")
        timeline = page.get_by_role("region", name="Timeline")
        expect(timeline.get_by_text("Charge created")).to_be_visible()
        expect(timeline.get_by_text("Money taken · €19.99")).to_be_visible()
        expect(page.get_by_role("region", name="Details")).to_contain_text("Visa •••• 4242")
        expect(page.get_by_role("region", name="Details")).to_contain_text(MARKUP)
        expect(page.get_by_role("region", name="Checks of this charge")).to_contain_text("holds")
        assert flaws(page, width) == []
        expect(unfolded(page, "Ledger entries").get_by_role("table").first).to_be_visible()
        calls = unfolded(page, "Calls to the PSP")
        expect(calls).to_contain_text("Authorize · stripe test")
        expect(calls).to_contain_text("Money taken")
        expect(calls.get_by_role("button", name=f"{charge_id}:authorize:1")).to_be_visible()
        expect(calls.get_by_role("button", name="req_")).to_be_visible()
        expect(unfolded(page, "Webhooks of the PSP")).to_contain_text("No webhook has changed this charge.")
        expect(unfolded(page, "Webhooks to the merchant")).to_contain_text("Nothing was sent to the merchant")
        expect(unfolded(page, "Checks of this charge").get_by_role("listitem").first).to_be_visible()
        assert flaws(page, width) == []
        page.get_by_role("button", name="Refund", exact=True).click()
        expect(page.get_by_role("dialog", name="Refund")).to_be_visible()
        assert flaws(page, width) == []


def refund_without_an_answer(dashboard: Dashboard, page: Page, charge_id: str) -> tuple[Locator, str]:
    """The dialog in which 3.00 were refunded, and no answer came to any of its tries, with their key."""
    keys: list[str] = []

    def lose(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        route.fetch()
        route.abort()

    page.route(REFUNDS, lose)
    look(dashboard, page, charge_id)
    dialog = refund_dialog(page, "3")
    dialog.get_by_role("button", name="Refund €3.00").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The answer did not arrive")
    page.unroute_all()
    (key,) = set(keys)
    return dialog, key


def test_double_click_refunds_a_part_once(dashboard: Dashboard, shop: Shop, page: Page) -> None:
    charge_id = paid(dashboard, shop)
    look(dashboard, page, charge_id)
    dialog = refund_dialog(page, "5,00")
    dialog.get_by_role("button", name="Refund €5.00").dblclick()
    expect(page.get_by_text("The refund is under way.")).to_be_visible()
    expect(dialog).to_have_count(0)
    assert refunds_of(dashboard, shop, charge_id) == [500]
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("The customer called")
    expect(page.get_by_role("region", name="Refunds")).to_contain_text("€5.00")


def test_lost_answer_is_asked_for_with_the_same_key(dashboard: Dashboard, shop: Shop, page: Page) -> None:
    """The server has made the refund, and its answer has not arrived."""
    charge_id = paid(dashboard, shop)
    keys: list[str] = []

    def lose_first(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route(REFUNDS, lose_first)
    look(dashboard, page, charge_id)
    refund_dialog(page, "7").get_by_role("button", name="Refund €7.00").click()
    expect(page.get_by_text("The refund is under way.")).to_be_visible()
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert refunds_of(dashboard, shop, charge_id) == [700]


@pytest.mark.long
def test_person_asks_again_where_no_answer_comes(dashboard: Dashboard, shop: Shop, page: Page) -> None:
    charge_id = paid(dashboard, shop)
    dialog, key = refund_without_an_answer(dashboard, page, charge_id)
    expect(dialog.get_by_label("Amount (EUR)")).to_be_disabled()
    assert flaws(page) == []
    with page.expect_request(REFUNDS) as asked:
        dialog.get_by_role("button", name="Ask again").click()
    expect(page.get_by_text("The refund is under way.")).to_be_visible()
    assert asked.value.headers["idempotency-key"] == key
    assert refunds_of(dashboard, shop, charge_id) == [300]


def test_dialog_left_without_an_answer_goes_on_later(dashboard: Dashboard, shop: Shop, page: Page) -> None:
    """Back closes the dialog. The next one of the same act has its key, and shows what was asked for."""
    charge_id = paid(dashboard, shop)
    dialog, key = refund_without_an_answer(dashboard, page, charge_id)
    dialog.get_by_role("button", name="Back").click()
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="Refund", exact=True).click()
    expect(dialog).to_contain_text("You asked for this before")
    expect(dialog).to_contain_text("Refund €3.00")
    expect(dialog).to_contain_text("The customer called")
    expect(dialog.get_by_label("Amount (EUR)")).to_have_count(0)
    assert flaws(page) == []
    with page.expect_request(REFUNDS) as asked:
        dialog.get_by_role("button", name="Ask again").click()
    expect(page.get_by_text("The refund is under way.")).to_be_visible()
    assert asked.value.headers["idempotency-key"] == key
    assert refunds_of(dashboard, shop, charge_id) == [300]
    # Its outcome is known: what is asked for now is something new.
    page.get_by_role("button", name="Refund", exact=True).click()
    expect(dialog.get_by_label("Amount (EUR)")).to_be_enabled()


@pytest.mark.long
def test_dialog_left_while_it_asks_says_when_it_is_done(dashboard: Dashboard, shop: Shop, page: Page) -> None:
    charge_id = paid(dashboard, shop)
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route(REFUNDS, hold)
    look(dashboard, page, charge_id)
    dialog = refund_dialog(page, "3")
    dialog.get_by_role("button", name="Refund €3.00").click()
    expect(dialog).to_contain_text("Working")
    dialog.get_by_role("button", name="Back").click()
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="Add a note").click()
    (route,) = waiting
    route.continue_()
    expect(page.get_by_text("Done: Refund €3.00")).to_be_visible()
    # What was opened meanwhile stays open.
    expect(page.get_by_role("dialog", name="Add a note")).to_be_visible()
    assert refunds_of(dashboard, shop, charge_id) == [300]


def test_refund_that_is_refused_says_what_to_do(dashboard: Dashboard, shop: Shop, page: Page) -> None:
    charge_id = paid(dashboard, shop)
    look(dashboard, page, charge_id)
    dialog = refund_dialog(page, "19.99")
    shop.ask("POST", "/v1/refunds", {"charge": charge_id})
    dialog.get_by_role("button", name="Refund €19.99").click()
    # The amount is one that is left no more, and its field may say so beside.
    expect(dialog.get_by_role("alert").last).to_contain_text("Nothing was done")
    assert refunds_of(dashboard, shop, charge_id) == [1999]


@pytest.mark.long
def test_amount_that_is_none_is_refused_in_the_dialog(dashboard: Dashboard, shop: Shop, page: Page) -> None:
    look(dashboard, page, paid(dashboard, shop))
    page.get_by_role("button", name="Refund", exact=True).click()
    dialog = page.get_by_role("dialog", name="Refund")
    for written in ("1.234", "-5", "20", "abc", ""):
        dialog.get_by_label("Amount (EUR)").fill(written)
        expect(dialog.get_by_role("alert")).to_contain_text("Write an amount")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert").last).to_contain_text("Write a reason")
    assert flaws(page) == []


@pytest.mark.long
def test_large_refund_is_proposed_to_a_second_person(dashboard: Dashboard, shop: Shop, page: Page) -> None:
    charge_id = paid(dashboard, shop, amount_minor=900_000)
    look(dashboard, page, charge_id, head="Charge €9,000.00")
    dialog = refund_dialog(page, "9000")
    expect(dialog).to_contain_text("A second person has to approve this before any money moves")
    assert flaws(page) == []
    dialog.get_by_role("button", name="Propose a refund of €9,000.00").click()
    expect(page.get_by_text("The refund waits for a second person.")).to_be_visible()
    assert refunds_of(dashboard, shop, charge_id) == []
    page.get_by_role("link", name="Approvals").click()
    expect(page.get_by_role("button", name="Withdraw")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    dashboard.open(page, "/test/proposals", "bookkeepers", head="Approvals", subject="sub-bob")
    page.get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog", name="Approve")
    dialog.get_by_label("Reason").fill("Seen the goods")
    assert flaws(page) == []
    dialog.get_by_role("button", name="Approve: Refund €9,000.00").dblclick()
    expect(page.get_by_role("heading", name="Nothing waits for a second person")).to_be_visible()
    assert flaws(page) == []
    assert refunds_of(dashboard, shop, charge_id) == [900_000]


def tab_to(page: Page, control: Locator) -> None:
    """Press Tab until a control has the focus, which can be seen there."""
    for _ in range(100):
        page.keyboard.press("Tab")
        if control.evaluate("control => control === document.activeElement"):
            assert control.evaluate("control => getComputedStyle(control).outlineStyle") != "none"
            return
    raise AssertionError(f"Tab does not come to {control}")


def test_refund_is_made_by_keyboard_alone(dashboard: Dashboard, shop: Shop, page: Page) -> None:
    charge_id = paid(dashboard, shop)
    dashboard.open(page, "/test", "supporters", head="Home")
    # Before the figures are there, the page has nothing to focus.
    expect(page.locator("#page").locator("a, button, summary").first).to_be_visible()
    page.get_by_role("link", name="Skip to the page").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/test#page")
    page.keyboard.press("Tab")
    expect(page.locator("#page :focus")).to_have_count(1)
    page.keyboard.press("/")
    page.keyboard.type(charge_id)
    expect(page.get_by_role("option", selected=True)).to_contain_text("€19.99")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Charge €19.99")).to_be_visible()
    refund = page.get_by_role("button", name="Refund", exact=True)
    tab_to(page, refund)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Refund")
    expect(dialog.get_by_label("Amount (EUR)")).to_be_focused()
    for key in ("Tab", "Shift+Tab"):
        for _ in range(8):
            page.keyboard.press(key)
            expect(dialog.locator(":focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(refund).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("can still be refunded after that")
    tab_to(page, dialog.get_by_label("Reason"))
    page.keyboard.type("Returned")
    tab_to(page, dialog.get_by_role("button", name="Refund €19.99"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("The refund is under way.")).to_be_visible()
    expect(dialog).to_have_count(0)
    assert refunds_of(dashboard, shop, charge_id) == [1999]


@pytest.mark.long
def test_held_money_is_captured_or_released(dashboard: Dashboard, shop: Shop, page: Page) -> None:
    taken, released = (paid(dashboard, shop, capture=False) for _ in range(2))
    look(dashboard, page, taken)
    page.get_by_role("button", name="Capture", exact=True).click()
    dialog = page.get_by_role("dialog", name="Capture")
    dialog.get_by_label("Amount (EUR)").fill("10")
    dialog.get_by_label("Reason").fill("Sent a part")
    dialog.get_by_role("button", name="Capture €10.00").click()
    expect(page.get_by_text("The capture is under way.")).to_be_visible()
    look(dashboard, page, released)
    page.get_by_role("button", name="Cancel the charge").click()
    dialog = page.get_by_role("dialog", name="Cancel the charge")
    dialog.get_by_label("Reason").fill("Sold out")
    dialog.get_by_role("button", name="Cancel the charge").click()
    expect(page.get_by_text("The cancellation is under way.")).to_be_visible()
    dashboard.system.until_idle(looks_at_consumers=False)
    seen = [shop.ask("GET", f"/v1/charges/{charge_id}") for charge_id in (taken, released)]
    assert [(one["status"], one["amount_captured_minor"]) for one in seen] == [
        ("succeeded", 1000),
        ("canceled", 0),
    ]


@pytest.mark.long
def test_note_stays_with_the_charge_as_text(dashboard: Dashboard, shop: Shop, page: Page) -> None:
    look(dashboard, page, paid(dashboard, shop))
    page.get_by_role("button", name="Add a note").click()
    dialog = page.get_by_role("dialog", name="Add a note")
    dialog.get_by_role("button", name="Add a note").click()
    expect(dialog).to_contain_text("Write a note.")
    expect(dialog.get_by_role("textbox")).to_have_count(1)
    long = MARKUP + "\N{OK HAND SIGN}" * 600
    dialog.get_by_label("Note", exact=True).fill(long)
    dialog.get_by_role("button", name="Add a note").click()
    expect(page.get_by_role("region", name="Notes").get_by_text(long)).to_be_visible()
    reasons = dashboard.system.rows("select reason from staff.acts where action = 'note'")
    assert reasons == [(long[:500],)]
    assert page.locator("img[src=x]").count() == 0


def test_viewer_sees_the_charge_and_no_act(dashboard: Dashboard, shop: Shop, page: Page) -> None:
    look(dashboard, page, paid(dashboard, shop), "viewers")
    expect(page.get_by_role("region", name="Timeline").get_by_text("Charge created")).to_be_visible()
    for name in ("Refund", "Capture", "Cancel the charge", "Ask the PSP now", "Add a note"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


@pytest.mark.long
def test_charge_that_is_not_there_says_so(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(
        page, "/test/charges/ch_01m8e2hambe7dbtcr0r8sk75es", "supporters", head="There is nothing here"
    )
    assert flaws(page) == []


@pytest.mark.long
def test_held_report_says_why_it_waits_and_who_may_decide(
    dashboard: Dashboard, shop: Shop, page: Page
) -> None:
    charge_id = paid(dashboard, shop)
    held = {
        "psp": "stripe",
        "psp_account": "test",
        "psp_event_id": "evt_1",
        "report_type": "payment_intent.succeeded",
        "reason": "amount_differs",
        "detail": "The report says 20.00 EUR.",
        "held_at": "2026-11-27T10:00:00Z",
    }

    def with_report(route: Route) -> None:
        body = route.fetch().json()
        attempt = body["attempts"][0] | {"number": 2, "status": "abandoned"}
        route.fulfill(json=body | {"held_reports": [held], "attempts": [*body["attempts"], attempt]})

    page.route(f"**/staff/v1/charges/{charge_id}", with_report)
    look(dashboard, page, charge_id, "bookkeepers")
    reports = page.get_by_role("region", name="Held reports")
    expect(reports).to_contain_text("Another amount")
    expect(page.get_by_role("region", name="Attempts")).to_contain_text("Took no money")
    reports.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("dialog", name="Dismiss")).to_contain_text("Compare it with the PSP first")
    assert flaws(page) == []
    page.keyboard.press("Escape")
    look(dashboard, page, charge_id, "viewers")
    expect(reports).to_be_visible()
    expect(reports.get_by_role("button")).to_have_count(0)
