"""The staff role: serves the browsers of staff, with the writer and the watch that it needs."""

import asyncio
import os
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import structlog

from fincore.backoffice.proposal_finisher import finish_proposals
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.processes import running_writer
from fincore.bootstrap.psps import configured_accounts
from fincore.bootstrap.secrets_key import secrets_key
from fincore.bootstrap.serving import serve
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.shown_settings import shown_settings
from fincore.bootstrap.staff_act_services import ActLimits, act_services
from fincore.bootstrap.staff_application import StaffOptions, build_staff
from fincore.bootstrap.staff_issuer import (
    check_staff,
    dashboard_configuration,
    people_of_issuer,
    staff_address,
)
from fincore.bootstrap.staff_issuer_application import BuiltInIssuer, built_in_issuer
from fincore.bootstrap.staff_settings import OFF
from fincore.domain.clock import AgeClock
from fincore.domain.errors import ConfigurationError
from fincore.domain.events import CHARGE_EVENTS
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.http.resource import Resource
from fincore.postgres.failures import is_outage
from fincore.staff.access.admission import People
from fincore.staff.issuer.client import IssuerClient
from fincore.staff.security_headers import security_headers

PURGE_SECONDS: Final = 3_600.0
"""Pause between two purges of logins that have ended."""

_log = structlog.get_logger(__name__)


async def run(settings: Settings, stores: Stores, clock: AgeClock, stop: asyncio.Event) -> None:
    """Serve staff until `stop`; then finish the requests under way and what they wrote."""
    if settings.staff_port is None:
        raise ConfigurationError(f"FINCORE_STAFF_PORT is {OFF}: set the port of the role `staff`")
    check_staff(settings)
    log = EventLog(stores.eventstore, CHARGE_EVENTS)
    watch = StreamWatch(log)
    url = staff_address(settings)
    async with (
        running_writer(stores.eventstore, stores.jobs.insertion) as writer,
        _login(settings, stores, clock) as login,
    ):
        accounts = configured_accounts(settings)
        limits = ActLimits(settings.refund_limits_minor, settings.adjustment_limits_minor)
        application = build_staff(
            stores,
            login.people,
            StaffOptions(
                staff_url=url,
                limits=limits,
                accounts=accounts,
                settings=shown_settings(os.environ),
                dashboard=dashboard_configuration(settings),
                issuer_origins=login.origins,
                issuer=login.resources,
            ),
            writer=writer,
            watch=watch,
            log=log,
            clock=clock,
        )
        watching = asyncio.create_task(watch.run())
        behind = act_services(
            stores, limits, writer=writer, watch=watch, log=log, clock=clock, accounts=accounts
        )
        finishing = asyncio.create_task(finish_proposals(behind.decisions, stop))
        await serve(
            application,
            settings,
            settings.staff_port,
            stop,
            name="staff",
            beside=(watching, finishing),
            refusal_headers=security_headers(url),
            host=settings.staff_host,
        )


class _Login(NamedTuple):
    """Who bears a token, the paths of the built-in issuer, and the origins of another one."""

    people: People
    resources: tuple[Resource, ...] = ()
    origins: tuple[str, ...] = ()


@asynccontextmanager
async def _login(settings: Settings, stores: Stores, clock: AgeClock) -> AsyncIterator[_Login]:
    if settings.staff_issuer is not None:
        async with people_of_issuer(settings, settings.staff_issuer, clock) as (people, origins):
            yield _Login(people, origins=origins)
        return
    issuer = built_in_issuer(
        stores.eventstore,
        IssuerClient(staff_url=staff_address(settings)),
        b64decode(secrets_key(settings).reveal()),
        clock,
        trusted=settings.trusted_proxies,
    )
    purging = asyncio.create_task(_purge(issuer))
    try:
        yield _Login(issuer.people, issuer.resources)
    finally:
        purging.cancel()


async def _purge(issuer: BuiltInIssuer) -> None:
    """Delete logins that have ended long ago, every hour until canceled."""
    while True:
        try:
            await issuer.sessions.purge()
            await issuer.attempts.purge()
        except Exception as error:  # noqa: BLE001 -- what is not deleted now is deleted later
            if not is_outage(error):
                _log.error("staff.logins_not_purged", error=repr(error))
        await asyncio.sleep(PURGE_SECONDS)
