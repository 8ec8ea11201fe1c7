"""The card-edge role: serves merchants' back ends that send card numbers, in a process that leaves no core."""

import asyncio
import os

from fincore.bootstrap.card_edge_application import CardHandling, build_card_edge
from fincore.bootstrap.card_edge_settings import card_edge_tls, certificate_ends_at, number_hmac
from fincore.bootstrap.card_token_settings import require_token_secret
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.processes import running_writer
from fincore.bootstrap.psps import card_tokenisers, router
from fincore.bootstrap.risk_engine import running_engine
from fincore.bootstrap.routing import running_rules
from fincore.bootstrap.secret_stores import refreshed, secret_resolver
from fincore.bootstrap.serving import serve
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.undumpable import become_undumpable
from fincore.bootstrap.vault_settings import require_key_service, require_vault_keys, vault_keeping
from fincore.cardedge.app import CardEdgeBounds
from fincore.domain.clock import AgeClock
from fincore.domain.errors import ConfigurationError
from fincore.domain.events import CHARGE_EVENTS
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.observability.metrics import CERTIFICATE_ENDS_AT


async def run(settings: Settings, stores: Stores, clock: AgeClock, stop: asyncio.Event) -> None:
    """Serve card numbers until `stop`; then finish the requests under way and what they wrote."""
    become_undumpable()
    if settings.card_edge_port is None:
        raise ConfigurationError("FINCORE_CARD_EDGE_PORT is missing: set the port of the card edge")
    tls, hmac, keeping = card_edge_tls(settings), number_hmac(settings), vault_keeping(settings)
    if tls is not None:
        CERTIFICATE_ENDS_AT.labels("card_edge").set(certificate_ends_at(tls).timestamp())
    require_token_secret(settings)
    await require_vault_keys(stores.eventstore, keeping)
    await require_key_service(keeping)
    log = EventLog(stores.eventstore, CHARGE_EVENTS)
    watch = StreamWatch(log)
    resolver = secret_resolver(settings, os.environ)
    tokenisers = card_tokenisers(settings, resolver, clock)
    try:
        async with (
            running_writer(stores.eventstore, stores.jobs.insertion) as writer,
            running_rules(stores.eventstore) as rules,
            running_engine(stores, clock, settings) as risk,
            refreshed(resolver),
        ):
            application = build_card_edge(
                stores,
                CardHandling(
                    router=router(settings, rules),
                    tokenisers=tokenisers,
                    risk=risk,
                    number_hmac=hmac,
                    keeping=keeping,
                    token_secret=settings.card_edge_token_secret,
                ),
                CardEdgeBounds(
                    live_per_second=settings.rate_limit_live_per_second,
                    test_per_second=settings.rate_limit_test_per_second,
                ),
                writer=writer,
                watch=watch,
                log=log,
                clock=clock,
            )
            watching = asyncio.create_task(watch.run())
            await serve(
                application,
                settings,
                settings.card_edge_port,
                stop,
                name="card-edge",
                beside=(watching,),
                host=settings.card_edge_host,
                tls=tls,
            )
    finally:
        for tokeniser in tokenisers.values():
            await tokeniser.close()
