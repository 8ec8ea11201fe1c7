"""Connections to merchants' servers: each to an address that was checked, kept for the next webhook, and not for long."""

import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Final

import aiohttp

from fincore.notify.guarded_resolver import GuardedResolver, LookUp
from fincore.version import VERSION

CONNECTION_USE_SECONDS_MAX: Final = 45.0
"""For how long attempts may begin on connections once made: the next ones look the name up and check it anew."""
CONNECTION_IDLE_SECONDS_MAX: Final = 4.0
"""A second less than the least patient of the common servers (Node.js, Apache: 5 s), which would close it under a webhook."""


class ConnectionUse:
    """Tells whether a request went over a connection that had been used before."""

    __slots__ = ("is_reused",)

    def __init__(self) -> None:
        self.is_reused = False


class _Generation:
    """Connections that are given up together, once none of them is in use."""

    def __init__(self, session: aiohttp.ClientSession, *, born_at: float) -> None:
        self.session = session
        self.born_at = born_at
        self.users = 0


class Connections:
    """Lends sessions of aiohttp that follow nothing and remember nothing but their connections.

    A kept connection leads where the name led when it was made: to an address that was checked then. It lives for
    `CONNECTION_USE_SECONDS_MAX` and the attempt that is under way at the end.
    """

    def __init__(
        self,
        look_up: LookUp,
        *,
        allow_loopback: bool,
        count_max: int,
        timeout_seconds: float,
        tls: ssl.SSLContext | None,
        monotonic: Callable[[], float],
    ) -> None:
        self._look_up = look_up
        self._allow_loopback = allow_loopback
        self._count_max = count_max
        self._timeout_seconds = timeout_seconds
        self._tls = tls
        self._monotonic = monotonic
        self._generations: list[_Generation] = []
        self._lone: aiohttp.ClientSession | None = None

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[aiohttp.ClientSession]:
        """A session with connections that outlive the request. Pass it a `ConnectionUse` as `trace_request_ctx`."""
        generation = await self._youngest()
        generation.users += 1
        try:
            yield generation.session
        finally:
            generation.users -= 1
            await self._give_up_old()

    def lone(self) -> aiohttp.ClientSession:
        """A session that makes a connection for each request and closes it afterwards."""
        if self._lone is None:
            self._lone = self._new_session(force_close=True)
        return self._lone

    async def close(self) -> None:
        """Close all connections; requests under way end as broken."""
        sessions = [generation.session for generation in self._generations]
        self._generations.clear()
        if self._lone is not None:
            sessions.append(self._lone)
            self._lone = None
        for session in sessions:
            await session.close()

    async def _youngest(self) -> _Generation:
        now = self._monotonic()
        if self._generations and now - self._generations[-1].born_at < CONNECTION_USE_SECONDS_MAX:
            return self._generations[-1]
        youngest = _Generation(self._new_session(force_close=False), born_at=now)
        self._generations.append(youngest)
        await self._give_up_old()
        return youngest

    async def _give_up_old(self) -> None:
        unused = [generation for generation in self._generations[:-1] if not generation.users]
        for generation in unused:
            self._generations.remove(generation)
        for generation in unused:
            await generation.session.close()

    def _new_session(self, *, force_close: bool) -> aiohttp.ClientSession:
        """A session, born with a request because aiohttp ties it to the running event loop."""
        reuse = aiohttp.TraceConfig()
        reuse.on_connection_reuseconn.append(_note_reuse)
        resolver = GuardedResolver(self._look_up, allow_loopback=self._allow_loopback)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=resolver,
                use_dns_cache=False,
                force_close=force_close,
                keepalive_timeout=None if force_close else CONNECTION_IDLE_SECONDS_MAX,
                limit=self._count_max,
                ssl=self._tls or True,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            headers={
                "Content-Type": "application/json",
                "User-Agent": f"FinCore-Webhooks/{VERSION}",
                "Accept-Encoding": "identity",
            },
            timeout=aiohttp.ClientTimeout(total=self._timeout_seconds),
            trace_configs=[reuse],
        )


async def _note_reuse(
    _session: aiohttp.ClientSession,
    context: SimpleNamespace,
    _params: aiohttp.TraceConnectionReuseconnParams,
) -> None:
    use: ConnectionUse | None = context.trace_request_ctx
    if use is not None:
        use.is_reused = True
