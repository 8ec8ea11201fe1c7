"""The card edge as one application: stores, tokenisers and bounds in. The role card-edge and the tests compose it here."""

from collections.abc import Mapping

import msgspec

from fincore.api.charges.body import render_charge
from fincore.api.docs.document import openapi_document
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.outages import store_outage
from fincore.bootstrap.payment_services import payment_services
from fincore.bootstrap.psp_limits import LIMITS
from fincore.cardedge.app import CardEdgeBounds, create_card_edge_app
from fincore.cardedge.cards.handlers import Cards, VaultServices
from fincore.cardedge.charges.handlers import RawCardCharges
from fincore.cardedge.documentation import Documentation
from fincore.cardedge.tokens.handlers import InternalCardTokens
from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent
from fincore.domain.log_events import LogEvent
from fincore.domain.outcome import PspName
from fincore.domain.secret import Secret
from fincore.eventstore.idempotent_changes import IdempotentChanges
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.eventstore.writer import Writer
from fincore.http.asgi import Application
from fincore.http.health.handlers import Health
from fincore.postgres.pool import store_state
from fincore.write.card_tokens.token_maker import TokenMaker, VaultReading
from fincore.write.merchants.api_keys import ApiKeys
from fincore.write.merchants.raw_card_decisions import EnabledRawCards
from fincore.write.merchants.raw_card_requests import RawCardRequests
from fincore.write.psp.card_tokeniser import CardTokeniser
from fincore.write.raw_cards.number_hmac import NumberHmac
from fincore.write.raw_cards.raw_card_service import RawCardService
from fincore.write.risk.engine import RiskEngine
from fincore.write.routing.router import Router
from fincore.write.vault.accesses import Accesses, this_process
from fincore.write.vault.kept_cards import KeptCards, VaultKeeping
from fincore.write.vault.kept_rows import KeptRows
from fincore.write.worker.plumbing.outcome_counts import OutcomeCounts


class CardHandling(msgspec.Struct, frozen=True, kw_only=True):
    """To which accounts a card goes, who makes tokens of it, who looks before, what its number becomes in fingerprints, and how it is kept, if it is.

    `token_secret` is what workers show who want a token of a kept card.
    """

    router: Router
    tokenisers: Mapping[PspName, CardTokeniser]
    risk: RiskEngine
    number_hmac: NumberHmac
    keeping: VaultKeeping | None = None
    token_secret: Secret | None = None


def build_card_edge(
    stores: Stores,
    cards: CardHandling,
    bounds: CardEdgeBounds,
    *,
    writer: Writer[LogEvent],
    watch: StreamWatch,
    log: EventLog[ChargeEvent],
    clock: Clock,
) -> Application:
    """The server. `writer` and `watch` must be running while it serves."""
    services = payment_services(router=cards.router, writer=writer, log=log, watch=watch, clock=clock)
    outcomes = OutcomeCounts()
    service = RawCardService(
        requests=services.requests,
        outcomes=services.outcomes,
        find_response=writer.find_response,
        clock=clock,
        router=cards.router,
        risk=cards.risk,
        limits=LIMITS,
        tokenisers=cards.tokenisers,
        number_hmac=cards.number_hmac,
        render=render_charge,
        count_refused=lambda charge, events: outcomes.count(charge, events, clock.now()),
    )
    kept_cards = KeptCards(stores.eventstore, clock)
    keys, enabled = ApiKeys(stores.eventstore), EnabledRawCards(stores.eventstore)
    record = RawCardRequests(stores.eventstore, clock)
    charges = RawCardCharges(
        service=service,
        keys=keys,
        enabled=enabled,
        record=record,
        number_hmac=cards.number_hmac,
        clock=clock,
    )
    kept = Cards(
        VaultServices(
            cards=kept_cards,
            keeping=cards.keeping,
            changes=IdempotentChanges(stores.eventstore),
            enabled=enabled,
            record=record,
            number_hmac=cards.number_hmac,
        ),
        keys,
        clock,
    )
    health = Health({"eventstore": lambda: store_state(stores.eventstore)})
    documented = [*charges.routes(), *kept.routes(), *health.routes()]
    documentation = Documentation(lambda: msgspec.json.encode(openapi_document(documented, {})))
    internal: tuple[InternalCardTokens, ...] = ()
    if cards.keeping is not None and cards.token_secret is not None:
        accesses = Accesses(stores.eventstore, clock, by=this_process("card-edge"))
        reading = VaultReading(KeptRows(stores.eventstore), accesses, cards.keeping.cipher)
        maker = TokenMaker(log, reading, enabled, cards.tokenisers)
        internal = (InternalCardTokens(maker, cards.token_secret),)
    return create_card_edge_app(
        (charges, kept, *internal, health, documentation),
        bounds=bounds,
        outage_of=store_outage,
    )
