"""The dashboard on a million charges: search, filters, rows that scroll, and an export. Times are printed, and none is asserted."""

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from fixtures.browser import chromium, require_chromium
from fixtures.dashboard import NARROW, WIDE, Dashboard, Shop, dashboard_system, visitor
from fixtures.many_charges import make_many_charges

pytestmark = [pytest.mark.timeout(3_600), pytest.mark.long]

CHARGES: Final = 1_000_000
LIVE: Final = CHARGES * 9 // 10
SINCE: Final = datetime(2026, 9, 1, tzinfo=UTC)
FIRST_LOAD_BYTES_MAX: Final = 160_000
ROWS_IN_DOCUMENT_MAX: Final = 150
TURNS: Final = 40
"""How often a wheel is turned, or a key pressed."""
TURN_PIXELS: Final = 900
WATCH_FRAMES: Final = """() => {
    window.frames_seen = 0;
    window.places = new Set();
    window.gaps = [];
    const look = () => {
        const body = document.querySelector('#page .rows-body');
        const {top, bottom} = body.getBoundingClientRect();
        const end = Math.min(innerHeight, bottom);
        let covered = Math.max(0, top);
        const rows = [...body.querySelectorAll('[data-index]')].map(row => [row.getBoundingClientRect(), row]);
        for (const [box, row] of rows.sort(([one], [other]) => one.top - other.top)) {
            if (box.bottom <= 0 || box.top >= innerHeight) continue;
            if (box.top > covered + 1) gaps.push(`nothing from ${covered} to ${box.top} px at ${scrollY}`);
            const cells = [...row.children].filter(cell => cell.checkVisibility());
            if (cells.length < 3 || cells[0].innerText.trim() === '') gaps.push(`an empty row at ${scrollY}`);
            covered = Math.max(covered, box.bottom);
        }
        if (covered < end - 1) gaps.push(`nothing from ${covered} to ${end} px at ${scrollY}`);
        frames_seen += 1;
        places.add(scrollY);
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""
"""Keep from now on, for each frame before it is painted, where the list is in sight and no row with content is."""
FRAMES: Final = "() => ({frames: frames_seen, places: places.size, gaps: gaps.slice(0, 5), rows: document.querySelectorAll('[data-index]').length})"
FILES: Final = """() => performance.getEntriesByType('resource').map(one => [new URL(one.name).pathname, one.encodedBodySize])
    .filter(([path]) => path.startsWith('/assets/'))"""
TO_DOWNLOADS: Final = "delete window.showSaveFilePicker"


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    require_chromium()
    with dashboard_system(("api", "worker", "projectionist", "ledger")) as started:
        asyncio.run(make_many_charges(started.system.dsn, charges=CHARGES, since=SINCE))
        yield started


@pytest.fixture(scope="module")
def charge_id(dashboard: Dashboard) -> str:
    """A charge of test mode that has events; all others are in the view alone."""
    made = Shop(dashboard.system).charge(customer_email="needle@example.com")
    dashboard.system.until_idle(looks_at_consumers=False)
    return made


@pytest.fixture(scope="module")
def browser(charge_id: str) -> Iterator[Browser]:
    assert charge_id
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visitor(browser) as context:
        page = context.new_page()
        page.add_init_script(TO_DOWNLOADS)
        yield page


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Print how long the block took."""
    began = time.monotonic()
    yield
    print(f"{name}: {(time.monotonic() - began) * 1000:,.0f} ms")  # noqa: T201 -- `pytest -s` shows it to people


def rows(page: Page) -> Locator:
    """The rows in the document, without the head."""
    return page.locator("#page [data-index]")


def test_first_load_takes_few_bytes_on_the_wire(dashboard: Dashboard, page: Page) -> None:
    """What the page itself names is loaded before the first screen; what the list loads beside it is printed."""
    with timed("first load of the list"):
        dashboard.open(page, "/live/charges", "viewers", head="Charges")
        expect(rows(page).first).to_be_visible()
    loaded: dict[str, int] = dict(page.evaluate(FILES))
    named = re.findall(r'"(/assets/[^"]+)"', page.context.request.get(dashboard.url).text())
    first = sum(loaded[path] for path in named if path.endswith((".js", ".css")))
    print(f"{first:,} bytes before the first screen, {sum(loaded.values()):,} with the list")  # noqa: T201 -- for people
    assert min(loaded.values()) > 0
    assert first <= FIRST_LOAD_BYTES_MAX, loaded


def test_search_finds_one_of_a_million(dashboard: Dashboard, page: Page, charge_id: str) -> None:
    dashboard.open(page, "/live/charges", "viewers", head="Charges")
    box = page.get_by_role("combobox", name="Search payments")
    for text, group in (
        ("A-777777", "Metadata"),
        ("Customer17@example.com", "E-mail"),
        ("0031", "Last 4 digits"),
        ("19.99 USD", "Amount"),
    ):
        with timed(f"search {text}"):
            box.fill(text)
            expect(page.get_by_role("group", name=group).get_by_role("option").first).to_be_visible()
        box.fill("")
    page.goto(f"{dashboard.url}/test/charges")
    with timed("search and page of a charge"):
        box.fill("needle@example.com")
        page.get_by_role("option").first.click()
        page.wait_for_url(f"**/charges/{charge_id}")
        expect(page.get_by_role("region", name="Timeline").get_by_text("Charge created")).to_be_visible()


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", "€"),
        ("status=failed", "Failed"),
        ("currency=jpy", "¥"),
        ("currency=usd&amount_from=1999&amount_to=1999", "19.99"),
        ("brand=amex", "Amex"),
        ("disputed=true", ""),
        ("from=2026-09-04&until=2026-09-05", "Sep"),
    ],
)
def test_filter_of_a_million_shows_its_rows(dashboard: Dashboard, page: Page, query: str, shown: str) -> None:
    dashboard.open(page, "/live", "viewers", head="Home")
    address = f"{dashboard.url}/live/charges" + (f"?{query}" if query else "")
    with timed(f"list {query or 'without a filter'}"):
        page.goto(address)
        expect(rows(page).filter(has_text=shown).first).to_be_visible()
    assert page.url == address


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("how", ["wheel", "PageDown", "End", "Home and End"])
def test_rows_of_a_million_scroll_without_gaps(
    dashboard: Dashboard, browser: Browser, how: str, width: int
) -> None:
    """In each frame each place of the list that is in sight has a row, and the row has content; few rows are in the document."""
    with visitor(browser, width=width) as context:
        page = context.new_page()
        dashboard.open(page, "/live/charges", "viewers", head="Charges")
        expect(rows(page).first).to_be_visible()
        page.mouse.move(width / 2, 600)
        page.evaluate(WATCH_FRAMES)
        with timed(f"{TURNS} times {how} at {width} px"):
            for turn in range(TURNS):
                if how == "wheel":
                    page.mouse.wheel(0, TURN_PIXELS)
                else:
                    page.keyboard.press(("Home", "End")[turn % 2] if " " in how else how)
                page.evaluate(
                    "() => new Promise(shown => requestAnimationFrame(() => requestAnimationFrame(shown)))"
                )
        seen: dict[str, Any] = page.evaluate(FRAMES)
        print(seen)  # noqa: T201 -- `pytest -s` shows it to people
        assert seen["gaps"] == []
        assert seen["frames"] >= TURNS
        assert seen["places"] >= (2 if " " in how else TURNS // 4)
        assert seen["rows"] <= ROWS_IN_DOCUMENT_MAX


def test_export_of_a_million_is_whole(dashboard: Dashboard, page: Page) -> None:
    """The totals are those of the view, and the ledger, which has none of these charges, is said to differ."""
    dashboard.open(page, "/live/charges", "bookkeepers", head="Charges")
    page.get_by_role("button", name="Export", exact=True).click()
    dialog = page.get_by_role("dialog", name="Export charges")
    dialog.get_by_label("Reason").fill("The year has ended")
    with timed("export"), page.expect_download(timeout=1_800_000) as download:
        dialog.get_by_role("button", name="Export", exact=True).click()
    expect(dialog).to_contain_text("The file is whole")
    expect(dialog).to_contain_text(f"It has {LIVE:,} rows")
    expect(dialog.get_by_role("alert")).to_contain_text("A sum differs from the ledger")
    with Path(download.value.path()).open() as file:
        exported = sum(row.startswith("ch_") for row in file)
    assert exported == LIVE
