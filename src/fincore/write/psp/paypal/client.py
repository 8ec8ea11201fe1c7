"""HTTP to PayPal: calls in its dialect, carried by access tokens. It returns what happened and decides nothing."""

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec
import structlog
from yarl import URL

from fincore.domain.unreadable_json import UNREADABLE_JSON
from fincore.write.psp.http import (
    CONNECT_TIMEOUT_SECONDS,
    CONNECTIONS_MAX,
    TOTAL_TIMEOUT_SECONDS,
    HttpSession,
    NoResponse,
    NotSent,
    RawResponse,
)
from fincore.write.psp.paypal.account import PayPalAccount
from fincore.write.psp.paypal.response import Response
from fincore.write.psp.paypal.tokens import AccessTokens
from fincore.write.psp.paypal.wire import PayPalError
from fincore.write.psp.request_ids import note_request_id
from fincore.write.psp.sanitize import sanitize_code

T = TypeVar("T")
Json = dict[str, Any]
"""A body as it is sent."""

_FIRST_ERROR_STATUS: Final = 300
_NO_CONTENT: Final = 204
_UNAUTHORIZED: Final = 401
_ERROR: Final = msgspec.json.Decoder(PayPalError)

_log = structlog.get_logger(__name__)


class PayPalClient:
    """Calls PayPal (or a simulator of it) for any number of accounts, each at its own address.

    No method raises for the network or for PayPal. A call that is answered with a token that is not valid any more was not
    carried out: it is made once more with another token.
    """

    def __init__(
        self,
        *,
        connections_max: int = CONNECTIONS_MAX,
        connect_timeout_seconds: float = CONNECT_TIMEOUT_SECONDS,
        total_timeout_seconds: float = TOTAL_TIMEOUT_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = HttpSession(
            "PayPal",
            connections_max=connections_max,
            connect_timeout_seconds=connect_timeout_seconds,
            total_timeout_seconds=total_timeout_seconds,
        )
        self._tokens = AccessTokens(self._http, monotonic=monotonic)

    async def get(
        self, account: PayPalAccount, path: str, *, reads: msgspec.json.Decoder[T]
    ) -> Response[T] | NotSent | NoResponse:
        """Ask. `reads` is the shape of a successful response."""
        return await self._call("GET", account, path, headers={}, body=None, reads=reads)

    async def post(
        self,
        account: PayPalAccount,
        path: str,
        body: Json,
        *,
        request_id: str | None,
        reads: msgspec.json.Decoder[T],
    ) -> Response[T] | NotSent | NoResponse:
        """Do, and get back the whole object. Under the same `request_id` PayPal shows what became of the first call.

        `request_id` is None for the calls that take none.
        """
        headers = {"Content-Type": "application/json", "Prefer": "return=representation"}
        if request_id is not None:
            headers["PayPal-Request-Id"] = request_id
        return await self._call(
            "POST", account, path, headers=headers, body=msgspec.json.encode(body), reads=reads
        )

    async def close(self) -> None:
        """Close the connections; calls under way end as unanswered."""
        await self._tokens.close()
        await self._http.close()

    async def _call(
        self,
        method: str,
        account: PayPalAccount,
        path: str,
        *,
        headers: dict[str, str],
        body: bytes | None,
        reads: msgspec.json.Decoder[T],
    ) -> Response[T] | NotSent | NoResponse:
        started = time.perf_counter()
        result: Response[T] | NotSent | NoResponse
        for is_last in (False, True):
            token = await self._tokens.token(account)
            if isinstance(token, NotSent):
                result = token
                break
            raw = await self._http.call(
                method,
                URL(f"{account.api_url}{path}", encoded=True),
                headers={**headers, "Authorization": f"Bearer {token}"},
                body=body,
            )
            result = _read(raw, reads) if isinstance(raw, RawResponse) else raw
            if is_last or not _is_token_refused(result):
                break
            self._tokens.refuse(account, token)
        _note(method, path, result, headers.get("PayPal-Request-Id"), time.perf_counter() - started)
        return result


def _is_token_refused(result: Response[T] | NotSent | NoResponse) -> bool:
    """Whether another token may help; an account that PayPal has closed answers 401 too, and names the issue."""
    if not isinstance(result, Response) or result.status != _UNAUTHORIZED or result.error is None:
        return False
    is_authentication = result.error.name == "AUTHENTICATION_FAILURE" and not result.error.issues
    return result.error.error == "invalid_token" or is_authentication


def _read(response: RawResponse, reads: msgspec.json.Decoder[T]) -> Response[T]:
    body: T | None = None
    error: PayPalError | None = None
    try:
        if response.status >= _FIRST_ERROR_STATUS:
            error = _ERROR.decode(response.body)
        elif response.status != _NO_CONTENT:
            body = reads.decode(response.body)
    except UNREADABLE_JSON:
        _log.warning("paypal.response_not_understood", status=response.status, bytes=len(response.body))
    debug_id = response.headers.get("PayPal-Debug-Id")
    return Response(
        status=response.status, body=body, error=error, debug_id=debug_id and sanitize_code(debug_id)
    )


def _note(
    method: str,
    path: str,
    result: Response[T] | NotSent | NoResponse,
    request_id: str | None,
    elapsed_seconds: float,
) -> None:
    about = {
        "method": method,
        "path": path,
        "request_id": request_id,
        "latency_ms": round(elapsed_seconds * 1000, 1),
    }
    match result:
        case Response(status=status, debug_id=debug_id, error=error):
            named = {} if error is None else _named(error)
            note_request_id(debug_id)
            _log.info("paypal.answered", **about, status=status, debug_id=debug_id, **named)
        case NotSent(reason=reason):
            _log.warning("paypal.not_sent", **about, reason=reason)
        case NoResponse(reason=reason):
            _log.warning("paypal.unanswered", **about, reason=reason)


def _named(error: PayPalError) -> dict[str, str]:
    """What an error names, for the person who has to mend it; never its texts, which quote what was sent."""
    words = {
        "error": error.name or error.error,
        "issues": " ".join(error.issues[:3]),
        "field": error.details[0].field if error.details else None,
    }
    return {name: " ".join(map(sanitize_code, text.split())) for name, text in words.items() if text}
