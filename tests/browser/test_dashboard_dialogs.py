"""Every dialog of the dashboard, opened by a button of a screen, with markup in each text that other people may write.

In each colour scheme, language and width a dialog has no flaw; it holds the focus, and gives it back when it is closed.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from fixtures.browser import chromium, require_chromium
from fixtures.dashboard import Dashboard, visitor
from fixtures.dashboard_dialogs import (
    TITLES,
    Opened,
    dialogs_in_sources,
    never_opened,
    opened_dialogs,
    title_of,
    wrong_with_dialog,
)
from fixtures.dashboard_flaws import CANARY, MARKUP
from fixtures.dashboard_screens import GROUPS, open_screen, screens
from fixtures.furnished import furnished_dashboard

pytestmark = pytest.mark.timeout(3_600)

Found = dict[tuple[str, str], list[str]]
"""What is wrong with each dialog, by its screen and its title."""
BY_A_KEY: Final = ("shell", "Keyboard")
AFTER_AN_ACT: Final = ("merchant", "The key, this once")


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    require_chromium()
    with furnished_dashboard(MARKUP) as started:
        _prepare(started)
        yield started


def _prepare(dashboard: Dashboard) -> None:
    """What further acts need: an origin, an endpoint that is enabled again, and an adjustment that two people agreed on."""
    ada, bob = (dashboard.person(*GROUPS, subject=f"sub-{name}") for name in ("ada", "bob"))

    def listed(path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ada.get(f"/staff/v1/{path}?mode=test")[1]["data"]
        return found

    merchant = listed("merchants")[0]["id"]
    endpoint = listed("webhook_endpoints")[0]["id"]
    amount = next(one for one in listed("breaks") if one["amount_minor"])
    for path, fields in (
        (f"merchants/{merchant}/origins", {"origin": "https://shop.example", "mode": "test"}),
        (f"webhook_endpoints/{endpoint}/enable", {}),
    ):
        status, answer = ada.act(f"/staff/v1/{path}", reason="As they asked for", **fields)
        assert status == 200, answer
    status, proposal = ada.act(
        f"/staff/v1/breaks/{amount['id']}/adjust", reason="It is so", amount_minor=amount["amount_minor"]
    )
    assert status == 202, proposal
    status, answer = bob.act(f"/staff/v1/proposals/{proposal['id']}/approve", reason="Seen")
    assert status == 200, answer


@pytest.fixture(scope="module")
def browser(dashboard: Dashboard) -> Iterator[Browser]:
    assert dashboard
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def in_english(dashboard: Dashboard, browser: Browser) -> Found:
    return looked_at(dashboard, browser, "en-GB")


def looked_at(dashboard: Dashboard, browser: Browser, language: str) -> Found:
    """Open, look at and leave each dialog. None of them may send anything."""
    found: Found = {}
    sent: list[str] = []
    with visitor(browser, locale=language) as context:
        context.add_init_script(CANARY)
        page = context.new_page()
        page.on(
            "request",
            lambda request: sent.append(request.url) if "idempotency-key" in request.headers else None,
        )
        dashboard.log_in(*GROUPS)
        for opened in opened_dialogs(dashboard, page):
            found.setdefault((opened.screen, opened.title), []).extend(wrong_with_dialog(page, opened) + sent)
            sent.clear()
    return found


def faulty(found: Found) -> Found:
    return {dialog: faults for dialog, faults in found.items() if faults}


def test_each_dialog_of_the_sources_is_listed_with_its_title() -> None:
    """The other tests look for these titles, so that a new dialog is looked at, or missing."""
    assert dialogs_in_sources() == set(TITLES)


@pytest.mark.long
def test_every_dialog_is_clean_and_holds_the_focus(in_english: Found) -> None:
    assert faulty(in_english) == {}
    components = [one for one in TITLES if not one.startswith("people/")]
    assert never_opened([*in_english, BY_A_KEY, AFTER_AN_ACT], components) == []


@pytest.mark.long
def test_every_dialog_is_clean_in_german(dashboard: Dashboard, browser: Browser, in_english: Found) -> None:
    """As many dialogs on each screen as in English."""
    in_german = looked_at(dashboard, browser, "de-AT")
    assert faulty(in_german) == {}
    assert Counter(screen for screen, _ in in_german) == Counter(screen for screen, _ in in_english)


@pytest.mark.long
def test_dialog_that_no_button_opens_is_clean(dashboard: Dashboard, browser: Browser) -> None:
    """The help of a key on every screen, and the dialog in which a new key of a merchant is shown."""
    with visitor(browser) as context:
        context.add_init_script(CANARY)
        page = context.new_page()
        dashboard.log_in(*GROUPS)
        open_screen(dashboard, page, screens()["merchant"])
        page.keyboard.press("?")
        assert wrong_with_dialog(page, shown(page, BY_A_KEY)) == []
        opener = page.get_by_role("button", name="Create a key")
        opener.click()
        dialog = page.get_by_role("dialog", name="Create a key")
        dialog.get_by_label("Reason").fill("For the new shop")
        dialog.get_by_role("button", name="Create a key").click()
        expect(dialog).to_have_count(0)
        assert wrong_with_dialog(page, shown(page, AFTER_AN_ACT)) == []


def shown(page: Page, expected: tuple[str, str]) -> Opened:
    """The dialog that is open."""
    dialog = page.get_by_role("dialog", name=expected[1])
    expect(dialog).to_be_visible()
    assert title_of(dialog) == expected[1]
    return Opened(expected[0], expected[1], dialog, None)
