"""HTTP to a PSP: one session, bounded in connections, time and size. It returns what happened and decides nothing."""

import os
from collections.abc import AsyncGenerator, Mapping
from typing import Final

import aiohttp
import msgspec
from yarl import URL

from fincore.domain.errors import FinCoreError
from fincore.observability.tracing.span import current
from fincore.version import VERSION

CONNECTIONS_MAX: Final = 200
CONNECT_TIMEOUT_SECONDS: Final = 3.0
"""Includes waiting for one of the connections to become free."""
TOTAL_TIMEOUT_SECONDS: Final = 30.0
RESPONSE_BYTES_MAX: Final = 2 * 1024 * 1024
PIECE_BYTES: Final = 256 * 1024
"""What a download hands over at a time, at most."""
SILENCE_SECONDS_MAX: Final = 30.0
"""How long a download may stand still."""
_OK: Final = 200


class RawResponse(msgspec.Struct, frozen=True):
    """The PSP answered, with a body of at most the bound. `headers` are found by names of any letter case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NotSent(msgspec.Struct, frozen=True):
    """The PSP knows nothing of this call: no connection could be made, or what the call needs was refused before it.

    `retry_after_seconds` is set where an earlier repeat is of no use.
    """

    reason: str
    retry_after_seconds: float | None = None


class NoResponse(msgspec.Struct, frozen=True):
    """The call may have reached the PSP; what the PSP did with it is not known."""

    reason: str


class DownloadBroken(FinCoreError):
    """A file did not come, or not to its end; the message says why and names no secret."""


class _ResponseTooLarge(Exception):
    pass


class HttpSession:
    """Calls one PSP, named `psp` in sentences. `headers` are sent with every call.

    No method raises for the network or for the PSP. Redirects are not followed: they would carry the key elsewhere.
    """

    def __init__(
        self,
        psp: str,
        *,
        headers: Mapping[str, str] | None = None,
        connections_max: int = CONNECTIONS_MAX,
        connect_timeout_seconds: float = CONNECT_TIMEOUT_SECONDS,
        total_timeout_seconds: float = TOTAL_TIMEOUT_SECONDS,
        response_bytes_max: int = RESPONSE_BYTES_MAX,
    ) -> None:
        self._psp = psp
        self._headers = {"User-Agent": f"FinCore/{VERSION}", "Accept-Encoding": "identity", **(headers or {})}
        self._connections_max = connections_max
        self._total_timeout_seconds = total_timeout_seconds
        self._timeout = aiohttp.ClientTimeout(total=total_timeout_seconds, connect=connect_timeout_seconds)
        self._response_bytes_max = response_bytes_max
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self, method: str, url: URL, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> RawResponse | NotSent | NoResponse:
        """One call. Both kinds of failure say why in a sentence that names no secret."""
        try:
            async with self._opened().request(
                method, url, data=body, headers=headers, allow_redirects=False
            ) as response:
                current().set("http.response.status_code", response.status)
                return RawResponse(response.status, response.headers, await self._bounded_body(response))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            # aiohttp raises these two only while it resolves, connects or waits for a free connection.
            return NotSent(f"could not connect to {self._psp} ({_why_not_connected(error)})")
        except _ResponseTooLarge:
            return NoResponse(f"{self._psp}'s response is larger than {self._response_bytes_max} bytes")
        except TimeoutError:
            return NoResponse(f"{self._psp} did not answer within {self._total_timeout_seconds:g} s")
        except (aiohttp.ClientError, OSError) as error:
            return NoResponse(f"the connection to {self._psp} broke ({type(error).__name__})")

    async def download(self, url: URL, *, headers: Mapping[str, str]) -> AsyncGenerator[bytes, None]:
        """The body of a file of any length, piece by piece; the caller bounds length and time. Raises `DownloadBroken`."""
        timeout = aiohttp.ClientTimeout(
            total=None, connect=self._timeout.connect, sock_read=SILENCE_SECONDS_MAX
        )
        try:
            async with self._opened().get(
                url, headers=headers, allow_redirects=False, timeout=timeout
            ) as response:
                if response.status != _OK:
                    raise DownloadBroken(f"{self._psp} answered {response.status} in place of the file")
                async for piece in response.content.iter_chunked(PIECE_BYTES):
                    yield piece
        except TimeoutError as error:
            raise DownloadBroken(f"{self._psp} sent nothing for {SILENCE_SECONDS_MAX:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise DownloadBroken(f"the connection to {self._psp} broke ({type(error).__name__})") from error

    async def close(self) -> None:
        """Close the connections; calls under way end as unanswered."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        """The session, born with the first call because aiohttp ties it to the running event loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections_max),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers,
                timeout=self._timeout,
            )
        return self._session

    async def _bounded_body(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self._response_bytes_max:
                raise _ResponseTooLarge
        return bytes(body)


def _why_not_connected(error: aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError) -> str:
    """The system's words where a connection was refused; aiohttp's name for anything else."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else None
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the name of its host was not found"
    if isinstance(cause, ConnectionError) and cause.errno is not None:
        return os.strerror(cause.errno).lower()
    return type(error).__name__
