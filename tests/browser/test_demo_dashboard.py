"""The dashboard of `make demo`, opened by a real browser at the address and with the login that the demo prints."""

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from fixtures.browser import chromium, require_chromium
from fixtures.dashboard import WIDE, visitor
from fixtures.dashboard_flaws import CANARY, wrong
from fixtures.dashboard_screens import screens, until_shown
from fixtures.forking import FORK_SERVER

pytestmark = [pytest.mark.timeout(1_800), pytest.mark.long]

ROOT: Final = Path(__file__).parents[2]
START_SECONDS: Final = 900.0
STOP_SECONDS: Final = 120.0
PASSWORD: Final = "correct horse battery staple"
NOT_PERMITTED: Final = "You do not have permission to see this"
"""What a screen says that needs a role which the person does not have."""
PRINTED: Final = re.compile(
    r"Dashboard: +(\S+)\s+as ada \(support, finance\), once with the password (\S+)"
    r"\s+as grace \(finance, admin\), once with the password (\S+)"
)
TERMINAL_CODES: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, str]]:
    """The address and two one-time passwords of a demo at a terminal; it goes on serving until the end."""
    require_chromium()
    terminal, inner = pty.openpty()
    demo = subprocess.Popen(
        [FORK_SERVER.python, "-m", "demo"],
        cwd=tmp_path_factory.mktemp("demo"),
        env=os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "160"},
        stdin=inner,
        stdout=inner,
        stderr=inner,
    )
    os.close(inner)
    try:
        yield until_printed(terminal)
    finally:
        demo.terminate()
        drain(terminal, demo)
        os.close(terminal)


def until_printed(terminal: int) -> tuple[str, str, str]:
    """What the demo says of the dashboard, once it has said it."""
    said, until = "", time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if select.select([terminal], [], [], 1)[0]:
            said += os.read(terminal, 65_536).decode(errors="replace")
        if found := PRINTED.search(TERMINAL_CODES.sub("", said)):
            return found[1], found[2], found[3]
    raise AssertionError(said[-3_000:])


def drain(terminal: int, demo: "subprocess.Popen[bytes]") -> None:
    """Read what a demo says that stops, so that it can end."""
    until = time.monotonic() + STOP_SECONDS
    while demo.poll() is None and time.monotonic() < until:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                os.read(terminal, 65_536)
            except OSError:  # Linux says so of a terminal that no process has any more.
                break
    demo.wait(STOP_SECONDS)


def log_in(page: Page, url: str, username: str, one_time: str) -> None:
    """Log in for the first time, by the keyboard, and choose a password."""
    page.goto(url)
    expect(page.locator("#username")).to_be_focused()
    page.keyboard.type(username)
    page.keyboard.press("Tab")
    page.keyboard.type(one_time)
    page.keyboard.press("Enter")
    expect(page.locator("#new_password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()


def test_people_of_the_demo_see_what_it_has_sold(printed: tuple[str, str, str]) -> None:
    """Each list opens without a flaw, and the shop's payments, settlement and ledger are in them."""
    url, support, admin = printed
    pictures = os.environ.get("FINCORE_TEST_PICTURES")
    lists = {name: path for name, path in screens().items() if "$" not in path}
    filled = {"charges", "breaks", "runs", "settlement_files", "ledger_accounts"}
    with chromium() as browser:
        for username, one_time in (("ada", support), ("grace", admin)):
            with visitor(browser) as context:
                context.add_init_script(CANARY)
                page = context.new_page()
                log_in(page, url, username, one_time)
                for name, path in lists.items():
                    page.goto(f"{url}/test/{path}".removesuffix("//"))
                    until_shown(page)
                    if pictures:
                        page.screenshot(path=f"{pictures}/{username}-{name}.png")
                    faults = wrong(page, WIDE)
                    if name not in filled:
                        faults = [fault for fault in faults if fault != NOT_PERMITTED]
                    assert faults == [], (username, name)
                    if name in filled:
                        link = page.locator(f'#page a[href^="/test/{path}/"]').first
                        expect(link).to_be_visible()
                page.goto(f"{url}/test/charges")
                page.locator("[data-index='0'] a").first.click()
                expect(page.get_by_role("region", name="Timeline")).to_contain_text("Charge created")
