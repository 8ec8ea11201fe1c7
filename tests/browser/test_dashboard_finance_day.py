"""A finance day in the dashboard, on a day that the sandbox settled: a report of it states a payment too low.

Two people, each in a browser of their own: a run, a break that is explained, one that both write off, the next run, and exports beside
the ledger.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from fixtures.browser import chromium, require_chromium
from fixtures.dashboard import Dashboard, Shop, dashboard_system, flaws, visitor
from fixtures.system import ROLES, System

pytestmark = [pytest.mark.timeout(600), pytest.mark.long]

SOURCES: Final = """
[[source]]
name = "stripe_test"
psp = "stripe"
account = "test"
mode = "test"
kind = "stripe_reports"
cron = "0 0 1 1 *"
"""
TO_DOWNLOADS: Final = "delete window.showSaveFilePicker"


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    require_chromium()
    sources = tmp_path_factory.mktemp("sources") / "sources.toml"
    sources.write_text(SOURCES)
    settings = {
        "FINCORE_SETTLEMENT_SOURCES_FILE": str(sources),
        "FINCORE_ADJUSTMENT_LIMITS_MINOR": "usd:5000:5000",
    }
    with dashboard_system(ROLES, settings) as started:
        yield started


def settle_with_a_lie(system: System) -> None:
    """Three payments and a day that the sandbox ends; the reports of its payout state 60.00 too little for one of them."""
    shop = Shop(system)
    for amount_minor in (10_000, 20_000, 30_000):
        shop.charge(amount_minor=amount_minor, currency="usd")
    system.until_idle()
    (payout,) = system.sandbox.call("POST", "/sandbox/settlement_days", {"currency": "usd"})["data"]
    lie = {"kind": "change_amount", "row": 1, "delta_minor": -6_000, "summary": True}
    system.sandbox.call("POST", f"/sandbox/payouts/{payout['id']}/falsify", lie)
    system.until_idle()
    reconcile(system, "fetch")
    reconcile(system, "run")
    system.until_idle()


def reconcile(system: System, command: str) -> None:
    done = system.fincore("reconcile", command)
    assert done.code == 0, done


def act(page: Page, button: str, reason: str) -> None:
    """Do one act by its dialog."""
    page.get_by_role("button", name=button, exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name=button).click()
    expect(dialog).to_have_count(0)


def exported(page: Page, reason: str) -> list[dict[str, str]]:
    """What the screen shows, as the file that the browser saved."""
    page.get_by_role("button", name="Export", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(reason)
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Export", exact=True).click()
    expect(dialog).to_contain_text("The file is whole")
    assert flaws(page) == []
    with Path(download.value.path()).open(newline="") as file:
        rows = list(csv.DictReader(file))
    page.get_by_role("button", name="Close", exact=True).click()
    return rows


def test_two_people_end_the_day_and_export_what_the_ledger_has(dashboard: Dashboard) -> None:
    system = dashboard.system
    settle_with_a_lie(system)
    with chromium() as browser, visitor(browser) as hers, visitor(browser) as his:
        ada, bob = hers.new_page(), his.new_page()
        ada.add_init_script(TO_DOWNLOADS)
        dashboard.open(ada, "/test/runs", "bookkeepers", head="Reconciliation runs")
        ada.get_by_role("table").get_by_role("link").first.click()
        stood = ada.get_by_role("region", name="Breaks that stood")
        expect(stood).to_contain_text("-US$60.00")
        stood.get_by_role("link", name="Unexplained remainder").click()
        ada.get_by_role("link", name="-US$60.00").click()
        act(ada, "Explain", "the report states a payment too low")
        expect(ada.get_by_role("region", name="History")).to_contain_text(
            "the report states a payment too low"
        )

        dashboard.open(ada, "/test/breaks?class=amount", "bookkeepers", head="Breaks")
        ada.get_by_role("link", name="-US$60.00").click()
        act(ada, "Write off", "not worth a claim")
        expect(ada.get_by_text("A second person must approve it now.")).to_be_visible()
        assert booked(system) == []

        dashboard.open(bob, "/test/proposals", "bookkeepers", head="Approvals", subject="sub-bob")
        bob.get_by_role("button", name="Approve").click()
        dialog = bob.get_by_role("dialog", name="Approve")
        dialog.get_by_label("Reason").fill("seen in the report")
        dialog.get_by_role("button", name="Approve:").click()
        expect(bob.get_by_text("Your decision is kept.")).to_be_visible()
        system.until_idle()
        reconcile(system, "run")
        system.until_idle()

        dashboard.open(ada, "/test/breaks?closed=true&class=amount", "bookkeepers", head="Breaks")
        ada.get_by_role("link", name="-US$60.00").click()
        expect(ada.get_by_role("region", name="Details")).to_contain_text("Closed by")
        dashboard.open(ada, "/test/breaks?closed=true", "bookkeepers", head="Breaks")
        breaks = exported(ada, "month end")
        dashboard.open(ada, "/test/trial_balance", "bookkeepers", head="Trial balance")
        expect(
            ada.get_by_text("The sum of debits equals the sum of credits in every currency.")
        ).to_be_visible()
        balances = exported(ada, "month end")

    found = {one["id"]: (one["class"], one["status"], one["amount_minor"]) for one in breaks if one["class"]}
    assert found == kept_breaks(system)
    assert {status for _, status, _ in found.values()} == {"explained", "written_off"}
    assert booked(system) == [(6_000,)]
    shown = {
        one["id"]: int(one["debit_minor"] or 0) - int(one["credit_minor"] or 0)
        for one in balances
        if ":" in one["id"]
    }
    assert shown == kept_balances(system)
    assert sum(shown.values()) == 0


def booked(system: System) -> list[tuple[Any, ...]]:
    """What was written off, in the ledger."""
    return system.rows("select balance_minor from ledgerdb.accounts where name like 'expense:write_offs:%'")


def kept_breaks(system: System) -> dict[str, tuple[str, str, str]]:
    """Each break of LedgerDB as a file would have it."""
    kept = system.rows(
        "select break_id, class, status, amount_minor from reconciliation.breaks where not livemode"
    )
    return {str(number): (name, status, str(minor)) for number, name, status, minor in kept}


def kept_balances(system: System) -> dict[str, int]:
    """The balance of each account of LedgerDB, as a debit."""
    kept = system.rows(
        "select a.name, case a.normal_side when 'debit' then a.balance_minor else -a.balance_minor end"
        " from ledgerdb.accounts a where not a.livemode"
    )
    return dict(kept)
