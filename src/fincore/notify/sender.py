"""HTTP to merchants: one POST, bounded in time and size, to a checked address. It says what happened and decides nothing."""

import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp

from fincore.domain.clock import Clock
from fincore.notify.destination import Forbidden, check_url
from fincore.notify.guarded_resolver import AddressForbidden, GuardedResolver, LookUp
from fincore.notify.retry_schedule import AttemptError, AttemptResult

TIMEOUT_SECONDS: Final = 15.0
"""From the look-up of the name to the end of the answer."""
ANSWER_BYTES_MAX: Final = 64 * 1024
"""What is read of an answer, and thrown away, before the connection is closed."""


class Sender:
    """Sends to whatever URLs merchants gave. No method raises for the network or for the merchant's server.

    Redirects are not followed, proxies of the environment not used, cookies not kept, and each attempt has a connection
    of its own: so each looks the name up anew, and none fails for an old connection that was closed meanwhile.
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
    ) -> None:
        self._look_up = look_up
        self._clock = clock
        self._allow_loopback = allow_loopback
        self._connections_max = connections_max
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def send(self, url: str, headers: dict[str, str], body: bytes) -> AttemptResult:
        """POST a body once."""
        target = check_url(url, allow_loopback=self._allow_loopback)
        if isinstance(target, Forbidden):
            return AttemptResult(error="address_forbidden")
        try:
            async with self._opened().post(
                target, data=body, headers=headers, allow_redirects=False
            ) as response:
                retry_after = response.headers.get("Retry-After", "")
                await _read_some(response)
                return AttemptResult(
                    status=response.status,
                    retry_after_seconds=retry_after_seconds(retry_after, self._clock.now()),
                )
        except Exception as error:  # noqa: BLE001 -- whatever a stranger's server makes a library raise ends here
            return AttemptResult(error=_error_of(error))

    async def close(self) -> None:
        """Close the connections; attempts under way end as broken."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        """The session, born with the first attempt because aiohttp ties it to the running event loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=GuardedResolver(self._look_up, allow_loopback=self._allow_loopback),
                    use_dns_cache=False,
                    force_close=True,
                    limit=self._connections_max,
                    ssl=self._tls or True,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                headers={
                    "Content-Type": "application/json",
                    "User-Agent": "FinCore-Webhooks",
                    "Accept-Encoding": "identity",
                },
                timeout=self._timeout,
            )
        return self._session


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
    """The status has come, and nothing in the body changes what it says: how the body ends does not matter."""
    size = 0
    try:
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > ANSWER_BYTES_MAX:
                break
    except (aiohttp.ClientError, OSError):
        pass
    response.close()


def _error_of(error: Exception) -> AttemptError:
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
