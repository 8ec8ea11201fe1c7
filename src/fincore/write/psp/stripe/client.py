"""HTTP to Stripe: calls in its dialect. It returns what happened and decides nothing."""

import time
from collections.abc import AsyncGenerator
from typing import Final, TypeVar

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
from fincore.write.psp.request_ids import note_request_id
from fincore.write.psp.sanitize import sanitize_code
from fincore.write.psp.stripe.account import StripeAccount
from fincore.write.psp.stripe.form import Form, encode_form
from fincore.write.psp.stripe.response import Response
from fincore.write.psp.stripe.wire import ErrorBody, StripeError

T = TypeVar("T")

API_VERSION: Final = "2026-10-28.endive"
"""Pinned, so that Stripe's shapes change when this line does. The webhook endpoint must be pinned to the same."""

_SHOULD_RETRY: Final = {"true": True, "false": False}
_FIRST_ERROR_STATUS: Final = 300
_ERROR: Final = msgspec.json.Decoder(ErrorBody)

_log = structlog.get_logger(__name__)


class StripeClient:
    """Calls Stripe, or a simulator of it, for any number of accounts, each at its own base URL.

    No method raises for the network or for Stripe. Redirects are not followed: they would carry the key elsewhere.
    """

    def __init__(
        self,
        *,
        connections_max: int = CONNECTIONS_MAX,
        connect_timeout_seconds: float = CONNECT_TIMEOUT_SECONDS,
        total_timeout_seconds: float = TOTAL_TIMEOUT_SECONDS,
    ) -> None:
        self._http = HttpSession(
            "Stripe",
            headers={"Stripe-Version": API_VERSION},
            connections_max=connections_max,
            connect_timeout_seconds=connect_timeout_seconds,
            total_timeout_seconds=total_timeout_seconds,
        )

    async def get(
        self, path: str, query: Form, *, account: StripeAccount, reads: msgspec.json.Decoder[T]
    ) -> Response[T] | NotSent | NoResponse:
        """Ask. `reads` is the shape of a successful response."""
        return await self._call(
            "GET", path, account=account, query=encode_form(query), form=None, headers={}, reads=reads
        )

    async def post(
        self,
        path: str,
        form: Form,
        *,
        account: StripeAccount,
        idempotency_key: str,
        reads: msgspec.json.Decoder[T],
    ) -> Response[T] | NotSent | NoResponse:
        """Do. The same form under the same idempotency key gets the same response for at least 24 hours."""
        headers = {
            "Idempotency-Key": idempotency_key,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return await self._call(
            "POST",
            path,
            account=account,
            query="",
            form=encode_form(form).encode(),
            headers=headers,
            reads=reads,
        )

    def download(self, url: str, *, account: StripeAccount) -> AsyncGenerator[bytes, None]:
        """The content of a file, piece by piece. The key goes where `url` says. Raises `DownloadBroken`."""
        headers = {"Authorization": f"Bearer {account.secret_key.reveal()}"}
        return self._http.download(URL(url, encoded=True), headers=headers)

    async def close(self) -> None:
        """Close the connections; calls under way end as unanswered."""
        await self._http.close()

    async def _call(
        self,
        method: str,
        path: str,
        *,
        account: StripeAccount,
        query: str,
        form: bytes | None,
        headers: dict[str, str],
        reads: msgspec.json.Decoder[T],
    ) -> Response[T] | NotSent | NoResponse:
        url = URL(f"{account.base_url}{path}{f'?{query}' if query else ''}", encoded=True)
        sent = {"Authorization": f"Bearer {account.secret_key.reveal()}", **headers}
        started = time.perf_counter()
        raw = await self._http.call(method, url, headers=sent, body=form)
        result = _read(raw, reads) if isinstance(raw, RawResponse) else raw
        _note(method, path, result, headers.get("Idempotency-Key"), time.perf_counter() - started)
        return result


def _read(response: RawResponse, reads: msgspec.json.Decoder[T]) -> Response[T]:
    body: T | None = None
    error: StripeError | None = None
    try:
        if response.status < _FIRST_ERROR_STATUS:
            body = reads.decode(response.body)
        else:
            error = _ERROR.decode(response.body).error
    except UNREADABLE_JSON:
        _log.warning("stripe.response_not_understood", status=response.status, bytes=len(response.body))
    return Response(
        status=response.status,
        body=body,
        error=error,
        request_id=response.headers.get("Request-Id"),
        should_retry=_SHOULD_RETRY.get(response.headers.get("Stripe-Should-Retry", "")),
    )


def _named(error: StripeError) -> dict[str, str]:
    """What an error names, for the person who has to mend it; never its text, which quotes what was sent."""
    words = {
        "error_type": error.type,
        "error_code": error.code,
        "decline_code": error.decline_code,
        "error_param": error.param,
    }
    return {name: sanitize_code(word) for name, word in words.items() if word}


def _note(
    method: str,
    path: str,
    result: Response[T] | NotSent | NoResponse,
    idempotency_key: str | None,
    elapsed_seconds: float,
) -> None:
    about = {
        "method": method,
        "path": path,
        "idempotency_key": idempotency_key,
        "latency_ms": round(elapsed_seconds * 1000, 1),
    }
    match result:
        case Response(status=status, request_id=request_id, error=error):
            named = {} if error is None else _named(error)
            note_request_id(request_id)
            _log.info("stripe.answered", **about, status=status, request_id=request_id, **named)
        case NotSent(reason=reason):
            _log.warning("stripe.not_sent", **about, reason=reason)
        case NoResponse(reason=reason):
            _log.warning("stripe.unanswered", **about, reason=reason)
