"""The checkout role: serves what customers' browsers call, with the writer and the watch that it needs."""

import asyncio
import os

from fincore.bootstrap.checkout_application import CheckoutOptions, build_checkout
from fincore.bootstrap.csp_reports import running_csp_reports
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.processes import running_writer
from fincore.bootstrap.psps import browser_accesses, configured_accounts, router
from fincore.bootstrap.public_url import check_public_url
from fincore.bootstrap.routing import running_open_breakers, running_rules
from fincore.bootstrap.secret_stores import secret_resolver
from fincore.bootstrap.serving import serve
from fincore.bootstrap.settings import Settings
from fincore.checkout.app import CheckoutBounds
from fincore.checkout.client_configuration.handlers import BrowserRouting
from fincore.checkout.security_headers import security_headers
from fincore.domain.clock import AgeClock
from fincore.domain.events import CHARGE_EVENTS
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch


async def run(settings: Settings, stores: Stores, clock: AgeClock, stop: asyncio.Event) -> None:
    """Serve customers until `stop`; then finish the requests under way and what they wrote."""
    accounts = configured_accounts(settings)
    check_public_url(accounts, settings)
    accesses = browser_accesses(settings, secret_resolver(settings, os.environ))
    log = EventLog(stores.eventstore, CHARGE_EVENTS)
    watch = StreamWatch(log)
    async with (
        running_writer(stores.eventstore, stores.jobs.insertion) as writer,
        running_rules(stores.eventstore) as rules,
        running_open_breakers(stores.eventstore) as breakers,
        running_csp_reports(stores.eventstore) as csp_reports,
    ):
        application = build_checkout(
            stores,
            CheckoutBounds(
                live_per_second=settings.rate_limit_live_per_second,
                test_per_second=settings.rate_limit_test_per_second,
            ),
            CheckoutOptions(public_url=settings.public_url, trusted_proxies=settings.trusted_proxies),
            routing=BrowserRouting(
                router=router(settings, rules), accounts=accounts, accesses=accesses, is_open=breakers.is_open
            ),
            csp_reports=csp_reports,
            writer=writer,
            watch=watch,
            log=log,
            clock=clock,
        )
        watching = asyncio.create_task(watch.run())
        await serve(
            application,
            settings,
            settings.checkout_port,
            stop,
            name="checkout",
            beside=(watching,),
            refusal_headers=security_headers(settings.public_url),
        )
