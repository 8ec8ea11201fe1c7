"""Access tokens of PayPal's accounts: one for all calls of an account until most of its life is over."""

import asyncio
import base64
import time
from collections.abc import Callable
from typing import Final

import msgspec
import structlog
from yarl import URL

from fincore.domain.unreadable_json import UNREADABLE_JSON
from fincore.write.psp.http import HttpSession, NoResponse, NotSent, RawResponse
from fincore.write.psp.paypal.account import PayPalAccount
from fincore.write.psp.paypal.wire import AccessToken, PayPalError
from fincore.write.psp.sanitize import sanitize_code

LIFE_USED: Final = 0.9
"""The part of a token's life after which the next call asks for another; until its end the old one carries on."""
WRONG_SECRET_PAUSE_SECONDS: Final = 60.0
"""A wrong secret waits for a person."""
RATE_LIMIT_PAUSE_SECONDS: Final = 30.0
TOKEN_PATH: Final = "/v1/oauth2/token"  # noqa: S105 -- a path

_OK: Final = 200
_RATE_LIMITED: Final = 429
_REFUSED: Final = frozenset({400, 401, 403})
_TOKEN: Final = msgspec.json.Decoder(AccessToken)
_ERROR: Final = msgspec.json.Decoder(PayPalError)

_log = structlog.get_logger(__name__)


class _Held(msgspec.Struct, frozen=True):
    """A token, and when it is due to be replaced and ends, in seconds of the monotonic clock."""

    text: str
    due_at: float
    ends_at: float


class AccessTokens:
    """One token an account, fetched by one call however many wait for it. `monotonic` gives seconds."""

    def __init__(self, http: HttpSession, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._http = http
        self._monotonic = monotonic
        self._held: dict[PayPalAccount, _Held] = {}
        self._fetches: dict[PayPalAccount, asyncio.Task[str | NotSent]] = {}

    async def token(self, account: PayPalAccount) -> str | NotSent:
        """A token that is valid as far as we know; NotSent where there is none, so that no call can be made."""
        held, now = self._held.get(account), self._monotonic()
        if held is not None and now < held.due_at:
            return held.text
        fetched = await self._fetch_once(account)
        if isinstance(fetched, NotSent) and held is not None and now < held.ends_at:
            return held.text
        return fetched

    def refuse(self, account: PayPalAccount, text: str) -> None:
        """Forget a token that PayPal does not take any more, unless it has been replaced by now."""
        held = self._held.get(account)
        if held is not None and held.text == text:
            del self._held[account]

    async def close(self) -> None:
        """End the calls under way."""
        fetches = list(self._fetches.values())
        for fetch in fetches:
            fetch.cancel()
        await asyncio.gather(*fetches, return_exceptions=True)

    async def _fetch_once(self, account: PayPalAccount) -> str | NotSent:
        fetch = self._fetches.get(account)
        if fetch is None:
            fetch = asyncio.create_task(self._fetch(account))
            self._fetches[account] = fetch
            fetch.add_done_callback(lambda _: self._fetches.pop(account, None))
        # The one who waits may be canceled: the others still need it.
        return await asyncio.shield(fetch)

    async def _fetch(self, account: PayPalAccount) -> str | NotSent:
        asked_at = self._monotonic()
        credentials = base64.b64encode(f"{account.client_id}:{account.client_secret.reveal()}".encode())
        answer = await self._http.call(
            "POST",
            URL(f"{account.api_url}{TOKEN_PATH}"),
            headers={
                "Authorization": f"Basic {credentials.decode()}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            body=b"grant_type=client_credentials",
        )
        token = _token_in(answer)
        if isinstance(token, NotSent):
            _log.warning("paypal.no_access_token", api_url=account.api_url, reason=token.reason)
            return token
        _log.info("paypal.access_token", api_url=account.api_url, expires_in_seconds=token.expires_in)
        self._held[account] = _Held(
            text=token.access_token,
            due_at=asked_at + token.expires_in * LIFE_USED,
            ends_at=asked_at + token.expires_in,
        )
        return token.access_token


def _token_in(answer: RawResponse | NotSent | NoResponse) -> AccessToken | NotSent:
    match answer:
        case NotSent():
            return answer
        case NoResponse(reason=reason):
            return NotSent(f"PayPal gave no access token: {reason}")
        case RawResponse(status=status, body=body):
            if status in _REFUSED:
                word = _word_in(body)
                return NotSent(
                    f"PayPal refuses our client id and secret ({word}): check them",
                    WRONG_SECRET_PAUSE_SECONDS,
                )
            if status == _RATE_LIMITED:
                return NotSent("PayPal limits the rate of access tokens", RATE_LIMIT_PAUSE_SECONDS)
            try:
                if status == _OK:
                    return _TOKEN.decode(body)
            except UNREADABLE_JSON:
                return NotSent("PayPal's access token cannot be read")
            return NotSent(f"PayPal gave no access token: HTTP {status}")


def _word_in(body: bytes) -> str:
    try:
        error = _ERROR.decode(body)
    except UNREADABLE_JSON:
        return "no reason given"
    return sanitize_code(error.error or error.name) or "no reason given"
