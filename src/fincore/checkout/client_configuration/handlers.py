"""/v1/client_configuration: from a publishable key and what the page knows to the payment methods on offer."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import structlog

from fincore.checkout.address_limit import AddressLimit
from fincore.checkout.client_configuration.body import render_offer
from fincore.checkout.client_configuration.openapi import (
    GET_CLIENT_CONFIGURATION,
    PREFLIGHT_CLIENT_CONFIGURATION,
)
from fincore.checkout.client_configuration.requests import read_money
from fincore.checkout.cross_origin import CrossOrigin
from fincore.http.credentials import principal_of
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.problems import Problem
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.api_keys import ApiKeys
from fincore.write.psp.account import BrowserAccess, ConfiguredAccount
from fincore.write.routing.browser_methods import BrowserRequest, IsOpen, browser_offer
from fincore.write.routing.plan import AccountName
from fincore.write.routing.router import NoRoute, Router

PATH: Final = "/v1/client_configuration"
READABLE_BY_VISITORS: Final = (
    "This is a secret key (sk_...). Every visitor of the page can read it: have it revoked now with `fincore key revoke`, then send a "
    "publishable key (pk_...)."
)

_log = structlog.get_logger(__name__)


class BrowserRouting(msgspec.Struct, frozen=True, kw_only=True):
    """Where tokens may be made: the accounts, what browsers need of each, who decides, and which breakers are open."""

    router: Router
    accounts: Sequence[ConfiguredAccount]
    accesses: Mapping[AccountName, BrowserAccess]
    is_open: IsOpen


class ClientConfiguration:
    """The handlers of the client configuration."""

    def __init__(
        self, *, keys: ApiKeys, cross_origin: CrossOrigin, limit: AddressLimit, routing: BrowserRouting
    ) -> None:
        self._keys = keys
        self._cross_origin = cross_origin
        self._limit = limit
        self._routing = routing

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(method="GET", path=PATH, operation=GET_CLIENT_CONFIGURATION, handler=self.get),
            Route(
                method="OPTIONS", path=PATH, operation=PREFLIGHT_CLIENT_CONFIGURATION, handler=self.preflight
            ),
        )

    async def preflight(self, call: Call) -> Response:
        """Whether a page of another origin may ask."""
        self._limit.admit(call)
        return await self._cross_origin.preflight(call)

    async def get(self, call: Call) -> Response:
        """What is on offer."""
        self._limit.admit(call)
        principal = await principal_of(call, self._keys)
        if principal.kind == "secret":
            _log.warning(
                "checkout.secret_key_in_browser", key_id=principal.key_id, merchant_id=principal.merchant_id
            )
        headers = await self._cross_origin.headers_for(call, principal)
        try:
            return self._offered(call, principal, headers)
        except Problem as problem:
            raise problem.with_headers(headers) from None

    def _offered(self, call: Call, principal: Principal, headers: tuple[tuple[str, str], ...]) -> Response:
        if principal.kind == "secret":
            raise Problem("publishable_key_required", READABLE_BY_VISITORS, param="Authorization")
        call.admit(principal)
        routing = self._routing
        request = BrowserRequest(
            key=call.request_id,
            merchant_id=principal.merchant_id,
            livemode=principal.livemode,
            money=read_money(call.query),
        )
        offer = browser_offer(request, routing.router, routing.accounts, routing.accesses, routing.is_open)
        if isinstance(offer, NoRoute):
            raise Problem(offer.code, offer.detail)
        return json_response(200, render_offer(offer, livemode=principal.livemode), headers=headers)
