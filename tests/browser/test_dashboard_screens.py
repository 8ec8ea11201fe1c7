"""Every screen of the dashboard, with markup in each text that a merchant, a customer, a PSP or a person of staff may write.

In each colour scheme, language and width a screen has no flaw, says all that it has to say, and runs nothing of the markup.
"""

from collections.abc import Iterator
from itertools import product
from typing import Final, Literal, NamedTuple

import pytest
from playwright.sync_api import Browser, expect

from fincore.domain.proposal import PROPOSAL_KINDS
from fixtures.browser import chromium, require_chromium
from fixtures.dashboard import NARROW, WIDE, Dashboard, visitor
from fixtures.dashboard_flaws import CANARY, MARKUP, wrong
from fixtures.dashboard_screens import GROUPS, open_screen, screens, until_shown
from fixtures.furnished import furnished_dashboard

pytestmark = [pytest.mark.timeout(1_800), pytest.mark.long]

WATCH_CONTROLS: Final = """() => {
    const controls = [...document.querySelectorAll('a[href], button, input, select, textarea, summary')];
    window.left = new Set(controls.filter(one => one.checkVisibility({visibilityProperty: true}) && !one.matches(':disabled')));
    addEventListener('focusin', (event) => window.left.delete(event.target));
    return window.left.size;
}"""
"""Keep the controls that can be seen until each has had the focus."""
NOT_REACHED: Final = "[...window.left].filter(one => one.isConnected).map(one => one.outerHTML.slice(0, 120))"


class Look(NamedTuple):
    """How a person looks at the dashboard."""

    scheme: Literal["light", "dark"]
    language: str
    width: int


SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
LOOKS: Final = tuple(
    Look(scheme, language, width)
    for scheme, language, width in product(SCHEMES, ("en-GB", "de-AT"), (WIDE, NARROW))
)


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    require_chromium()
    with furnished_dashboard(MARKUP) as started:
        yield started


@pytest.fixture(scope="module")
def browser(dashboard: Dashboard) -> Iterator[Browser]:
    assert dashboard
    with chromium() as started:
        yield started


def seen(dashboard: Dashboard, browser: Browser, look: Look, paths: dict[str, str]) -> dict[str, list[str]]:
    """What is wrong with each screen, by its name."""
    found = {}
    with visitor(browser, width=look.width, locale=look.language) as context:
        context.add_init_script(CANARY)
        page = context.new_page()
        page.emulate_media(color_scheme=look.scheme)
        dashboard.log_in(*GROUPS)
        for name, path in paths.items():
            open_screen(dashboard, page, path)
            found[name] = wrong(page, look.width)
    return {name: faults for name, faults in found.items() if faults}


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.scheme}-{look.language}-{look.width}")
def test_every_screen_is_clean_in_every_look(dashboard: Dashboard, browser: Browser, look: Look) -> None:
    assert seen(dashboard, browser, look, screens()) == {}


def test_markup_is_shown_as_it_was_written(dashboard: Dashboard, browser: Browser) -> None:
    """What the other tests look at does have the markup in it."""
    with visitor(browser) as context:
        page = context.new_page()
        dashboard.log_in(*GROUPS)
        for name in ("charge", "settlement_files", "proposals"):
            open_screen(dashboard, page, screens()[name])
            expect(page.locator("#page")).to_contain_text("onerror=canary()")


def test_tab_reaches_every_control_of_every_screen(dashboard: Dashboard, browser: Browser) -> None:
    not_reached = {}
    with visitor(browser) as context:
        page = context.new_page()
        dashboard.log_in(*GROUPS)
        for name, path in screens().items():
            open_screen(dashboard, page, path)
            controls = page.evaluate(WATCH_CONTROLS)
            assert controls > 0
            for _ in range(2 * controls + 20):  # Parts that scroll have the focus as well.
                page.keyboard.press("Tab")
                if not page.evaluate("window.left.size"):
                    break
            not_reached[name] = page.evaluate(NOT_REACHED)
    assert {name: controls for name, controls in not_reached.items() if controls} == {}


def test_every_kind_of_proposal_is_shown_in_words(dashboard: Dashboard, browser: Browser) -> None:
    kinds: set[str] = set()
    with visitor(browser) as context:
        page = context.new_page()
        dashboard.log_in(*GROUPS)
        for mode in ("test", "live"):
            status, listed = dashboard.person(*GROUPS).get(
                f"/staff/v1/proposals?mode={mode}&status=proposed&limit=100"
            )
            assert status == 200, listed
            kinds |= {one["kind"] for one in listed["data"]}
            page.goto(f"{dashboard.url}/{mode}/proposals")
            until_shown(page)
            names = page.locator("#page dt").all_inner_texts()
            assert [name for name in names if not name[:1].isupper()] == []
    assert kinds == set(PROPOSAL_KINDS)
