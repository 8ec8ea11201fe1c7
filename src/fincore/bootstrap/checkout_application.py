"""The customers' server as one application: stores and bounds in. The checkout role and the tests compose it here."""

from collections.abc import Mapping, Sequence

import msgspec

from fincore.bootstrap.databases import Stores
from fincore.bootstrap.outages import store_outage
from fincore.checkout.address_limit import AddressLimit
from fincore.checkout.app import CheckoutBounds, create_checkout_app
from fincore.checkout.approvals.handlers import Approvals
from fincore.checkout.client_configuration.handlers import BrowserRouting, ClientConfiguration
from fincore.checkout.cross_origin import CrossOrigin
from fincore.checkout.csp_reports.handlers import CspReportHandlers, report_budget
from fincore.checkout.js.handlers import Scripts
from fincore.checkout.page.handlers import PageFiles
from fincore.checkout.paypal_frame.handlers import PayPalFrame
from fincore.checkout.return_page.charge_pages import WAIT_SECONDS_MAX as RETURN_WAIT_SECONDS
from fincore.checkout.return_page.charge_pages import ChargePages
from fincore.checkout.return_page.handlers import ReturnPage
from fincore.checkout.security_headers import security_headers
from fincore.checkout.session_page.handlers import SessionPage
from fincore.domain.checkout_session_events import CHECKOUT_SESSION_EVENTS
from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent
from fincore.domain.log_events import LogEvent
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.eventstore.writer import Writer
from fincore.http.asgi import Application
from fincore.http.client_address import Network
from fincore.http.health.handlers import Health, Probe
from fincore.http.resource import Resource
from fincore.postgres.pool import store_state
from fincore.write.charges import CHARGES
from fincore.write.checkout.customer_checkout import CheckoutSessions
from fincore.write.checkout.sessions import session_recorder
from fincore.write.merchants.api_keys import ApiKeys
from fincore.write.merchants.origins import RegisteredOrigins
from fincore.write.pages.csp_reports import CspReports
from fincore.write.pages.violation import Pages
from fincore.write.payments.charge_wait import ChargeWait
from fincore.write.payments.inquiries import Inquiries
from fincore.write.payments.outcome_wait import OutcomeWait


class CheckoutOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What an installation may decide about its customers' server.

    `public_url` is where customers reach it. `trusted_proxies` state the address of their client. `return_wait_seconds` is how long a customer waits for
    the outcome, or for the page of the PSP.
    """

    public_url: str | None = None
    trusted_proxies: Sequence[Network] = ()
    return_wait_seconds: float = RETURN_WAIT_SECONDS


def build_checkout(
    stores: Stores,
    bounds: CheckoutBounds,
    options: CheckoutOptions,
    *,
    routing: BrowserRouting,
    csp_reports: CspReports,
    writer: Writer[LogEvent],
    watch: StreamWatch,
    log: EventLog[ChargeEvent],
    clock: Clock,
    probes: Mapping[str, Probe] | None = None,
) -> Application:
    """The server. `writer`, `watch` and `csp_reports` must be running while it serves; `probes`, by name, are those of the stores if None."""
    inquiries = Inquiries(writer)
    waits = ChargeWait(OutcomeWait(CHARGES, log, watch), inquiries)
    sessions = CheckoutSessions(
        sessions=session_recorder(EventLog(stores.eventstore, CHECKOUT_SESSION_EVENTS), writer),
        log=log,
        watch=watch,
        inquiries=inquiries,
        router=routing.router,
        clock=clock,
    )
    limit = AddressLimit(options.trusted_proxies)
    keys = ApiKeys(stores.eventstore)
    cross_origin = CrossOrigin(RegisteredOrigins(stores.eventstore))
    pages = ChargePages(log=log, waits=waits, limit=limit, wait_seconds_max=options.return_wait_seconds)
    resources: tuple[Resource, ...] = (
        ClientConfiguration(keys=keys, cross_origin=cross_origin, limit=limit, routing=routing),
        PayPalFrame(keys=keys, cross_origin=cross_origin, limit=limit, routing=routing),
        Approvals(pages),
        ReturnPage(pages),
        PageFiles(),
        SessionPage(sessions=sessions, limit=limit, wait_seconds_max=options.return_wait_seconds),
        # Apart from the other requests of an address: a page asks for it at each visit, whether the customer pays or not.
        Scripts(limit=AddressLimit(options.trusted_proxies)),
        Health({"eventstore": lambda: store_state(stores.eventstore)} if probes is None else probes),
    )
    reports = CspReportHandlers(
        reports=csp_reports,
        pages=Pages(
            [route.path for resource in resources for route in resource.routes()],
            public_url=options.public_url,
        ),
        limit=AddressLimit(options.trusted_proxies, budget=report_budget()),
    )
    return create_checkout_app(
        (*resources, reports),
        bounds=bounds,
        headers=security_headers(options.public_url),
        outage_of=store_outage,
    )
