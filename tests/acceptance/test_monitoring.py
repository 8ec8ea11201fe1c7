"""Alerts with windows of five minutes or less, told by the real Prometheus and Alertmanager when their cause is made, and over once it is mended."""

import asyncio
import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import psycopg
import pytest
from harness.program import start_python

from chaos.clocks import MISSING, wrong_clock
from fixtures.monitored import Monitored, monitored
from fixtures.shop import Shop
from fixtures.system import System
from fixtures.webhook_receiver import WebhookReceiver

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

SETTINGS: Final = {
    "FINCORE_LAWS_INTERVAL_SECONDS": "1",
    "FINCORE_WORKER_CONCURRENCY": "40",
    "FINCORE_PSP_TIMEOUT_SECONDS": "30",
}
CHARGES: Final = 1_500


class Planted(NamedTuple):
    """What the auditor or a consumer finds in the stores, and how it is put there and taken away again."""

    alert: str
    labels: Mapping[str, str]
    plant: Sequence[str]
    mend: Sequence[str]


PLANTED: Final = (
    Planted(
        "page InvariantBroken",
        {"law": "view_equals_fold"},
        ["update paymentdb.charges set captured_minor = captured_minor + 1"],
        ["update paymentdb.charges set captured_minor = captured_minor - 1"],
    ),
    Planted(
        "page UnknownOutcomeOld",
        {},
        [
            (
                'update paymentdb.charges set livemode = true, operation = \'{"kind": "capture"}\', '
                "unknown_since = now() - interval '2 hours'"
            )
        ],
        ["update paymentdb.charges set livemode = false, operation = null, unknown_since = null"],
    ),
    Planted(
        "page InvariantUnchecked",
        {},
        ["alter table paymentdb.disputes rename to disputes_away"],
        ["alter table paymentdb.disputes_away rename to disputes"],
    ),
    Planted(
        "page ChargeParked",
        {"consumer": "ledger"},
        [
            (
                "insert into ledgerdb.parked_streams (consumer, stream_id, since_version, reason) "
                "values ('ledger', gen_random_uuid(), 1, 'an event of another version')"
            )
        ],
        ["delete from ledgerdb.parked_streams"],
    ),
    Planted(
        "ticket OpsNoticeDead",
        {"channel": "webhook"},
        [
            "insert into reconciliation.notices (about, notice) values ('a test', '{}')",
            (
                "insert into reconciliation.notice_deliveries (notice_no, channel, status, failure, finished_at) "
                "select notice_no, 'webhook', 'dead', 'refused', now() from reconciliation.notices"
            ),
        ],
        ["delete from reconciliation.notices"],
    ),
)
AT_ONCE: Final = 50


@pytest.fixture(scope="module")
def hook() -> Iterator[WebhookReceiver]:
    """A webhook that is told of alerts, too."""
    with WebhookReceiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """Every role that alerts expect, each a process of its own."""
    system = System(settings=SETTINGS, serves_customers=True)
    try:
        system.start_stores()
        system.start_roles()
        system.start("auditor")
        yield system
    finally:
        system.stop()


@pytest.fixture(scope="module")
def console(system: System, hook: WebhookReceiver) -> Iterator[Monitored]:
    """What the console is told, with monitoring that has found every role."""
    with monitored(system, f"--webhook={hook.url}") as console:
        yield console


def _is_read(console: Monitored) -> bool:
    with contextlib.suppress(OSError):  # Prometheus may not listen yet.
        return bool(console.series('fincore_store_usable{role="ledger"}'))
    return False


def test_killed_role_pages_until_it_runs_again(
    system: System, console: Monitored, hook: WebhookReceiver
) -> None:
    system.until("the ledger's metrics are read", lambda: _is_read(console), timeout_seconds=60)
    system.kill("ledger")
    fired = console.until_told("FIRING", "page RoleAbsent", consumer="ledger")
    told = json.loads(hook.take(1, timeout_seconds=60)[0].body)
    assert told["alerts"][0]["labels"]["alertname"] == "RoleAbsent"
    assert told["alerts"][0]["annotations"]["runbook"] == "docs/runbooks/RoleAbsent.md"
    unread = console.until_told("FIRING", "ticket ProcessUnread", role="ledger")
    system.start("ledger")
    console.until_told("RESOLVED", "page RoleAbsent", consumer="ledger", after=fired)
    console.until_told("RESOLVED", "ticket ProcessUnread", role="ledger", after=unread)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: one.alert)
def test_planted_finding_is_told_until_it_is_mended(
    system: System, console: Monitored, planted: Planted
) -> None:
    async def paid() -> None:
        merchant = await system.add_merchant()
        async with Shop(system, merchant.api_key) as shop:
            await shop.paid()

    asyncio.run(paid())
    system.until_idle()
    system.execute(*planted.plant)
    fired = console.until_told("FIRING", planted.alert, 0, **planted.labels)
    system.execute(*planted.mend)
    console.until_told("RESOLVED", planted.alert, fired, **planted.labels)


def test_locked_view_is_a_ticket_until_it_is_free(system: System, console: Monitored) -> None:
    """The projectionist cannot write, and falls behind the log."""

    async def charged() -> None:
        merchant = await system.add_merchant()
        async with Shop(system, merchant.api_key) as shop:
            await shop.charge()

    with psycopg.connect(system.dsn) as connection:
        connection.execute("lock table paymentdb.charges in share mode")
        asyncio.run(charged())
        fired = console.until_told("FIRING", "ticket ConsumerLags", consumer="projectionist")
    console.until_told("RESOLVED", "ticket ConsumerLags", after=fired, consumer="projectionist")


def test_locked_queue_makes_figures_stale_until_it_is_free(system: System, console: Monitored) -> None:
    with psycopg.connect(system.dsn) as connection:
        connection.execute("lock table queue.pgqueuer in access exclusive mode")
        fired = console.until_told("FIRING", "page FiguresStale", what="queue")
    console.until_told("RESOLVED", "page FiguresStale", after=fired, what="queue")


def test_dead_letter_pages_until_it_is_discarded(system: System, console: Monitored) -> None:
    system.execute(
        """insert into queue.pgqueuer (priority, entrypoint, payload, execute_after, status) values
        (0, 'webhook.interpret', '{"psp": "stripe", "psp_account": "test", "psp_event_id": "evt_never"}', now(), 'queued')"""
    )
    fired = console.until_told("FIRING", "page JobsHeld", status="held")
    system.execute("delete from queue.pgqueuer where status = 'failed'")
    console.until_told("RESOLVED", "page JobsHeld", status="held", after=fired)


def test_full_queue_is_a_ticket_until_it_drains(system: System, console: Monitored) -> None:
    """The PSP takes 20 s for each call meanwhile, so that jobs wait."""

    async def charge_often() -> None:
        merchant = await system.add_merchant()
        places = asyncio.Semaphore(AT_ONCE)
        async with Shop(system, merchant.api_key) as shop:

            async def one() -> None:
                async with places:
                    await shop.charge()

            await asyncio.gather(*(one() for _ in range(CHARGES)))

    system.sandbox.add_fault("slow", seconds=20, count=100_000, match={"path": "/v1/payment_intents"})
    asyncio.run(charge_often())
    fired = console.until_told("FIRING", "ticket JobsQueue", status="queued")
    # As if they had waited for ten minutes.
    system.execute(
        "update queue.pgqueuer set execute_after = now() - interval '10 minutes' where status = 'queued'"
    )
    late = console.until_told("FIRING", "page JobsLate", kind="charge.authorize")
    system.sandbox.clear_faults()
    console.until_told("RESOLVED", "page JobsLate", after=late, kind="charge.authorize")
    console.until_told("RESOLVED", "ticket JobsQueue", status="queued", after=fired)
    system.until_idle(timeout_seconds=300)


def test_lost_psp_is_a_ticket_until_it_answers(system: System, console: Monitored) -> None:
    async def charge_until(status: str, after: int) -> int:
        merchant = await system.add_merchant()
        async with Shop(system, merchant.api_key) as shop, asyncio.timeout(240):
            while True:
                await asyncio.gather(*(shop.charge() for _ in range(10)))
                number = console.told(status, "ticket AccountOutOfReach", after=after, psp="stripe")
                if number:
                    return number
                await asyncio.sleep(0.5)

    system.sandbox.add_fault("unavailable_503", count=100_000)
    fired = asyncio.run(charge_until("FIRING", 0))
    system.sandbox.clear_faults()
    asyncio.run(charge_until("RESOLVED", fired))


@pytest.mark.skipif(MISSING is not None, reason=str(MISSING))
def test_skewed_clock_pages_until_it_is_right(system: System, console: Monitored) -> None:
    system.kill("notify")
    # Not forked: the library is loaded when a program starts.
    system.launch("notify", wrong_clock("+72h"), start=start_python)
    fired = console.until_told("FIRING", "page ClockNotTrusted", role="notify", store="eventstore")
    system.kill("notify")
    system.start("notify")
    console.until_told("RESOLVED", "page ClockNotTrusted", role="notify", store="eventstore", after=fired)


def test_store_that_is_away_pages_until_it_answers(system: System, console: Monitored) -> None:
    merchant = asyncio.run(system.add_merchant())

    async def ask_until(status: str, after: int) -> int:
        """The line that tells of failing requests, made by asking; once the store answers, by asking often enough."""
        async with Shop(system, merchant.api_key) as shop, asyncio.timeout(240):
            while not (number := console.told(status, "page RequestsFail", after=after)):
                await asyncio.gather(*(shop.request("GET", "/v1/charges?limit=1") for _ in range(20)))
            return number

    system.kill_postgres()
    fired = console.until_told("FIRING", "page StoreUnusable", access="writes", store="eventstore")
    failing = asyncio.run(ask_until("FIRING", 0))
    system.start_postgres()
    console.until_told("RESOLVED", "page StoreUnusable", after=fired, access="writes", store="eventstore")
    asyncio.run(ask_until("RESOLVED", failing))
