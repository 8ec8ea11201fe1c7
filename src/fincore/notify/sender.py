"""HTTP to merchants: one POST, bounded in time and size, to a checked address. It says what happened and decides nothing."""

import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

import aiohttp
from yarl import URL

from fincore.domain.clock import Clock
from fincore.notify.connections import Connections, ConnectionUse
from fincore.notify.destination import Forbidden, check_url
from fincore.notify.guarded_resolver import AddressForbidden, LookUp
from fincore.notify.retry_schedule import AttemptError, AttemptResult

TIMEOUT_SECONDS: Final = 15.0
"""From the look-up of the name to the end of the answer."""
ANSWER_BYTES_MAX: Final = 64 * 1024
"""What is read of an answer, and thrown away. The connection is closed on an answer that is longer."""
URLS_REMEMBERED_MAX: Final = 1_024
"""Of URLs that were sent to lately it is known whether they may be."""


class Sender:
    """Sends to the URLs that merchants gave. No method raises for the network or for the merchant's server.

    Redirects are not followed, proxies of the environment not used, cookies not kept. Connections are kept for the next
    webhook. A server may close one at the very moment at which it is used again: the same webhook is then sent once more,
    over a connection of its own and within the same attempt. Whether the server had read the first is not known, as
    after any attempt without an answer; it tells by the id.
    """

    def __init__(
        self,
        look_up: LookUp,
        clock: Clock,
        *,
        allow_loopback: bool = False,
        connections_max: int = 100,
        timeout_seconds: float = TIMEOUT_SECONDS,
        tls: ssl.SSLContext | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._allow_loopback = allow_loopback
        self._timeout_seconds = timeout_seconds
        self._monotonic = monotonic
        self._connections = Connections(
            look_up,
            allow_loopback=allow_loopback,
            count_max=connections_max,
            timeout_seconds=timeout_seconds,
            tls=tls,
            monotonic=monotonic,
        )

    async def send(self, url: str, headers: dict[str, str], body: bytes) -> AttemptResult:
        """POST a body once."""
        target = _checked_url(url, allow_loopback=self._allow_loopback)
        if isinstance(target, Forbidden):
            return AttemptResult(error="address_forbidden")
        began, use = self._monotonic(), ConnectionUse()
        try:
            try:
                async with (
                    self._connections.kept() as session,
                    session.post(
                        target, data=body, headers=headers, allow_redirects=False, trace_request_ctx=use
                    ) as response,
                ):
                    return await self._result(response)
            except aiohttp.ClientConnectionError as error:
                if not use.is_reused or isinstance(error, TimeoutError):
                    raise
            # aiohttp would take 0 for no bound at all.
            rest_seconds = max(0.001, self._timeout_seconds - (self._monotonic() - began))
            async with self._connections.lone().post(
                target,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=rest_seconds),
            ) as response:
                return await self._result(response)
        except Exception as error:  # noqa: BLE001 -- any error that a merchant's server makes a library raise ends here
            return AttemptResult(error=error_of(error))

    async def close(self) -> None:
        """Close the connections; attempts under way end as broken."""
        await self._connections.close()

    async def _result(self, response: aiohttp.ClientResponse) -> AttemptResult:
        retry_after = response.headers.get("Retry-After", "")
        await _read_some(response)
        return AttemptResult(
            status=response.status,
            retry_after_seconds=retry_after_seconds(retry_after, self._clock.now()),
        )


@lru_cache(maxsize=URLS_REMEMBERED_MAX)
def _checked_url(url: str, *, allow_loopback: bool) -> URL | Forbidden:
    return check_url(url, allow_loopback=allow_loopback)


def retry_after_seconds(header: str, now: datetime) -> float:
    """The pause a Retry-After header asks for, in seconds or until a date; 0.0 for one that cannot be read."""
    if header.isascii() and header.isdecimal():
        return float(header[:9])
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return 0.0
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())


async def _read_some(response: aiohttp.ClientResponse) -> None:
    """The status has come, and nothing in the body changes what it says: how the body ends does not matter.

    At its end the connection is free for the next webhook; without an end it is closed.
    """
    size = 0
    try:
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > ANSWER_BYTES_MAX:
                break
        else:
            return
    except (aiohttp.ClientError, OSError):
        pass
    response.close()


def error_of(error: Exception) -> AttemptError:
    """Why a request got no answer, in a word."""
    match error:
        case AddressForbidden():
            return "address_forbidden"
        case TimeoutError():
            return "answer_too_slow"
        case aiohttp.ClientConnectorDNSError():
            return "name_not_found"
        case aiohttp.ClientSSLError() | aiohttp.ClientConnectorCertificateError():
            return "tls_failed"
        case aiohttp.ClientConnectorError():
            return "connection_failed"
        case aiohttp.ClientResponseError() | aiohttp.InvalidURL():
            return "answer_invalid"
        case _:
            return "connection_broken"
