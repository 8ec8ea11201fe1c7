"""The dashboard's lists of charges that wait for a person: disputes by deadline, unknown outcomes, reviews."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from fincore.domain.events import CHARGE_EVENTS, ChargeOutcomeUnknown
from fincore.domain.ids import RequestId
from fincore.domain.staff_actor import StaffActor
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import create_pool
from fincore.read.projectionist.projectionist import Projectionist
from fincore.write.staff.acts import Act, Acts
from fixtures.browser import chromium
from fixtures.commits import captured, created
from fixtures.dashboard import NARROW, WIDTHS, Dashboard, dashboard_system, flaws, visitor
from fixtures.reviews import OPENED, assessed
from fixtures.traffic import authorized, disputed, follow, live, running_writer, store_pool

pytestmark = pytest.mark.timeout(600)

LISTED = Act(
    actor=StaffActor(subject="sub-bob", username="bob"),
    permission="risk.manage",
    action="added_entries",
    object_kind="risk_list",
    object_id="stolen_cards",
    reason="reported by the bank",
    request_id=RequestId("req_1"),
)
"""An act that belongs to no mode. It is under way."""


async def waiting(dsn: str) -> None:
    """Two disputes, an authorization of which the outcome is unknown, and a review."""
    now = datetime.now(UTC)
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with running_writer(pool) as writer, store_pool(dsn, "paymentdb") as paymentdb:
            later, soon = (disputed(evidence_due_by=now + timedelta(days=days)) for days in (9, 2))
            await live(
                writer,
                [
                    (created(), captured(), later),
                    (created(), captured(), soon),
                    (created(), ChargeOutcomeUnknown(reason="timeout", since=now)),
                    (created(), assessed(), authorized(), OPENED),
                ],
            )
            await Acts(pool).begin(LISTED)
            await follow(EventLog(pool, CHARGE_EVENTS), paymentdb, Projectionist())
    finally:
        pool.terminate()


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    with chromium():
        """Skip before anything is started."""
    with dashboard_system() as started:
        asyncio.run(waiting(started.system.dsn))
        yield started


@pytest.fixture(scope="module")
def browser(dashboard: Dashboard) -> Iterator[Browser]:
    assert dashboard
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visitor(browser) as context:
        yield context.new_page()


@pytest.mark.parametrize("width", WIDTHS)
def test_lists_of_what_waits_are_clean_at_each_width(
    dashboard: Dashboard, browser: Browser, width: int
) -> None:
    with visitor(browser, width=width) as context:
        page = context.new_page()
        for path, head in (
            ("disputes", "Disputes"),
            ("unknown_outcomes", "Unknown outcomes"),
            ("reviews", "Reviews"),
        ):
            dashboard.open(page, f"/test/{path}", "supporters", head=head)
            expect(page.get_by_role("cell").get_by_role("link").first).to_be_visible()
            assert flaws(page, width) == []
            dashboard.open(page, f"/live/{path}", "supporters", head=head)
            expect(page.get_by_role("heading", level=2, name="No")).to_be_visible()
            assert flaws(page, width) == []


def test_disputes_with_the_soonest_deadline_are_on_top(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/disputes", "viewers", head="Disputes")
    shown = page.get_by_role("row").filter(has=page.get_by_role("link"))
    expect(shown).to_have_count(2)
    expect(shown.first).to_contain_text("Within three days")
    expect(shown.last).to_contain_text("Later")
    page.goto(f"{dashboard.url}/test/disputes?status=won")
    expect(page.get_by_role("heading", name="No dispute has this status")).to_be_visible()


def test_person_who_only_reads_decides_nothing(dashboard: Dashboard, page: Page) -> None:
    for path, head in (("unknown_outcomes", "Unknown outcomes"), ("reviews", "Reviews")):
        dashboard.open(page, f"/test/{path}", "viewers", head=head)
        expect(page.get_by_role("cell").get_by_role("link")).to_have_count(1)
        expect(page.get_by_role("cell").get_by_role("button")).to_have_count(0)


def test_unknown_outcome_is_resolved_by_what_the_psp_shows(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/unknown_outcomes", "supporters", head="Unknown outcomes")
    page.get_by_role("button", name="Resolve").click()
    dialog = page.get_by_role("dialog", name="Resolve")
    dialog.get_by_label("Reason").fill("read in the PSP's dashboard")
    expect(dialog.get_by_label("What the PSP shows")).to_have_value("")
    dialog.get_by_role("button", name="Resolve").click()
    expect(dialog).to_contain_text("choose what it shows")
    dialog.get_by_label("What the PSP shows").select_option("It did not happen")
    assert flaws(page) == []
    dialog.get_by_role("button", name="Resolve: It did not happen").dblclick()
    expect(page.get_by_text("The outcome is recorded.")).to_be_visible()
    assert dashboard.system.rows("select action, reason from staff.acts where outcome = 'done'") == [
        ("resolve_outcome", "read in the PSP's dashboard")
    ]
    dashboard.open(page, "/test/audit_trail", "bookkeepers", head="Audit trail")
    act = page.get_by_role("row").filter(has_text="Resolve an outcome")
    expect(act).to_contain_text("read in the PSP's dashboard")
    expect(act).to_contain_text("Charge ch_")
    expect(act).to_contain_text("Done")
    assert flaws(page) == []
    act.get_by_role("link").click()
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()


def test_acts_of_no_mode_are_shown_in_both_modes(dashboard: Dashboard, page: Page) -> None:
    act = page.get_by_role("row").filter(has_text="Add entries to a list").filter(has_text="bob · no mode")
    dashboard.open(page, "/live/audit_trail", "bookkeepers", head="Audit trail")
    expect(act).to_contain_text("Risk list stolen_cards")
    expect(act).to_contain_text("under way")
    dashboard.open(page, "/test/audit_trail", "bookkeepers", head="Audit trail")
    page.get_by_role("button", name="Only acts of no mode").click()
    expect(page).to_have_url(re.compile(r"/test/audit_trail\?without_mode=true$"))
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()
    expect(act).to_have_count(1)
    assert flaws(page) == []
    page.get_by_role("button", name="Only acts of no mode").click()
    expect(page).to_have_url(re.compile("/test/audit_trail$"))


def test_audit_trail_speaks_german_in_a_narrow_window(dashboard: Dashboard, browser: Browser) -> None:
    with visitor(browser, locale="de-DE", width=NARROW) as context:
        page = context.new_page()
        dashboard.open(page, "/test/audit_trail", "bookkeepers", head="Protokoll")
        act = page.get_by_role("row").filter(has_text="In eine Liste eintragen")
        expect(act).to_contain_text("bob · ohne Modus")
        assert flaws(page, NARROW) == []


def test_review_is_approved_for_a_reason(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/reviews", "supporters", head="Reviews")
    page.get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog", name="Approve")
    dialog.get_by_label("Reason").fill("the customer is known")
    assert flaws(page) == []
    dialog.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("The charge is approved.")).to_be_visible()
