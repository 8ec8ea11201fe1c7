"""/internal/card_tokens of the card edge: a token of the kept card that pays a charge. No document for merchants names it."""

import hmac
from typing import Final

import msgspec

from fincore.domain.errors import InvalidId
from fincore.domain.ids import ChargeId, parse_charge_id
from fincore.domain.secret import Secret
from fincore.http.endpoint import NO_STORE, Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.idempotent_call import read_request
from fincore.http.openapi import Content, Operation
from fincore.http.problems import Problem
from fincore.write.card_tokens.token_maker import TokenMaker
from fincore.write.card_tokens.wire import PATH, TokenRequest

_DECODER: Final = msgspec.json.Decoder(TokenRequest)

MAKE_CARD_TOKEN: Final = Operation(
    operation_id="make_card_token",
    summary="Make a token of a kept card",
    description="For the workers of this installation.",
    tag="Internal",
    is_authenticated=False,
    responses={200: Content(shape={"type": "object"}, description="The token, or why there is none.")},
)


class InternalCardTokens:
    """The handler. `secret` is what the workers show: their setting FINCORE_CARD_EDGE_TOKEN_SECRET."""

    def __init__(self, maker: TokenMaker, secret: Secret) -> None:
        self._maker = maker
        self._expected = f"Bearer {secret.reveal()}".encode()

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (Route(method="POST", path=PATH, operation=MAKE_CARD_TOKEN, handler=self.make),)

    async def make(self, call: Call) -> Response:
        """A token. It is answered once, and not kept."""
        shown = (call.header(b"authorization") or "").encode()
        if not hmac.compare_digest(shown, self._expected):
            raise Problem("api_key_invalid", "No key of a merchant opens this path.", param="Authorization")
        request = await read_request(call, _DECODER)
        answer = await self._maker.make(_charge_id(request.charge_id), request.attempt)
        return json_response(200, answer, headers=NO_STORE)


def _charge_id(text: str) -> ChargeId:
    try:
        return parse_charge_id(text)
    except InvalidId:
        raise Problem("field_invalid", param="charge_id") from None
