"""The staff role: serves the browsers of staff, with the writer and the watch that it needs."""

import asyncio

from fincore.backoffice.proposal_finisher import finish_proposals
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.processes import running_writer
from fincore.bootstrap.psps import configured_accounts
from fincore.bootstrap.serving import serve
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.staff_act_services import ActLimits, act_services
from fincore.bootstrap.staff_application import StaffOptions, build_staff
from fincore.bootstrap.staff_issuer import check_staff, people_of_issuer, staff_address
from fincore.bootstrap.staff_settings import OFF
from fincore.domain.clock import AgeClock
from fincore.domain.errors import ConfigurationError
from fincore.domain.events import CHARGE_EVENTS
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.staff.security_headers import security_headers


async def run(settings: Settings, stores: Stores, clock: AgeClock, stop: asyncio.Event) -> None:
    """Serve staff until `stop`; then finish the requests under way and what they wrote."""
    if settings.staff_port is None:
        raise ConfigurationError(f"FINCORE_STAFF_PORT is {OFF}: set the port of the role `staff`")
    check_staff(settings)
    if settings.staff_issuer is None:
        raise ConfigurationError(
            "FINCORE_STAFF_ISSUER is missing: set the issuer of the access tokens of staff"
        )
    log = EventLog(stores.eventstore, CHARGE_EVENTS)
    watch = StreamWatch(log)
    url = staff_address(settings)
    async with (
        running_writer(stores.eventstore, stores.jobs.insertion) as writer,
        people_of_issuer(settings, settings.staff_issuer, clock) as people,
    ):
        accounts = configured_accounts(settings)
        limits = ActLimits(settings.refund_limits_minor, settings.adjustment_limits_minor)
        application = build_staff(
            stores,
            people,
            StaffOptions(staff_url=url, limits=limits, accounts=accounts),
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
