"""The dashboard without a mouse, and dialogs of money that a person leaves by the way back or by a reload."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, Dialog, Locator, Page, Route, expect

from fixtures.browser import chromium, require_chromium
from fixtures.dashboard import Dashboard, Shop, dashboard_system, visitor

pytestmark = [pytest.mark.timeout(600), pytest.mark.long]

REFUNDS: Final = "**/staff/v1/charges/*/refunds"
LIMITS: Final = {"FINCORE_REFUND_LIMITS_MINOR": "eur:5000:1000000"}
REFUND: Final = "Refund €5.00"
TABS_MAX: Final = 60


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    require_chromium()
    with dashboard_system(("api", "worker", "projectionist", "ledger"), LIMITS) as started:
        yield started


@pytest.fixture(scope="module")
def shop(dashboard: Dashboard) -> Shop:
    return Shop(dashboard.system)


@pytest.fixture(scope="module")
def browser(shop: Shop) -> Iterator[Browser]:
    assert shop
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visitor(browser) as context:
        yield context.new_page()


@pytest.fixture
def charge_id(dashboard: Dashboard, shop: Shop) -> str:
    """A paid charge, the newest in the list."""
    made = shop.charge()
    dashboard.system.until_idle(looks_at_consumers=False)
    return made


class Asked:
    """The refunds that the page asks for: each goes to FinCore, and its answer is held until it is let through or lost."""

    def __init__(self, page: Page) -> None:
        self.keys: list[str] = []
        self._held: list[Route] = []
        self._page = page
        page.route(REFUNDS, self._hold)

    def _hold(self, route: Route) -> None:
        self.keys.append(route.request.headers["idempotency-key"])
        self._held.append(route)

    def until(self, count: int) -> None:
        """Return when so many are asked for."""
        for _ in range(600):
            if len(self.keys) >= count:
                return
            self._page.wait_for_timeout(50)
        raise AssertionError(self.keys)

    def lose(self) -> None:
        """FinCore has done it, and the page gets no answer."""
        route = self._held.pop()
        route.fetch()
        route.abort()

    def answer(self) -> None:
        """Let the answer through."""
        self._held.pop().continue_()


def refunds_of(dashboard: Dashboard, shop: Shop, charge_id: str) -> list[int]:
    """The amounts of the refunds of a charge, once nothing is left to do about it."""
    dashboard.system.until_idle(looks_at_consumers=False)
    return [refund["amount_minor"] for refund in shop.ask("GET", f"/v1/charges/{charge_id}")["refunds"]]


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus."""
    for _ in range(TABS_MAX):
        if target.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} is not reached")


def from_list(dashboard: Dashboard, page: Page, charge_id: str) -> None:
    """Open the newest charge from the list, by the keyboard."""
    dashboard.open(page, "/test/charges", "supporters", head="Charges")
    expect(page.locator("[data-index='0'] a")).to_have_attribute("href", f"/test/charges/{charge_id}")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/charges/{charge_id}")
    expect(page.get_by_role("heading", level=1, name="Charge €19.99")).to_be_visible()


def refund_dialog(page: Page) -> Locator:
    """The dialog that refunds five euros, opened and written by the keyboard; the focus is on the reason."""
    opener = page.get_by_role("button", name="Refund", exact=True)
    tab_to(page, opener)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Refund")
    tab_to(page, dialog.get_by_label("Amount (EUR)"))
    page.keyboard.press("Control+a")
    page.keyboard.type("5")
    tab_to(page, dialog.get_by_label("Reason"))
    page.keyboard.type("One shoe came back")
    expect(dialog.get_by_role("button", name=REFUND)).to_be_visible()
    return dialog


def press(page: Page, button: Locator) -> None:
    """Go to a button and press it, by the keyboard."""
    tab_to(page, button)
    page.keyboard.press("Enter")


def test_keys_lead_from_row_to_row(dashboard: Dashboard, shop: Shop, page: Page, charge_id: str) -> None:
    newer = shop.charge()
    dashboard.system.until_idle(looks_at_consumers=False)
    dashboard.open(page, "/test/charges", "supporters", head="Charges")
    rows = [page.locator(f"[data-index='{index}'] a").first for index in (0, 1)]
    expect(rows[0]).to_have_attribute("href", f"/test/charges/{newer}")
    for key, row in (("j", 0), ("j", 1), ("k", 0), ("k", 0), ("j", 1)):
        page.keyboard.press(key)
        expect(rows[row]).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/charges/{charge_id}")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("/")
    page.keyboard.type(newer)
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/charges/{newer}")


def test_escape_closes_filters_and_menus(dashboard: Dashboard, page: Page) -> None:
    """Also when the focus has left them, which they do not hold."""
    dashboard.open(page, "/test/charges", "supporters", head="Charges")
    opened = page.locator(":popover-open")
    for opener in (
        page.get_by_role("button", name="+ Created"),
        page.get_by_role("button", name="Your account"),
    ):
        for tabs in (0, 8):
            tab_to(page, opener)
            page.keyboard.press("Enter")
            expect(opened).to_have_count(1)
            for _ in range(tabs):
                page.keyboard.press("Tab")
            page.keyboard.press("Escape")
            expect(opened).to_have_count(0)
            if tabs == 0:
                expect(opener).to_be_focused()
            page.reload()
            expect(page.get_by_role("heading", level=1, name="Charges")).to_be_visible()


def test_keyboard_alone_refunds_once(dashboard: Dashboard, shop: Shop, page: Page, charge_id: str) -> None:
    from_list(dashboard, page, charge_id)
    dialog = refund_dialog(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Refund", exact=True)).to_be_focused()
    dialog = refund_dialog(page)
    tab_to(page, dialog.get_by_role("button", name=REFUND))
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The refund is under way.")).to_be_visible()
    expect(dialog).to_have_count(0)
    assert refunds_of(dashboard, shop, charge_id) == [500]


def test_way_back_leaves_a_dialog_that_has_sent_nothing(
    dashboard: Dashboard, shop: Shop, page: Page, charge_id: str
) -> None:
    asked = Asked(page)
    from_list(dashboard, page, charge_id)
    dialog = refund_dialog(page)
    page.go_back()
    expect(page.get_by_role("heading", level=1, name="Charges")).to_be_visible()
    expect(dialog).to_have_count(0)
    page.go_forward()
    expect(page.get_by_role("heading", level=1, name="Charge €19.99")).to_be_visible()
    expect(dialog).to_have_count(0)
    refund_dialog(page)
    page.reload()
    expect(page.get_by_role("heading", level=1, name="Charge €19.99")).to_be_visible()
    expect(dialog).to_have_count(0)
    assert asked.keys == []
    assert refunds_of(dashboard, shop, charge_id) == []


def test_way_back_does_not_take_a_key_away_that_was_sent(
    dashboard: Dashboard, shop: Shop, page: Page, charge_id: str
) -> None:
    """Neither while an answer is awaited nor once it is lost: asked again with the same key, the refund is made once."""
    asked = Asked(page)
    from_list(dashboard, page, charge_id)
    dialog = refund_dialog(page)
    press(page, dialog.get_by_role("button", name=REFUND))
    for count in range(1, 5):
        asked.until(count)
        page.evaluate("history.back()")
        page.keyboard.press("Escape")
        expect(dialog).to_be_visible()
        asked.lose()
    expect(dialog).to_contain_text("The answer did not arrive")
    page.evaluate("history.back()")
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    expect(page).to_have_url(f"{dashboard.url}/test/charges/{charge_id}")
    press(page, dialog.get_by_role("button", name="Ask again"))
    asked.until(5)
    asked.answer()
    expect(page.get_by_text("The refund is under way.")).to_be_visible()
    assert len({*asked.keys}) == 1
    assert refunds_of(dashboard, shop, charge_id) == [500]
    page.go_back()
    expect(page.get_by_role("heading", level=1, name="Charges")).to_be_visible()


def test_reload_while_an_answer_is_awaited_asks_the_person(
    dashboard: Dashboard, shop: Shop, page: Page, charge_id: str
) -> None:
    """Who stays keeps the key. Who reloads all the same sees what was done, and nothing is sent by the reload."""
    asked = Asked(page)
    asking: list[str] = []
    from_list(dashboard, page, charge_id)
    dialog = refund_dialog(page)

    def stay(shown: Dialog) -> None:
        asking.append(shown.type)
        shown.dismiss()

    press(page, dialog.get_by_role("button", name=REFUND))
    asked.until(1)
    page.once("dialog", stay)
    page.evaluate("setTimeout(() => location.reload())")
    for _ in range(600):
        if asking:
            break
        page.wait_for_timeout(50)
    assert asking == ["beforeunload"]
    expect(dialog.get_by_label("Reason")).to_have_value("One shoe came back")
    asked.lose()
    asked.until(2)
    page.reload()
    expect(page.get_by_role("heading", level=1, name="Charge €19.99")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("region", name="Refunds")).to_contain_text("€5.00")
    assert len({*asked.keys}) == 1
    assert refunds_of(dashboard, shop, charge_id) == [500]
