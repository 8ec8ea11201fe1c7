"""The login of staff in a real browser: from the dashboard to the built-in issuer and back, without a mouse or scripts of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from fixtures.browser import chromium
from fixtures.dashboard import WIDE, WIDTHS, flaws
from fixtures.staff_role import StaffRole, running_staff_role

pytestmark = [pytest.mark.timeout(300), pytest.mark.sampled]

PASSWORD = "correct horse battery staple"


@pytest.fixture
def staff(dsn: str, tmp_path: Path) -> Iterator[StaffRole]:
    with running_staff_role(dsn, tmp_path) as staff:
        yield staff


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def opened(browser: Browser, staff: StaffRole, *, width: int = WIDE, **options: str) -> Page:
    """The login, as the dashboard leads there."""
    page = browser.new_context(viewport={"width": width, "height": 800}, **options).new_page()  # type: ignore[arg-type]
    page.goto(staff.url)
    expect(page.locator("#username")).to_be_visible()
    assert page.url.startswith(f"{staff.url}/issuer/authorize?")
    return page


def test_person_logs_in_by_keyboard_and_reload_needs_no_login(browser: Browser, staff: StaffRole) -> None:
    one_time = staff.person("ada@example.com", "support")
    page = opened(browser, staff)
    page.keyboard.type("ada@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    page.keyboard.type(one_time)
    page.keyboard.press("Enter")
    expect(page.locator("#new_password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/issuer/" not in url and "/login/" not in url)
    assert "code=" not in page.url
    expect(page.get_by_text("Ada Byron").first).to_be_visible()
    page.reload()
    expect(page.get_by_text("Ada Byron").first).to_be_visible()
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]


def test_person_who_is_disabled_sees_nothing_more(browser: Browser, staff: StaffRole) -> None:
    """Also in a window that is open, with a token that has not expired."""
    page = opened(browser, staff)
    page.fill("#username", "ada@example.com")
    page.fill("#password", staff.person("ada@example.com", "support"))
    page.click("button")
    page.fill("#new_password", PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ada Byron").first).to_be_visible()
    staff.command("disable", "ada@example.com")
    page.get_by_role("link", name="Charges", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="Your login has ended")).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_of_the_login_are_accessible(browser: Browser, staff: StaffRole, width: int) -> None:
    one_time = staff.person("ada@example.com", "support")
    page = opened(browser, staff, width=width, locale="de-DE")
    expect(page.get_by_role("heading")).to_have_text("Bei FinCore anmelden")
    assert flaws(page, width) == []
    page.fill("#username", f"{width}@example.com")
    page.fill("#password", "falsch")
    page.click("button")
    expect(page.get_by_role("alert")).to_be_visible()
    assert flaws(page, width) == []
    page.fill("#username", "ada@example.com")
    page.fill("#password", one_time)
    page.click("button")
    expect(page.locator("#new_password")).to_be_visible()
    assert flaws(page, width) == []
