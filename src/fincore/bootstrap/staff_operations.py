"""The resources of staff for those who run an installation: dead letters, parked streams, webhooks to merchants."""

from functools import partial

from fincore.audit.verdicts import Verdicts
from fincore.backoffice.dead_letters import Letters
from fincore.backoffice.home_page import HomeStores
from fincore.backoffice.installation_page import InstallationStores, SchemaPlace
from fincore.backoffice.proposed_discards import discard_to_propose
from fincore.bootstrap.operator_stores import followers_of
from fincore.bootstrap.schemas import SCHEMAS
from fincore.bootstrap.staff_services import StaffServices
from fincore.domain.checkout_session_events import CHECKOUT_SESSION_EVENTS
from fincore.domain.log_events import LOG_EVENTS
from fincore.domain.stream_names import stream_name
from fincore.eventstore.idempotent_changes import IdempotentChanges
from fincore.eventstore.log import EventLog
from fincore.http.resource import Resource
from fincore.notify.all_deliveries import AllDeliveries
from fincore.notify.all_endpoints import AllEndpoints
from fincore.notify.delivery_log import DeliveryLog
from fincore.read.paymentdb.attention_queries import AttentionQueries
from fincore.reconciliation.sources import Sources
from fincore.staff.answers import Answers
from fincore.staff.dead_letters.handlers import DeadLetterHandlers
from fincore.staff.home.handlers import Home
from fincore.staff.installation.handlers import InstallationHandlers
from fincore.staff.parked_streams.handlers import ParkedStreamHandlers
from fincore.staff.proposing import Proposing
from fincore.staff.webhook_deliveries.handlers import WebhookDeliveryHandlers
from fincore.staff.webhook_endpoints.handlers import WebhookEndpointHandlers
from fincore.write.psp.paypal.account import PAYPAL
from fincore.write.psp.stripe.account import STRIPE
from fincore.write.routing.breaker import BreakerPolicy
from fincore.write.routing.breaker_store import BreakerStore
from fincore.write.staff.proposals import Proposals


def operations_resources(services: StaffServices) -> tuple[Resource, ...]:
    """The resources, in the order of the documentation."""
    stores, admission, acts = services.stores, services.admission, services.acts
    sessions = EventLog(stores.eventstore, CHECKOUT_SESSION_EVENTS)
    whole_log = EventLog(stores.eventstore, LOG_EVENTS, name_of=stream_name)
    endpoints = AllEndpoints(stores.eventstore)
    # Not by the pool of notify: a crash may lose its last commits, and the record of the act would stay.
    deliveries = DeliveryLog(stores.eventstore, services.clock)
    followers = followers_of(stores, services.clock)
    home = HomeStores(
        payments=AttentionQueries(stores.paymentdb),
        jobs=stores.jobs,
        log=whole_log,
        followers=followers,
        endpoints=endpoints,
        ledgerdb=stores.ledgerdb,
        breakers=BreakerStore(stores.eventstore, BreakerPolicy()),
        verdicts=Verdicts(stores.eventstore),
        sources=Sources(stores.ledgerdb),
        proposals=Proposals(stores.eventstore),
        psps=(PAYPAL, STRIPE),
    )
    installation = InstallationStores(
        stores.eventstore,
        [SchemaPlace(store, package, getattr(stores, store)) for store, package in SCHEMAS],
        services.settings,
    )
    return (
        InstallationHandlers(admission, installation),
        Home(admission, home, services.clock),
        DeadLetterHandlers(
            admission,
            acts,
            Letters(stores.jobs, services.log, sessions),
            to_propose=partial(discard_to_propose, stores.eventstore),
            proposing=Proposing(Answers(IdempotentChanges(stores.eventstore))),
        ),
        ParkedStreamHandlers(
            admission,
            acts=acts,
            answers=Answers(IdempotentChanges(stores.eventstore)),
            log=whole_log,
            followers=followers,
        ),
        WebhookEndpointHandlers(admission, acts, endpoints, deliveries),
        WebhookDeliveryHandlers(admission, acts, AllDeliveries(stores.eventstore), deliveries, services.log),
    )
