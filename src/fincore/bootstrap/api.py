"""The API role: serves the merchants' API on uvicorn, with the writer and the watch that it needs."""

import asyncio
import os

from fincore.api.app import RequestBounds
from fincore.bootstrap.application import ApplicationOptions, PspAccounts, build_application
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.processes import running_writer
from fincore.bootstrap.psps import configured_accounts, open_webhooks, router
from fincore.bootstrap.public_url import check_public_url
from fincore.bootstrap.risk_engine import configured_engine
from fincore.bootstrap.routing import running_rules
from fincore.bootstrap.secret_stores import refreshed, secret_resolver
from fincore.bootstrap.secrets_key import secret_cipher
from fincore.bootstrap.serving import serve
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.shared_responses import running_shared_responses
from fincore.domain.clock import AgeClock
from fincore.domain.events import CHARGE_EVENTS
from fincore.domain.log_events import LogEvent
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.eventstore.writer import Writer
from fincore.write.merchants.api_keys import ApiKeys
from fincore.write.payments.shared_responses import SharedResponses
from fincore.write.risk.engine import RiskEngine


async def run(settings: Settings, stores: Stores, clock: AgeClock, stop: asyncio.Event) -> None:
    """Serve the merchants' API until `stop`; then finish the requests under way and what they wrote."""
    queue = stores.jobs
    resolver = secret_resolver(settings, os.environ)
    async with (
        running_writer(stores.eventstore, queue.insertion) as writer,
        running_rules(stores.eventstore) as rules,
        configured_engine(stores, clock, settings) as risk,
        open_webhooks(settings, resolver) as webhooks,
        refreshed(resolver),
        running_shared_responses(settings) as shared,
    ):
        accounts = PspAccounts(router=router(settings, rules), webhooks=webhooks)
        await _serve(settings, stores, writer, clock, stop, accounts=accounts, risk=risk, shared=shared)


async def _serve(
    settings: Settings,
    stores: Stores,
    writer: Writer[LogEvent],
    clock: AgeClock,
    stop: asyncio.Event,
    *,
    accounts: PspAccounts,
    risk: RiskEngine,
    shared: SharedResponses | None,
) -> None:
    check_public_url(configured_accounts(settings), settings)
    log = EventLog(stores.eventstore, CHARGE_EVENTS)
    watch = StreamWatch(log)
    application = build_application(
        stores,
        accounts,
        RequestBounds(
            live_per_second=settings.rate_limit_live_per_second,
            test_per_second=settings.rate_limit_test_per_second,
        ),
        ApplicationOptions(
            api_url=settings.api_url,
            public_url=settings.public_url,
            webhooks_allow_loopback=settings.webhooks_allow_loopback,
            charges_kept_cards=settings.card_edge_url is not None or settings.card_edge_port is not None,
        ),
        writer=writer,
        watch=watch,
        log=log,
        keys=ApiKeys(stores.eventstore),
        cipher=secret_cipher(settings),
        clock=clock,
        risk=risk,
        shared=shared,
    )
    watching = asyncio.create_task(watch.run())
    await serve(application, settings, settings.api_port, stop, name="api", beside=(watching,))
