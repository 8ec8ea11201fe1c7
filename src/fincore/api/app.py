"""The application: every route of every resource."""

from collections.abc import Mapping
from itertools import groupby

from fincore.api.balance.handlers import Balance
from fincore.api.charges.action_handlers import ChargeActions
from fincore.api.charges.handlers import Charges
from fincore.api.disputes.handlers import Disputes
from fincore.api.docs.handlers import Docs
from fincore.api.events.handlers import Events
from fincore.api.health.handlers import Health, Probe
from fincore.api.http.endpoint import (
    BODY_SECONDS_MAX,
    Endpoint,
    GateName,
    Route,
)
from fincore.api.http.gate import (
    REQUESTS_IN_FLIGHT_MAX,
    REQUESTS_WAITING_MAX,
    WEBHOOKS_IN_FLIGHT_MAX,
    Gate,
)
from fincore.api.http.rate_limit import RateLimiter
from fincore.api.http.router import Router
from fincore.api.psp_webhooks.handlers import Webhooks
from fincore.api.refunds.handlers import Refunds
from fincore.api.webhook_endpoints.delivery_handlers import WebhookDeliveries
from fincore.api.webhook_endpoints.handlers import WebhookEndpoints, WebhookServices
from fincore.domain.events import ChargeEvent
from fincore.eventstore.event_references import EventReferences
from fincore.eventstore.log import EventLog
from fincore.read.ledgerdb.balance_queries import BalanceQueries
from fincore.read.paymentdb.dispute_queries import DisputeQueries
from fincore.read.paymentdb.event_queries import EventQueries
from fincore.read.paymentdb.queries import ChargeQueries
from fincore.read.paymentdb.refund_queries import RefundQueries
from fincore.write.merchants.api_keys import ApiKeys
from fincore.write.payments.charge_wait import ChargeWait
from fincore.write.payments.operation_service import OperationService
from fincore.write.payments.payment_service import PaymentService
from fincore.write.psp.inbox import WebhookInbox


def create_app(
    *,
    payments: PaymentService,
    operations: OperationService,
    waits: ChargeWait,
    keys: ApiKeys,
    queries: ChargeQueries,
    events: EventQueries,
    refunds: RefundQueries,
    disputes: DisputeQueries,
    balances: BalanceQueries,
    subjects: EventReferences,
    log: EventLog[ChargeEvent],
    inbox: WebhookInbox,
    webhook_services: WebhookServices,
    probes: Mapping[str, Probe],
    limiter: RateLimiter,
    public_url: str | None = None,
    requests_in_flight_max: int = REQUESTS_IN_FLIGHT_MAX,
    requests_waiting_max: int = REQUESTS_WAITING_MAX,
    webhooks_in_flight_max: int = WEBHOOKS_IN_FLIGHT_MAX,
    body_seconds_max: float = BODY_SECONDS_MAX,
) -> Router:
    """The merchants' API as an ASGI application. `probes` are what /readyz asks, by name.

    `public_url` is where clients reach it; None if it is not set.
    """
    routes = (
        *Charges(payments=payments, waits=waits, keys=keys, queries=queries, events=events, log=log).routes(),
        *ChargeActions(operations=operations, keys=keys).routes(),
        *Refunds(operations=operations, waits=waits, keys=keys, queries=refunds, log=log).routes(),
        *Disputes(keys=keys, queries=disputes).routes(),
        *Balance(keys=keys, queries=balances, subjects=subjects, log=log).routes(),
        *Events(keys=keys, queries=events, log=log).routes(),
        *WebhookEndpoints(webhook_services, keys).routes(),
        *WebhookDeliveries(webhook_services, keys).routes(),
        *Webhooks(inbox).routes(),
        *Health(probes).routes(),
    )
    requests = Gate(in_flight_max=requests_in_flight_max, waiting_max=requests_waiting_max)
    requests.measure()
    gates: dict[GateName, Gate] = {
        "requests": requests,
        "webhooks": Gate(in_flight_max=webhooks_in_flight_max, waiting_max=0),
    }
    endpoints = {
        path: Endpoint(list(methods), gates=gates, limiter=limiter, body_seconds_max=body_seconds_max)
        for path, methods in groupby(
            sorted((*routes, *Docs(routes, public_url=public_url).routes()), key=_path), key=_path
        )
    }
    return Router(endpoints)


def _path(route: Route) -> str:
    return route.path
