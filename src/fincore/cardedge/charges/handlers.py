"""/v1/charges of the card edge: create a charge by card number, and keep a record of each request without its card."""

from functools import partial
from typing import Final

import msgspec

from fincore.cardedge.charges.openapi import CREATE_RAW_CARD_CHARGE
from fincore.cardedge.charges.requests import RawCardChargeRequest, checked_request, fingerprints_of
from fincore.cardedge.on_record import on_record
from fincore.domain.clock import Clock
from fincore.http.credentials import secret_principal
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.idempotent_call import idempotency_key, read_request, response_of, wait_seconds
from fincore.http.problems import Problem
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.api_keys import ApiKeys
from fincore.write.merchants.raw_card_decisions import EnabledRawCards
from fincore.write.merchants.raw_card_requests import RawCardRequests
from fincore.write.payments.acceptance import ChargeCommand
from fincore.write.payments.charge_request import currency_of
from fincore.write.payments.flaw import Flaw
from fincore.write.raw_cards.number_hmac import NumberHmac
from fincore.write.raw_cards.raw_card_service import RawCardService

_DECODER: Final = msgspec.json.Decoder(RawCardChargeRequest)


class RawCardCharges:
    """The handlers of /v1/charges."""

    def __init__(
        self,
        *,
        service: RawCardService,
        keys: ApiKeys,
        enabled: EnabledRawCards,
        record: RawCardRequests,
        number_hmac: NumberHmac,
        clock: Clock,
    ) -> None:
        self._service = service
        self._keys = keys
        self._enabled = enabled
        self._record = record
        self._hmac = number_hmac
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(method="POST", path="/v1/charges", operation=CREATE_RAW_CARD_CHARGE, handler=self.create),
        )

    async def create(self, call: Call) -> Response:
        """Create a charge, once for its idempotency key. What comes of it is on record before it is answered."""
        principal = await secret_principal(call, self._keys)
        screened: list[str] = []
        work = partial(self._charged, call, principal, screened)
        return await on_record(self._record, call, principal, work, screened)

    async def _charged(self, call: Call, principal: Principal, screened: list[str]) -> Response:
        if not await self._enabled.includes(principal.merchant_id, livemode=principal.livemode):
            raise Problem("raw_cards_not_enabled", param="Authorization")
        key = idempotency_key(call)
        request = checked_request(await read_request(call, _DECODER), self._clock.now())
        if isinstance(request, Flaw):
            raise Problem(request.code, request.detail, param=request.param)
        fingerprints = fingerprints_of(call.method, call.path, request, self._hmac)
        command = ChargeCommand(
            merchant_id=principal.merchant_id,
            livemode=principal.livemode,
            actor=principal.key_id,
            request_id=call.request_id,
            idempotency_key=key,
            fingerprint=fingerprints.now,
            fingerprint_before=fingerprints.before,
            wait_seconds=wait_seconds(call),
            request=request.terms,
            fee_plan=principal.fee_plans.get(currency_of(request.terms)),
        )
        return response_of(await self._service.charge(command, request.card, screened=screened.append))
