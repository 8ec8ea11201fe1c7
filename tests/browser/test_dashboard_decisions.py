"""The dashboard's lists of charges that wait for a person: disputes by deadline, unknown outcomes, reviews."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from fincore.domain.events import CHARGE_EVENTS, ChargeOutcomeUnknown, ReportHeld
from fincore.domain.ids import ChargeId, RequestId, charge_of
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.payment_method import CardToken
from fincore.domain.route_plan import PlannedAttempt, RoutePlan, Skipped
from fincore.domain.staff_actor import StaffActor
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import create_pool
from fincore.read.projectionist.projectionist import Projectionist
from fincore.write.staff.acts import Act, Acts
from fixtures.browser import chromium, require_chromium
from fixtures.commits import captured, created
from fixtures.dashboard import NARROW, WIDE, WIDTHS, Dashboard, dashboard_system, flaws, visitor
from fixtures.reviews import OPENED, assessed
from fixtures.traffic import authorized, disputed, follow, live, running_writer, store_pool

pytestmark = [pytest.mark.timeout(600), pytest.mark.sampled]

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


PLAN = RoutePlan(
    attempts=(PlannedAttempt(PspName("stripe"), PspAccount("test"), CardToken("pm_card_visa")),),
    skipped=(Skipped(PspName("paypal"), PspAccount("west"), "currency_not_supported"),),
    rules_version=7,
    rule="dollars",
    draw=0.25,
)


class Decided(NamedTuple):
    """The charges that one test each decides. Tests that only read find another charge of each kind, which stays as it is."""

    held: ChargeId
    unknown: ChargeId
    review: ChargeId


def held(psp_event_id: str) -> ReportHeld:
    """A report over another amount than the charge's."""
    return ReportHeld(
        psp=PspName("stripe"),
        psp_account=PspAccount("test"),
        psp_event_id=psp_event_id,
        report_type="charge.refunded",
        reason="amount_differs",
        detail=f"the report {psp_event_id} is over 12.00 USD",
        held_at=datetime.now(UTC) - timedelta(hours=3),
    )


async def waiting(dsn: str) -> Decided:
    """Three disputes, one of them overdue; twice an authorization of unknown outcome, a review, and a charge with two held reports."""
    now = datetime.now(UTC)
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with running_writer(pool) as writer, store_pool(dsn, "paymentdb") as paymentdb:
            later, soon, overdue = (
                disputed(evidence_due_by=now + timedelta(days=days, minutes=5)) for days in (9, 2, -4)
            )
            of_each_kind = [
                (created(), captured(), held("evt_first"), held("evt_second")),
                (created(), ChargeOutcomeUnknown(reason="timeout", since=now)),
                (created(plan=PLAN), assessed(), authorized(), OPENED),
            ]
            disputes = [(created(), captured(), dispute) for dispute in (later, soon, overdue)]
            decided = await live(writer, of_each_kind)
            await live(writer, [*disputes, *of_each_kind])
            await Acts(pool).begin(LISTED)
            await follow(EventLog(pool, CHARGE_EVENTS), paymentdb, Projectionist())
            return Decided(*(charge_of(stream_id) for stream_id in decided))
    finally:
        pool.terminate()


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    require_chromium()
    with dashboard_system() as started:
        yield started


@pytest.fixture(scope="module")
def decided(dashboard: Dashboard) -> Decided:
    return asyncio.run(waiting(dashboard.system.dsn))


@pytest.fixture(scope="module")
def browser(decided: Decided) -> Iterator[Browser]:
    assert decided
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visitor(browser) as context:
        yield context.new_page()


def row_of(page: Page, charge_id: ChargeId) -> Locator:
    """The rows of a list that lead to a charge."""
    return page.get_by_role("row").filter(has=page.locator(f'a[href$="/{charge_id}"]'))


@pytest.mark.long
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_lists_of_what_waits_are_clean_at_each_width(
    dashboard: Dashboard, browser: Browser, width: int
) -> None:
    with visitor(browser, width=width) as context:
        page = context.new_page()
        for path, head in (
            ("disputes", "Disputes"),
            ("unknown_outcomes", "Unknown outcomes"),
            ("reviews", "Reviews"),
            ("held_reports", "Held reports"),
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
    expect(shown).to_have_count(3)
    for at, (urgency, left) in enumerate(
        (
            ("Overdue", "3 days overdue"),
            ("Within three days", "2 days to respond"),
            ("Later", "9 days to respond"),
        )
    ):
        expect(shown.nth(at)).to_contain_text(urgency)
        expect(shown.nth(at)).to_contain_text(left)
    page.goto(f"{dashboard.url}/test/disputes?status=won")
    expect(page.get_by_role("heading", name="No dispute has this status")).to_be_visible()


@pytest.mark.long
def test_person_who_only_reads_decides_nothing(dashboard: Dashboard, page: Page) -> None:
    for path, head in (("unknown_outcomes", "Unknown outcomes"), ("reviews", "Reviews")):
        dashboard.open(page, f"/test/{path}", "viewers", head=head)
        expect(page.get_by_role("cell").get_by_role("link").first).to_be_visible()
        expect(page.get_by_role("cell").get_by_role("button")).to_have_count(0)


def test_held_reports_are_decided_only_by_those_who_may(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/held_reports", "viewers", head="Held reports")
    expect(page.get_by_role("cell").get_by_role("link", name="Another amount").first).to_be_visible()
    expect(page.get_by_role("cell").get_by_role("button")).to_have_count(0)
    page.get_by_role("cell").get_by_role("link").last.click()
    reports = page.get_by_role("region", name="Held reports")
    expect(reports).to_contain_text("the report evt_second is over 12.00 USD")
    expect(reports.get_by_role("button")).to_have_count(0)


@pytest.mark.long
def test_held_report_is_read_again_then_dismissed(dashboard: Dashboard, page: Page, decided: Decided) -> None:
    dashboard.open(page, "/test", "supporters", head="Home")
    page.get_by_role("main").get_by_role("link", name="Held reports").click()
    expect(row_of(page, decided.held)).to_have_count(2)
    row_of(page, decided.held).get_by_role("link").first.click()
    reports = page.get_by_role("region", name="Held reports")
    expect(page.get_by_role("region", name="What FinCore waits for")).to_contain_text(
        "A report of the PSP is held"
    )
    reports.get_by_role("button", name="Read again").first.click()
    dialog = page.get_by_role("dialog", name="Read again")
    expect(dialog).to_contain_text("the report evt_first is over 12.00 USD")
    dialog.get_by_label("Reason").fill("FinCore was upgraded")
    assert flaws(page) == []
    dialog.get_by_role("button", name="Read again: charge.refunded").click()
    expect(page.get_by_text("FinCore reads the report again.")).to_be_visible()
    expect(reports.get_by_role("listitem")).to_have_count(2)
    reports.get_by_role("button", name="Dismiss").first.click()
    dialog = page.get_by_role("dialog", name="Dismiss")
    dialog.get_by_role("button", name="Dismiss: charge.refunded").click()
    expect(dialog.get_by_role("alert")).to_have_text("Write a reason.")
    dialog.get_by_label("Reason").fill("seen at the PSP")
    assert flaws(page) == []
    dialog.get_by_role("button", name="Dismiss: charge.refunded").dblclick()
    expect(page.get_by_text("The report is dismissed.")).to_be_visible()
    expect(reports.get_by_role("listitem")).to_have_count(1)
    timeline = page.get_by_role("region", name="Timeline")
    expect(timeline).to_contain_text("Held report released")
    expect(timeline).to_contain_text("Another amount")
    dashboard.open(page, "/test/held_reports", "supporters", head="Held reports")
    row_of(page, decided.held).get_by_role("button", name="Dismiss").click()
    dialog = page.get_by_role("dialog", name="Dismiss")
    expect(dialog).to_contain_text("evt_second")
    dialog.get_by_label("Reason").fill("seen at the PSP, too")
    dialog.get_by_role("button", name="Dismiss: charge.refunded").click()
    expect(page.get_by_text("The report is dismissed.")).to_be_visible()
    expect(row_of(page, decided.held)).to_have_count(0)
    assert dashboard.system.rows(
        "select reason from staff.acts where object_kind = 'charge' and reason like 'seen at%' and outcome = 'done' order by 1"
    ) == [("seen at the PSP",), ("seen at the PSP, too",)]


@pytest.mark.long
def test_unknown_outcome_is_resolved_by_what_the_psp_shows(
    dashboard: Dashboard, page: Page, decided: Decided
) -> None:
    dashboard.open(page, "/test/unknown_outcomes", "supporters", head="Unknown outcomes")
    row_of(page, decided.unknown).get_by_role("button", name="Resolve").click()
    dialog = page.get_by_role("dialog", name="Resolve")
    dialog.get_by_label("Reason").fill("read in the PSP's dashboard")
    expect(dialog.get_by_label("What the PSP shows")).to_have_value("")
    dialog.get_by_role("button", name="Resolve").click()
    expect(dialog).to_contain_text("choose what it shows")
    dialog.get_by_label("What the PSP shows").select_option("It did not happen")
    assert flaws(page) == []
    dialog.get_by_role("button", name="Resolve: It did not happen").dblclick()
    expect(page.get_by_text("The outcome is recorded.")).to_be_visible()
    assert dashboard.system.rows(
        "select reason from staff.acts where action = 'resolve_outcome' and outcome = 'done'"
    ) == [("read in the PSP's dashboard",)]
    dashboard.open(page, "/test/audit_trail", "bookkeepers", head="Audit trail")
    act = page.get_by_role("row").filter(has_text="Resolve an outcome")
    expect(act).to_contain_text("read in the PSP's dashboard")
    expect(act).to_contain_text("Charge ch_")
    expect(act).to_contain_text("Done")
    assert flaws(page) == []
    act.get_by_role("link").click()
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()


@pytest.mark.long
def test_acts_of_no_mode_are_shown_in_both_modes(dashboard: Dashboard, page: Page) -> None:
    act = page.get_by_role("row").filter(has_text="Add entries to a list").filter(has_text="no mode")
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


@pytest.mark.long
def test_audit_trail_speaks_german_in_a_narrow_window(dashboard: Dashboard, browser: Browser) -> None:
    with visitor(browser, locale="de-DE", width=NARROW) as context:
        page = context.new_page()
        dashboard.open(page, "/test/audit_trail", "bookkeepers", head="Protokoll")
        act = page.get_by_role("row").filter(has_text="In eine Liste eintragen")
        expect(act).to_contain_text("bob · ohne Modus")
        assert flaws(page, NARROW) == []


@pytest.mark.long
@pytest.mark.parametrize("width", WIDTHS)
def test_charge_says_why_it_is_under_review_and_where_it_may_go(
    dashboard: Dashboard, browser: Browser, width: int
) -> None:
    with visitor(browser, width=width) as context:
        page = context.new_page()
        dashboard.open(page, "/test/reviews", "admins", head="Reviews")
        page.get_by_role("cell").get_by_role("link").first.click()
        risk, routing = (page.get_by_role("region", name=name) for name in ("Risk", "Routing"))
        risk.get_by_role("heading").click()
        expect(risk).to_contain_text("large_first_order (Review)")
        expect(risk.get_by_role("link", name="3")).to_be_visible()
        expect(risk.get_by_text("attempts_by_email_24h")).to_be_hidden()
        risk.get_by_text("Facts that the rules read").click()
        expect(risk.get_by_text("attempts_by_email_24h")).to_be_visible()
        routing.get_by_role("heading").click()
        expect(routing).to_contain_text("dollars")
        expect(routing).to_contain_text("1. stripe · test")
        expect(routing).to_contain_text("It does not take the currency")
        assert flaws(page, width) == []


def test_review_is_approved_for_a_reason(dashboard: Dashboard, page: Page, decided: Decided) -> None:
    dashboard.open(page, "/test/reviews", "supporters", head="Reviews")
    row_of(page, decided.review).get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog", name="Approve")
    dialog.get_by_label("Reason").fill("the customer is known")
    assert flaws(page) == []
    dialog.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("The charge is approved.")).to_be_visible()
