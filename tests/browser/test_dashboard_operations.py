"""The dashboard's screens for the person on call: dead letters, and webhooks that do not arrive at merchants."""

import asyncio
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from fincore.domain.ids import StreamId, charge_of
from fincore.domain.outcome import PspAccount
from fincore.postgres.pool import create_pool
from fincore.write.queue.job_payloads import process_webhook_job
from fixtures.browser import chromium, require_chromium
from fixtures.commits import created
from fixtures.dashboard import NARROW, WIDE, Dashboard, dashboard_system, flaws, visitor
from fixtures.merchant_receiver import receiving
from fixtures.notify import notifying
from fixtures.scripted_psp import STRIPE, ScriptedPsp, lost_after
from fixtures.worker_harness import open_harness

pytestmark = [pytest.mark.timeout(600), pytest.mark.sampled]

REASON = "the inbox has no body of event"


async def in_trouble(dsn: str) -> None:
    """Two webhooks of a PSP that cannot be read, and a merchant's endpoint that answered 410."""
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with open_harness(pool, ScriptedPsp(lost_after)) as harness:
            for event_id in ("evt_first", "evt_second"):
                await harness.put(process_webhook_job(STRIPE, PspAccount("test"), event_id))
            await harness.idle()
        async with notifying(dsn, pool) as notify, receiving() as receiver:
            await notify.listen(f"{receiver.url}/token-4711", "charge.created")
            receiver.answer(410)
            await notify.happen(created())
            await notify.deliverer.deliver_due()
            await notify.deliverer.sweep()
    finally:
        pool.terminate()


@pytest.fixture
def dashboard() -> Iterator[Dashboard]:
    """A system of each test's own: acts on dead letters and deliveries leave nothing for the next test."""
    require_chromium()
    with dashboard_system() as started:
        asyncio.run(in_trouble(started.system.dsn))
        yield started


@pytest.fixture
def browser(dashboard: Dashboard) -> Iterator[Browser]:
    assert dashboard
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visitor(browser) as context:
        yield context.new_page()


@pytest.mark.long
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_screens_of_operations_are_clean_at_each_width(
    dashboard: Dashboard, browser: Browser, width: int
) -> None:
    with visitor(browser, width=width) as context:
        page = context.new_page()
        for path, head in (
            ("dead_letters", "Dead letters"),
            ("deliveries", "Webhook deliveries"),
            ("endpoints", "Webhook endpoints"),
        ):
            dashboard.open(page, f"/test/{path}", "viewers", head=head)
            expect(page.get_by_role("cell").get_by_role("link").first).to_be_visible()
            assert flaws(page, width) == []
            page.get_by_role("cell").get_by_role("link").first.click()
            expect(page.get_by_role("region", name="Details")).to_be_visible()
            expect(page.get_by_role("button", name="Replay")).to_have_count(0)
            assert flaws(page, width) == []


@pytest.mark.long
def test_charge_leads_to_what_its_merchant_was_sent(dashboard: Dashboard, page: Page) -> None:
    ((stream,),) = dashboard.system.rows(
        "select stream_id from eventstore.events where type = 'charge.created'"
    )
    charge_id = charge_of(StreamId(stream))
    dashboard.open(page, f"/test/charges/{charge_id}", "viewers", head="Charge US$10.00")
    sent = page.get_by_role("region", name="Webhooks to the merchant")
    expect(sent.get_by_role("link")).to_have_count(0)
    sent.get_by_role("heading").click()
    expect(sent).to_contain_text("last answer: 410")
    assert flaws(page) == []
    sent.get_by_role("link", name="charge.created").click()
    expect(page.get_by_role("region", name="Details")).to_be_visible()


def test_need_on_the_home_page_leads_to_a_replay(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test", "supporters", head="Home")
    page.get_by_role("main").get_by_role("link", name="Dead letters").click()
    page.get_by_role("cell").get_by_role("link", name="Read a webhook of a PSP").first.click()
    expect(page.get_by_role("region", name="Details")).to_contain_text(REASON)
    does = page.get_by_role("region", name="What a replay does").locator("p").first.inner_text()
    page.get_by_role("button", name="Replay").click()
    dialog = page.get_by_role("dialog", name="Replay")
    expect(dialog).to_contain_text(does)
    assert flaws(page) == []
    dialog.get_by_label("Reason").fill("the inbox is mended")
    dialog.get_by_role("button", name="Replay").dblclick()
    expect(page.get_by_text("The job is queued again.")).to_be_visible()
    expect(page.get_by_role("heading", level=1, name="Dead letters")).to_be_visible()
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()
    assert dashboard.system.rows("select action, reason from staff.acts") == [
        ("replay", "the inbox is mended")
    ]


@pytest.mark.long
def test_dead_letter_is_discarded_for_a_reason(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/dead_letters", "admins", head="Dead letters")
    page.get_by_role("cell").get_by_role("link").first.click()
    page.get_by_role("button", name="Discard").click()
    dialog = page.get_by_role("dialog", name="Discard")
    dialog.get_by_role("button", name="Discard").click()
    expect(dialog.get_by_role("alert")).to_have_text("Write a reason.")
    dialog.get_by_label("Reason").fill("of another installation")
    dialog.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()


@pytest.mark.long
def test_failing_endpoint_is_enabled_and_failed_is_sent_again(dashboard: Dashboard, page: Page) -> None:
    dashboard.open(page, "/test/endpoints?condition=failing", "admins", head="Webhook endpoints")
    expect(page.get_by_text("Disabled: answered 410")).to_be_visible()
    page.get_by_role("link", name="127.0.0.1").click()
    expect(page.get_by_role("button", name="Replay what failed")).to_have_count(0)
    page.get_by_role("button", name="Enable").click()
    dialog = page.get_by_role("dialog", name="Enable")
    dialog.get_by_label("Reason").fill("the merchant mended it")
    dialog.get_by_role("button", name="Enable").click()
    expect(page.get_by_text("The endpoint is enabled.")).to_be_visible()
    page.get_by_role("button", name="Replay what failed").click()
    dialog = page.get_by_role("dialog", name="Replay what failed")
    dialog.get_by_label("Reason").fill("the merchant asked for it")
    dialog.get_by_role("button", name="Replay what failed").click()
    expect(page.get_by_text("1 delivery is sent again.")).to_be_visible()
    page.get_by_role("link", name="Deliveries to it").click()
    expect(page.get_by_role("cell").get_by_text("Waiting")).to_be_visible()
    page.get_by_role("link", name="charge.created").click()
    expect(page.get_by_role("region", name="Attempts so far")).to_contain_text("410")
    expect(page.get_by_role("region", name="What is sent")).to_contain_text('"type": "charge.created"')
    assert "token-4711" not in page.content()
