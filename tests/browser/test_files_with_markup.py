"""Files that staff keep and open elsewhere, with markup and formulas in each text that other people may write: exports and reports."""

import csv
import io
import json
import re
import urllib.request
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, expect

from fixtures.browser import chromium, require_chromium, site
from fixtures.dashboard import Dashboard
from fixtures.dashboard_flaws import CANARY, MARKUP
from fixtures.furnished import furnished_dashboard

pytestmark = [pytest.mark.timeout(600), pytest.mark.long]

SAID: Final = f'<img src=x onerror=canary()>;=HYPERLINK("//a.test"){MARKUP}'
"""File names take the beginning of it."""
ENTIRE: Final[dict[str, dict[str, Any]]] = {
    "charges": {"filter": {"mode": "test"}},
    "refunds": {"mode": "test"},
    "disputes": {"mode": "test"},
    "breaks": {"mode": "test", "closed": True},
    "statement": {"mode": "test"},
    "trial_balance": {"mode": "test"},
}
"""What each export is asked for, so that all is in it."""
BEGINS_FORMULA: Final = re.compile(r"(^|;)[\s\"]*[=+@-](?!\d*\.?\d+$)")


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    require_chromium()
    with furnished_dashboard(SAID) as started:
        yield started


@pytest.fixture(scope="module")
def browser(dashboard: Dashboard) -> Iterator[Browser]:
    assert dashboard
    with chromium() as started:
        yield started


def asked(dashboard: Dashboard, path: str, body: object = None) -> str:
    """The text of an answer to a bookkeeper."""
    request = urllib.request.Request(  # noqa: S310 -- our own system
        f"{dashboard.url}/staff/v1/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {dashboard.person('bookkeepers').token}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid4()),
        },
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 -- our own system
        return str(answer.read().decode())


def formulas(text: str) -> list[str]:
    """The cells of a CSV file that a spreadsheet would run, with commas or with semicolons between its cells."""
    return [cell for row in csv.reader(io.StringIO(text)) for cell in row if BEGINS_FORMULA.search(cell)]


def reports(dashboard: Dashboard) -> list[str]:
    """The path of the report of each run and of each day, without its form."""
    person = dashboard.person("bookkeepers")
    runs = person.get("/staff/v1/reconciliation_runs?mode=test")[1]["data"]
    days = person.get("/staff/v1/reconciliation_days?mode=test")[1]["data"]
    return [
        *(f"reconciliation_runs/{run['id']}/report?format=" for run in runs),
        *(f"reconciliation_days/{day['id']}/report?format=" for day in days),
    ]


def test_no_cell_of_an_export_is_a_formula(dashboard: Dashboard) -> None:
    paths = dashboard.person("admins").get("/staff/openapi.json")[1]["paths"]
    assert {path.rpartition("/")[2] for path in paths if "/exports/" in path} == set(ENTIRE)
    account = dashboard.person("bookkeepers").get("/staff/v1/ledger_accounts?mode=test")[1]["data"][0]["id"]
    files = {
        name: asked(
            dashboard,
            f"exports/{name}",
            body | {"reason": "year end"} | ({"account": account} if name == "statement" else {}),
        )
        for name, body in ENTIRE.items()
    }
    assert {name: found for name, text in files.items() if (found := formulas(text))} == {}
    assert all(len(text.splitlines()) > 2 for text in files.values())
    told = [name for name, text in files.items() if "HYPERLINK" in text]
    assert "charges" in told, told


def test_no_cell_of_a_report_is_a_formula(dashboard: Dashboard) -> None:
    files = {path: asked(dashboard, f"{path}csv") for path in reports(dashboard)}
    assert {path: found for path, text in files.items() if (found := formulas(text))} == {}
    assert any("HYPERLINK" in text for text in files.values())


def test_reports_opened_in_a_browser_run_no_markup(dashboard: Dashboard, browser: Browser) -> None:
    """As files they come without the headers of a server: the page itself has to refuse what would run."""
    shown = []
    for path in reports(dashboard):
        text = asked(dashboard, f"{path}html")
        with site(lambda _, text=text: (text, {})) as url, browser.new_context() as context:  # type: ignore[misc]
            context.add_init_script(CANARY)
            page = context.new_page()
            page.goto(url)
            expect(page.get_by_role("heading").first).to_be_visible()
            assert page.evaluate("window.caught") == [], path
            assert page.locator("script, img, a[href^='javascript:']").count() == 0, path
            shown.append(page.locator("body").inner_text())
    assert any("onerror=canary()" in text for text in shown)
