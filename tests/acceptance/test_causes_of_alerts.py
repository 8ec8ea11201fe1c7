"""Everything goes wrong at once that has an alert with windows of five minutes or less; each is told, mended, and told to be over."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from harness.ports import Ports

from fincore.alerting.dashboards import DASHBOARDS
from fixtures import settlement_alert_causes
from fixtures.alert_causes import CAUSES
from fixtures.alert_scene import Scene, Told, begin, told_of
from fixtures.monitored import Monitored, monitored
from fixtures.settlement_alert_causes import Settlement
from fixtures.shop import Shop
from fixtures.system import System
from fixtures.webhook_receiver import WebhookReceiver

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

KEY: Final = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
SETTINGS: Final = {
    "FINCORE_LAWS_INTERVAL_SECONDS": "1",
    "FINCORE_WEBHOOKS_ALLOW_LOOPBACK": "true",
    "FINCORE_CARD_EDGE_HMAC_KEY": KEY,
}
TOLD: Final = (*told_of(CAUSES), *told_of(Settlement(Path()).causes()))
MODES: Final = ('mode="live"', 'mode="test"')
EMPTY_PANELS: Final = {
    "consumers: Lag of the relay of events": "no stream of Amazon Kinesis is there",
    "overview: Lag of the relay of jobs": "no queue of Amazon SQS is there",
    "overview: Messages about jobs": "no queue of Amazon SQS is there",
    "overview: Unknown outcomes": "each outcome is known",
    "psps: Outcomes that became unknown": "each outcome is known",
    "psps: Rate of authorization by issuer, of an hour": "Stripe names no issuer of these cards",
    "reconciliation: Breaks that people answered": "the breaks are new",
    "risk: Hits of live rules": "the live rule errs",
    "risk: Shadow beside live": "no rules are in shadow",
}
"""Panels without a series in this system -> why."""
SHOPS: Final = 5
CHARGES_OF_A_SHOP: Final = 90
"""At once. A shop has 100 connections at most."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Every role there is, each a process of its own, and some payments."""
    sources = tmp_path_factory.mktemp("sources")
    ports = Ports()
    system = System(
        settings={
            **SETTINGS,
            **settlement_alert_causes.settings(sources),
            "FINCORE_STAFF_PORT": str(ports.take()),
        },
        serves_customers=True,
    )
    system.settings["FINCORE_CARD_EDGE_PORT"] = system.card_edge_url.rpartition(":")[2]
    try:
        system.start_stores()
        system.start_roles()
        system.start("auditor", "staff")
        with WebhookReceiver() as hook:
            scene = Scene(system, hook, sources)
            begin(scene)
            yield scene
            scene.let_all_go()
    finally:
        system.stop()
        ports.release()


@pytest.fixture(scope="module")
def system(scene: Scene) -> System:
    """The same, under the name that shows its logs when a test fails."""
    return scene.system


@pytest.fixture(scope="module")
def console(scene: Scene) -> Iterator[Monitored]:
    """What is told from then on that all has gone wrong."""
    with monitored(scene.system) as console:
        # A new installation lacks this, so that it tells that metrics are read: counters that grow before then do not count.
        console.until_told("FIRING", "ticket PagesNotVerified")
        for cause in (*CAUSES, *Settlement(scene.folder).causes()):
            cause.make(scene)
        yield console


@pytest.fixture(scope="module")
def mended(scene: Scene, console: Monitored) -> Monitored:
    """The same, and all is mended."""
    for cause in reversed((*CAUSES, *Settlement(scene.folder).causes())):
        cause.mend(scene)
    return console


@pytest.mark.parametrize("told", TOLD, ids=lambda told: told.alert)
def test_cause_fires_its_alert(system: System, console: Monitored, told: Told) -> None:
    console.until_told("FIRING", told.alert, 0, **told.labels)


def test_every_panel_shows_series_or_says_why_not(console: Monitored) -> None:
    """While all goes wrong. Merchants here pay in test mode: what a panel shows of live mode is asked of that."""
    empty = {
        f"{dashboard.name}: {panel.title}"
        for dashboard in DASHBOARDS
        for panel in dashboard.panels
        if not any(console.series(query.expression.replace(*MODES)) for query in panel.queries)
    }
    assert empty ^ set(EMPTY_PANELS) == set()


@pytest.mark.parametrize("told", TOLD, ids=lambda told: told.alert)
def test_alert_is_over_once_its_cause_is_mended(system: System, mended: Monitored, told: Told) -> None:
    fired = mended.until_told("FIRING", told.alert, 0, **told.labels)
    mended.until_told("RESOLVED", told.alert, fired, **told.labels)


def test_auditor_that_does_not_run_pages(system: System, mended: Monitored) -> None:
    system.kill("auditor")
    fired = mended.until_told("FIRING", "page RoleAbsent", 0, role="auditor")
    system.start("auditor")
    mended.until_told("RESOLVED", "page RoleAbsent", fired, role="auditor")


def test_locked_log_pages_until_it_takes_commits(scene: Scene, mended: Monitored) -> None:
    async def asked_while_locked() -> int:
        merchants = [await scene.system.add_merchant() for _ in range(SHOPS)]
        async with contextlib.AsyncExitStack() as stack:
            shops = [await stack.enter_async_context(Shop(scene.system, one.api_key)) for one in merchants]
            scene.hold("log", "lock table eventstore.events in exclusive mode")
            asked = [asyncio.create_task(shop.charge()) for shop in shops for _ in range(CHARGES_OF_A_SHOP)]
            try:
                return await asyncio.to_thread(mended.until_told, "FIRING", "page CommitsQueue")
            finally:
                scene.let_go("log")
                await asyncio.gather(*asked)

    fired = asyncio.run(asked_while_locked())
    mended.until_told("RESOLVED", "page CommitsQueue", fired)
