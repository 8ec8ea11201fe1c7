"""The card edge as a source of tokens, over HTTP: on loopback, or under TLS."""

from typing import Final

import msgspec
import structlog
from yarl import URL

from fincore.domain.ids import ChargeId
from fincore.domain.outcome import Retryable
from fincore.domain.payment_method import CardToken
from fincore.domain.secret import Secret
from fincore.write.card_tokens.port import CardEdgeAway, CardRefused
from fincore.write.card_tokens.wire import PATH, Answer, Made, NotMade, Refused, TokenRequest
from fincore.write.psp.http import HttpSession, NoResponse, NotSent

RESPONSE_BYTES_MAX: Final = 16 * 1024
ANSWER_MARGIN_SECONDS: Final = 5.0
"""How much longer than the card edge waits for a PSP its own answer is waited for."""

_ANSWER: Final[msgspec.json.Decoder[Answer]] = msgspec.json.Decoder(Answer)
_OK: Final = 200
_UNAUTHORIZED: Final = 401

_log = structlog.get_logger(__name__)


class CardEdgeTokens:
    """A `CardTokens`. `url` is where the card edge is, and `psp_timeout_seconds` how long it waits for a PSP."""

    def __init__(self, url: str, secret: Secret, *, connections_max: int, psp_timeout_seconds: float) -> None:
        self._url = URL(f"{url}{PATH}")
        self._secret = secret
        self._http = HttpSession(
            "the card edge",
            connections_max=connections_max,
            total_timeout_seconds=psp_timeout_seconds + ANSWER_MARGIN_SECONDS,
            response_bytes_max=RESPONSE_BYTES_MAX,
        )

    async def token(
        self, charge_id: ChargeId, attempt: int
    ) -> CardToken | CardRefused | Retryable | CardEdgeAway:
        """One POST. Neither what is asked nor what is answered is logged."""
        headers = {
            "Authorization": f"Bearer {self._secret.reveal()}",
            "Content-Type": "application/json",
        }
        body = msgspec.json.encode(TokenRequest(charge_id=charge_id, attempt=attempt))
        raw = await self._http.call("POST", self._url, headers=headers, body=body)
        if isinstance(raw, NotSent | NoResponse):
            return CardEdgeAway(raw.reason)
        if raw.status == _UNAUTHORIZED:
            _log.error("card_tokens.secret_refused", charge_id=charge_id)
            return CardEdgeAway(
                "the card edge has another FINCORE_CARD_EDGE_TOKEN_SECRET: set both to the same"
            )
        if raw.status != _OK:
            return CardEdgeAway(f"the card edge answered {raw.status}")
        try:
            answer = _ANSWER.decode(raw.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return CardEdgeAway("the card edge's answer is none that this version knows")
        match answer:
            case Made(token=token):
                return CardToken(token)
            case Refused(failure=failure):
                return CardRefused(failure)
            case NotMade(reason=reason, is_of_account=True, was_called=was_called):
                return Retryable(reason=reason, was_called=was_called)
            case NotMade(reason=reason):
                return CardEdgeAway(reason)

    async def close(self) -> None:
        """Close connections."""
        await self._http.close()
