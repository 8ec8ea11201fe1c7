"""The dashboard's screen of people, by the built-in issuer and by another one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from fixtures.browser import chromium
from fixtures.dashboard import NARROW, dashboard_system, flaws, visitor
from fixtures.dashboard_dialogs import TITLES, dialogs_at, never_opened, wrong_with_dialog
from fixtures.dashboard_flaws import CANARY, MARKUP
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


def log_in(page: Page, staff: StaffRole, username: str, one_time: str) -> None:
    """Log in for the first time, and choose a password."""
    page.goto(staff.url)
    page.fill("#username", username)
    page.fill("#password", one_time)
    page.click("button")
    page.fill("#new_password", PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()


def agree(page: Page, dialog_name: str, button: str, reason: str) -> None:
    """Give a reason, and press the button of the dialog."""
    dialog = page.get_by_role("dialog", name=dialog_name)
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name=button).click()
    expect(dialog).to_have_count(0)


@pytest.mark.long
def test_two_admins_add_a_person_and_one_disables_her(browser: Browser, staff: StaffRole) -> None:
    first, second = (staff.person(name, "admin") for name in ("ada@example.com", "bob@example.com"))
    with visitor(browser) as hers, visitor(browser, width=NARROW) as his:
        ada, bob = hers.new_page(), his.new_page()
        log_in(ada, staff, "ada@example.com", first)
        ada.get_by_role("link", name="People").click()
        expect(ada.get_by_role("row")).to_have_count(3)
        expect(ada.get_by_role("button", name="Disable: ada@example.com")).to_have_count(0)
        assert flaws(ada) == []
        ada.get_by_role("button", name="Propose a person").click()
        dialog = ada.get_by_role("dialog", name="Propose a person")
        dialog.get_by_label("User name").fill("cid@example.com")
        dialog.get_by_label("Roles").fill("support:test, viewer")
        expect(dialog).to_contain_text("once a second admin has approved it")
        assert flaws(ada) == []
        agree(ada, "Propose a person", "Propose a person", "the new colleague")
        log_in(bob, staff, "bob@example.com", second)
        bob.goto(f"{staff.url}/test/proposals")
        proposal = bob.get_by_role("region", name="Member of staff")
        expect(proposal).to_contain_text("support:test, viewer")
        expect(proposal).to_contain_text("cid@example.com")
        assert flaws(bob, NARROW) == []
        proposal.get_by_role("button", name="Approve").click()
        agree(bob, "Approve", "Approve", "met in person")
        bob.goto(f"{staff.url}/test/people")
        row = bob.get_by_role("row", name="cid@example.com")
        expect(row).to_contain_text("Has no password yet")
        assert flaws(bob, NARROW) == []
        bob.get_by_role("button", name="Disable: cid@example.com").click()
        agree(bob, "Disable: cid@example.com", "Disable", "left before the first day")
        expect(row).to_contain_text("Disabled")


@pytest.mark.long
def test_people_of_another_issuer_are_kept_there(browser: Browser) -> None:
    with dashboard_system() as dashboard, visitor(browser) as context:
        page = context.new_page()
        dashboard.open(page, "/test/people", "admins", head="People are kept at the issuer")
        expect(page.get_by_text("FINCORE_STAFF_GROUPS")).to_be_visible()
        assert flaws(page) == []


@pytest.mark.long
def test_every_dialog_of_people_is_clean(browser: Browser, staff: StaffRole) -> None:
    one_time = staff.person("ada@example.com", "admin")
    staff.command("add", "bob@example.com", "--name", f"Bob {MARKUP}", "--role=support")
    found = {}
    with visitor(browser) as context:
        context.add_init_script(CANARY)
        page = context.new_page()
        log_in(page, staff, "ada@example.com", one_time)
        for opened in dialogs_at(page, "people", f"{staff.url}/test/people"):
            found[opened.screen, opened.title] = wrong_with_dialog(page, opened)
    assert {dialog: faults for dialog, faults in found.items() if faults} == {}
    assert never_opened(found, [one for one in TITLES if one.startswith("people/")]) == []
