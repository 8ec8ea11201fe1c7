"""The merchants' API as one application: stores, PSP accounts and bounds in. The API role and the tests compose it here."""

from collections.abc import Mapping

import msgspec

from fincore.api.app import RequestBounds, create_app
from fincore.api.balance.handlers import Balance
from fincore.api.charges.action_handlers import ChargeActions
from fincore.api.charges.handlers import Charges
from fincore.api.checkout_sessions.body import render_created_session, render_ended_session
from fincore.api.checkout_sessions.handlers import CheckoutSessionHandlers
from fincore.api.disputes.handlers import Disputes
from fincore.api.events.handlers import Events
from fincore.api.psp_webhooks.handlers import PspWebhookHandlers
from fincore.api.refunds.handlers import Refunds
from fincore.api.webhook_endpoints.delivery_handlers import WebhookDeliveries
from fincore.api.webhook_endpoints.handlers import WebhookEndpoints, WebhookServices
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.outages import store_outage
from fincore.bootstrap.payment_services import payment_services
from fincore.domain.checkout_session_events import CHECKOUT_SESSION_EVENTS
from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent
from fincore.domain.log_events import LogEvent
from fincore.domain.outcome import PspName
from fincore.eventstore.idempotent_changes import IdempotentChanges
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.eventstore.writer import Writer
from fincore.http.asgi import Application
from fincore.http.health.handlers import Health, Probe
from fincore.notify.delivery_log import DeliveryLog
from fincore.notify.endpoints import Endpoints
from fincore.notify.secret_cipher import SecretCipher
from fincore.postgres.pool import store_state
from fincore.read.current import Current
from fincore.read.event_references import EventReferences
from fincore.read.ledgerdb.balance_queries import BalanceQueries
from fincore.read.paymentdb.dispute_queries import DisputeQueries
from fincore.read.paymentdb.event_queries import EventQueries
from fincore.read.paymentdb.queries import ChargeQueries
from fincore.read.paymentdb.refund_queries import RefundQueries
from fincore.read.paymentdb.session_queries import SessionQueries
from fincore.write.checkout.session_service import SessionService
from fincore.write.checkout.sessions import CHECKOUT_SESSIONS, session_recorder
from fincore.write.merchants.api_keys import ApiKeys
from fincore.write.merchants.raw_card_decisions import EnabledRawCards
from fincore.write.payments.charge_wait import ChargeWait
from fincore.write.payments.idempotent_requests import IN_FLIGHT_WAIT_SECONDS
from fincore.write.payments.inquiries import Inquiries
from fincore.write.payments.kept_card_check import KeptCardLookup
from fincore.write.payments.outcome_wait import OutcomeWait
from fincore.write.payments.shared_responses import SharedResponses
from fincore.write.psp.inbox import WebhookInbox
from fincore.write.psp.port import PspWebhooks
from fincore.write.risk.engine import RiskEngine
from fincore.write.routing.router import Router
from fincore.write.vault.kept_cards import KeptCards


class PspAccounts(msgspec.Struct, frozen=True, kw_only=True):
    """To which account a charge goes, and who verifies the webhooks of each PSP."""

    router: Router
    webhooks: Mapping[PspName, PspWebhooks]


class ApplicationOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What an installation may decide about its API.

    `api_url` is where merchants reach it, and `public_url` where customers reach the checkout role; None where it is not
    configured. `webhooks_allow_loopback` lets merchants' endpoints be on this machine, for development.
    `charges_kept_cards`: there is a card edge that makes tokens of them.
    `in_flight_wait_seconds` is how long a repeated request waits for the first one with its key.
    """

    api_url: str | None = None
    public_url: str | None = None
    webhooks_allow_loopback: bool = False
    charges_kept_cards: bool = False
    in_flight_wait_seconds: float = IN_FLIGHT_WAIT_SECONDS


def build_application(
    stores: Stores,
    accounts: PspAccounts,
    bounds: RequestBounds,
    options: ApplicationOptions,
    *,
    writer: Writer[LogEvent],
    watch: StreamWatch,
    log: EventLog[ChargeEvent],
    keys: ApiKeys,
    cipher: SecretCipher,
    clock: Clock,
    risk: RiskEngine | None = None,
    shared: SharedResponses | None = None,
    probes: Mapping[str, Probe] | None = None,
) -> Application:
    """The API. `writer` and `watch` must be running while it serves; `probes`, by name, are those of the stores if None.

    Without `risk` no charge is assessed, and without `shared` each process knows its own responses and the rows.
    """
    kept_cards = KeptCardLookup(KeptCards(stores.eventstore, clock), EnabledRawCards(stores.eventstore))
    services = payment_services(
        router=accounts.router,
        writer=writer,
        log=log,
        watch=watch,
        clock=clock,
        risk=risk,
        public_url=options.public_url,
        kept_cards=kept_cards if options.charges_kept_cards else None,
        shared=shared,
        in_flight_wait_seconds=options.in_flight_wait_seconds,
    )
    payments, operations = services.payments, services.operations
    session_log = EventLog(stores.eventstore, CHECKOUT_SESSION_EVENTS)
    sessions = session_recorder(session_log, writer)
    checkout = SessionService(
        requests=services.requests,
        outcomes=OutcomeWait(CHECKOUT_SESSIONS, session_log, watch),
        sessions=sessions,
        clock=clock,
        router=accounts.router,
        render_created=render_created_session,
        render_ended=render_ended_session,
        public_url=options.public_url,
    )
    waits = ChargeWait(services.outcomes, Inquiries(writer))
    charges, refunds = ChargeQueries(stores.paymentdb), RefundQueries(stores.paymentdb)
    events = EventQueries(stores.paymentdb)
    references = EventReferences(stores.eventstore)
    current = Current(charges=charges, events=events, refunds=refunds, references=references, log=log)
    webhooks = WebhookServices(
        endpoints=Endpoints(stores.eventstore, cipher, clock),
        deliveries=DeliveryLog(stores.eventstore, clock),
        changes=IdempotentChanges(stores.eventstore),
        allow_loopback=options.webhooks_allow_loopback,
    )
    return create_app(
        (
            Charges(payments=payments, waits=waits, keys=keys, queries=charges, current=current),
            ChargeActions(operations=operations, keys=keys),
            Refunds(operations=operations, waits=waits, keys=keys, queries=refunds, current=current),
            CheckoutSessionHandlers(
                service=checkout, sessions=sessions, keys=keys, queries=SessionQueries(stores.paymentdb)
            ),
            Disputes(keys=keys, queries=DisputeQueries(stores.paymentdb)),
            Balance(
                keys=keys,
                # LedgerDB may be away: then only balances are answered with `store_unavailable`.
                queries=BalanceQueries(stores.ledgerdb),
                references=references,
                log=log,
            ),
            Events(keys=keys, queries=events, charges=log, sessions=session_log),
            WebhookEndpoints(webhooks, keys),
            WebhookDeliveries(webhooks, keys),
            PspWebhookHandlers(WebhookInbox(writer, accounts.webhooks, clock)),
            Health(_probes(stores) if probes is None else probes),
        ),
        bounds=bounds,
        outage_of=store_outage,
        api_url=options.api_url,
    )


def _probes(stores: Stores) -> dict[str, Probe]:
    """What has to answer before requests can be served; without LedgerDB all but balances can."""
    return {
        "eventstore": lambda: store_state(stores.eventstore),
        "paymentdb": lambda: store_state(stores.paymentdb, writes=False),
    }
