"""An hour on call in the dashboard: from the home page to each thing that needs a person, until nothing does.

Each trouble is real: an answer of the PSP that was lost while it could not be asked, a merchant's server that answered 410, and a webhook
of which the stored body was gone when a worker came to read it.
"""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from fixtures.browser import chromium
from fixtures.dashboard import Dashboard, Shop, dashboard_system, visitor
from fixtures.system import ROLES, System
from fixtures.webhook_receiver import WebhookReceiver

pytestmark = [pytest.mark.timeout(600), pytest.mark.long]

SETTINGS: Final = {"FINCORE_PSP_TIMEOUT_SECONDS": "1", "FINCORE_WEBHOOKS_ALLOW_LOOPBACK": "true"}
GONE: Final = 410
ROLES_ON_CALL: Final = ("supporters", "admins")


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    with chromium():
        """Skip before anything is started."""
    with dashboard_system(ROLES, SETTINGS) as started:
        yield started


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as receiver:
        yield receiver


def lose_an_answer(system: System, shop: Shop) -> str:
    """A charge that the PSP took. The answer was lost, no webhook of it comes, and the PSP answers no question."""
    system.sandbox.add_fault("webhook_drop", count=100)
    system.sandbox.add_fault("timeout_after_apply", seconds=5, match={"payment_method": "pm_card_jcb"})
    system.sandbox.add_fault("unavailable_503", count=100_000)
    charge_id = shop.charge(payment_method="pm_card_jcb")
    system.until(
        "its outcome is unknown",
        lambda: shop.ask("GET", f"/v1/charges/{charge_id}")["outcome_unknown_since"] is not None,
    )
    return charge_id


def anger_an_endpoint(system: System, shop: Shop, receiver: WebhookReceiver) -> None:
    """An endpoint that answers 410 to the first event, so that it is disabled."""
    shop.ask("POST", "/v1/webhook_endpoints", {"url": receiver.url, "event_types": ["charge.captured"]})
    receiver.statuses.append(GONE)
    shop.charge()
    receiver.take(1)
    system.until(
        "the endpoint is disabled",
        lambda: bool(system.rows("select from notify.endpoints where status = 'disabled'")),
    )


def lose_a_body(system: System) -> bytes:
    """The body of a webhook that was stored, which is gone; a job that is to read it is held."""
    ((event_id, body),) = system.rows(
        "select psp_event_id, body from eventstore.inbox where type = 'payment_intent.succeeded' limit 1"
    )
    system.execute(
        f"update eventstore.inbox set body = null, body_sha256 = sha256(body) where psp_event_id = '{event_id}'",  # noqa: S608 -- the sandbox's
        "insert into queue.pgqueuer (priority, entrypoint, payload, execute_after, status) values (0, 'webhook.interpret', "  # noqa: S608 -- the sandbox's
        f"""'{{"psp": "stripe", "psp_account": "test", "psp_event_id": "{event_id}"}}', now(), 'queued')""",
    )
    system.until(
        "the job is held", lambda: bool(system.rows("select from queue.pgqueuer where status = 'failed'"))
    )
    return bytes(body)


def from_home(dashboard: Dashboard, page: Page, need: str) -> None:
    """Go from the home page to a list of what needs a person."""
    dashboard.open(page, "/test", *ROLES_ON_CALL, head="Home")
    page.get_by_role("main").get_by_role("link", name=need).click()
    expect(page.get_by_role("heading", level=1, name=need)).to_be_visible()


def act(page: Page, button: str, reason: str) -> None:
    """Do one act by its dialog."""
    page.get_by_role("button", name=button, exact=True).click()
    dialog = page.get_by_role("dialog", name=button)
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name=button).click()
    expect(dialog).to_have_count(0)


def test_person_on_call_ends_all_that_needs_one(dashboard: Dashboard, receiver: WebhookReceiver) -> None:
    system = dashboard.system
    shop = Shop(system)
    anger_an_endpoint(system, shop, receiver)
    system.until_idle()
    body = lose_a_body(system)
    charge_id = lose_an_answer(system, shop)

    with chromium() as browser, visitor(browser) as context:
        page = context.new_page()
        from_home(dashboard, page, "Dead letters")
        page.get_by_role("cell").get_by_role("link").click()
        expect(page.get_by_role("region", name="Details")).to_contain_text("the inbox has no body")
        with_body(system, body)
        act(page, "Replay", "the body is back from the backup")
        expect(page.get_by_text("The job is queued again.")).to_be_visible()

        from_home(dashboard, page, "Webhook endpoints")
        page.get_by_role("link", name="127.0.0.1").click()
        act(page, "Enable", "the merchant mended the server")
        act(page, "Replay what failed", "the merchant asked for it")
        expect(page.get_by_text("1 delivery is sent again.")).to_be_visible()
        assert receiver.take(1)[0].status == 200

        from_home(dashboard, page, "Unknown outcomes")
        page.get_by_role("cell").get_by_role("link").first.click()
        expect(page.get_by_role("region", name="What FinCore waits for")).to_be_visible()
        system.sandbox.clear_faults()
        act(page, "Ask the PSP now", "the PSP is back")
        system.until("the charge has its outcome", lambda: told(shop, charge_id)["status"] == "succeeded")
        system.until_idle()

        dashboard.open(page, f"/test/charges/{charge_id}", *ROLES_ON_CALL, head="Charge €19.99")
        expect(page.get_by_role("region", name="Money")).to_contain_text("€19.99")
        dashboard.open(page, "/test", *ROLES_ON_CALL, head="Home")
        expect(page.get_by_text("Nothing needs a person now.")).to_be_visible()

    acts = system.rows("select action, outcome from staff.acts where action <> 'log_in' order by begun_at")
    assert [outcome for _, outcome in acts] == ["done"] * 4
    assert told(shop, charge_id)["amount_captured_minor"] == 1999


def told(shop: Shop, charge_id: str) -> dict[str, Any]:
    """The charge as its merchant sees it."""
    return shop.ask("GET", f"/v1/charges/{charge_id}")


def with_body(system: System, body: bytes) -> None:
    """Restore the body that was lost."""
    system.execute(
        f"update eventstore.inbox set body = '\\x{body.hex()}'::bytea where body is null and type = 'payment_intent.succeeded'"  # noqa: S608 -- of a test
    )
