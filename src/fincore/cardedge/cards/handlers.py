"""/v1/cards of the card edge: keep a card, show it without its number, list and delete."""

from functools import partial
from typing import Final, NamedTuple

import msgspec

from fincore.cardedge.cards.body import KeptCardBody, kept_card_body
from fincore.cardedge.cards.openapi import DELETE_CARD, GET_CARD, KEEP_CARD, LIST_CARDS
from fincore.cardedge.cards.requests import KeepCardRequest, checked_card, fingerprints_of
from fincore.cardedge.on_record import on_record
from fincore.domain.clock import Clock
from fincore.domain.ids import CardId, parse_card_id
from fincore.domain.raw_card import RawCard
from fincore.eventstore.commit import IdempotencyKey
from fincore.eventstore.idempotent_changes import IdempotentChanges, Transaction
from fincore.http.credentials import secret_principal
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.idempotent_call import idempotency_key, read_request
from fincore.http.idempotent_change import change_once, change_once_known_by
from fincore.http.list_query import ListQuery, refuse_parameters
from fincore.http.problems import Problem
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.api_keys import ApiKeys
from fincore.write.merchants.raw_card_decisions import EnabledRawCards
from fincore.write.merchants.raw_card_requests import RawCardRequests
from fincore.write.payments.flaw import Flaw
from fincore.write.raw_cards.number_hmac import NumberHmac
from fincore.write.vault.kept_cards import KeptCards, ReadyToKeep, VaultKeeping, ready_to_keep
from fincore.write.vault.key_service import KeyServiceUnavailable

KEY_SERVICE_RETRY_AFTER_SECONDS: Final = 5

_DECODER: Final = msgspec.json.Decoder(KeepCardRequest)


class _Deletion(msgspec.Struct, frozen=True):
    """A deletion says nothing beside the path."""


class VaultServices(NamedTuple):
    """What the handlers work with. `keeping` is None where the operator configured no vault: then no card is kept."""

    cards: KeptCards
    keeping: VaultKeeping | None
    changes: IdempotentChanges
    enabled: EnabledRawCards
    record: RawCardRequests
    number_hmac: NumberHmac


class Cards:
    """The handlers of /v1/cards."""

    def __init__(self, services: VaultServices, keys: ApiKeys, clock: Clock) -> None:
        self._services = services
        self._keys = keys
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        path, one = "/v1/cards", "/v1/cards/{card_id}"
        return (
            Route(method="POST", path=path, operation=KEEP_CARD, handler=self.keep),
            Route(method="GET", path=path, operation=LIST_CARDS.operation, handler=self.list_page),
            Route(method="GET", path=one, operation=GET_CARD, handler=self.get),
            Route(method="DELETE", path=one, operation=DELETE_CARD, handler=self.delete),
        )

    async def keep(self, call: Call) -> Response:
        """Keep a card, once for its idempotency key: the card and the answer to its key are one transaction."""
        principal = await secret_principal(call, self._keys)
        return await on_record(self._services.record, call, principal, partial(self._kept, call, principal))

    async def _kept(self, call: Call, principal: Principal) -> Response:
        services = self._services
        if not await services.enabled.includes(principal.merchant_id, livemode=principal.livemode):
            raise Problem("raw_cards_not_enabled", param="Authorization")
        keeping = services.keeping
        if keeping is None:
            raise Problem("vault_not_configured")
        key = IdempotencyKey(principal.merchant_id, principal.livemode, idempotency_key(call))
        card = _card(await read_request(call, _DECODER), self._clock)

        async def ready() -> ReadyToKeep:
            try:
                return await ready_to_keep(principal, card, keeping)
            except KeyServiceUnavailable as error:
                raise Problem(
                    "key_service_unavailable",
                    str(error),
                    headers=(("retry-after", str(KEY_SERVICE_RETRY_AFTER_SECONDS)),),
                ) from None

        # A repeated request needs no key, and no transaction is held while a key service is called.
        encrypted = None if await services.changes.find(key) else await ready()

        async def make(transaction: Transaction) -> Response:
            kept = await services.cards.keep(transaction, principal, card, encrypted or await ready())
            location = f"/v1/cards/{kept.card_id}"
            return json_response(201, kept_card_body(kept), headers=(("location", location),))

        known_by = fingerprints_of(call.method, call.path, card, services.number_hmac)
        return await change_once_known_by(services.changes, key, known_by, make)

    async def get(self, call: Call) -> Response:
        """One card."""
        principal = await secret_principal(call, self._keys)
        refuse_parameters(call.query)
        found = await self._services.cards.find(
            principal.merchant_id, _card_id(call), livemode=principal.livemode
        )
        if found is None:
            raise _not_found()
        return json_response(200, kept_card_body(found))

    async def list_page(self, call: Call) -> Response:
        """A page of cards, newest first."""

        async def find(principal: Principal, query: ListQuery[CardId]) -> tuple[list[KeptCardBody], bool]:
            page = await self._services.cards.page(
                principal.merchant_id, livemode=principal.livemode, after_id=query.after_id, limit=query.limit
            )
            return [kept_card_body(card) for card in page.cards], page.has_more

        return await LIST_CARDS.respond(call, self._keys, find)

    async def delete(self, call: Call) -> Response:
        """Erase a card; one that was deleted before is answered alike."""
        principal = await secret_principal(call, self._keys)
        card_id = _card_id(call)

        async def make(transaction: Transaction) -> Response:
            if not await self._services.cards.delete(transaction, principal, card_id):
                raise _not_found()
            return Response(204, b"")

        return await change_once(call, self._services.changes, principal, _Deletion(), make)


def _card(request: KeepCardRequest, clock: Clock) -> RawCard:
    card = checked_card(request, clock.now())
    if isinstance(card, Flaw):
        raise Problem(card.code, card.detail, param=card.param)
    return card


def _card_id(call: Call) -> CardId:
    return call.path_id("card_id", parse_card_id, "card_not_found")


def _not_found() -> Problem:
    return Problem("card_not_found", param="card_id")
