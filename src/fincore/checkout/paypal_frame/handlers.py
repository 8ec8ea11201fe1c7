"""/frames/paypal: a frame for a page at an origin that the merchant of the key has registered."""

import secrets
from collections.abc import Mapping
from typing import Final

from fincore.checkout.address_limit import AddressLimit
from fincore.checkout.client_configuration.handlers import READABLE_BY_VISITORS, BrowserRouting
from fincore.checkout.cross_origin import CrossOrigin
from fincore.checkout.paypal_frame.body import Frame, render_frame
from fincore.checkout.paypal_frame.openapi import GET_PAYPAL_FRAME
from fincore.checkout.paypal_frame.requests import FrameRequest, read_frame_request
from fincore.domain.outcome import PspName
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.problems import Problem
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.api_keys import ApiKeys
from fincore.write.psp.account import BrowserAccess
from fincore.write.routing.plan import AccountName

PATH: Final = "/frames/paypal"
PAYPAL: Final = PspName("paypal")
NONCE_BYTES: Final = 18


class PayPalFrame:
    """The handler of the frame."""

    def __init__(
        self, *, keys: ApiKeys, cross_origin: CrossOrigin, limit: AddressLimit, routing: BrowserRouting
    ) -> None:
        self._keys = keys
        self._cross_origin = cross_origin
        self._limit = limit
        self._accesses: Mapping[tuple[AccountName, bool], BrowserAccess] = {
            (name, account.livemode): routing.accesses[name]
            for account in routing.accounts
            if (name := AccountName(account.psp, account.name)) in routing.accesses
        }

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (Route(method="GET", path=PATH, operation=GET_PAYPAL_FRAME, handler=self.get),)

    async def get(self, call: Call) -> Response:
        """The frame."""
        self._limit.admit(call)
        request = read_frame_request(call.query)
        principal = await self._principal(request)
        call.admit(principal)
        await self._cross_origin.require(request.origin, principal, param="origin")
        access = self._accesses.get((AccountName(PAYPAL, request.account), principal.livemode))
        if access is None:
            raise Problem("account_unknown", param="account")
        return render_frame(Frame(request=request, access=access, nonce=secrets.token_urlsafe(NONCE_BYTES)))

    async def _principal(self, request: FrameRequest) -> Principal:
        principal = await self._keys.authenticate(request.key)
        if principal is None:
            raise Problem("api_key_invalid", param="key")
        if principal.kind == "secret":
            raise Problem("publishable_key_required", READABLE_BY_VISITORS, param="key")
        return principal
