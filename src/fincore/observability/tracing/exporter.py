"""Sends ended spans to a collector (OTLP over HTTP, protobuf), beside the work of a role and never in its way.

Spans wait in a queue with a bound. One beyond it is dropped and counted, and so are those of a request that the collector does not take:
nothing is sent twice. While the collector is away, it is asked now and then, and the role goes on.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Final

import aiohttp
import structlog

from fincore.observability.tracing.metrics import SPANS, SpanResult
from fincore.observability.tracing.otlp import export_request
from fincore.observability.tracing.span import Span
from fincore.version import VERSION

_log = structlog.get_logger(__name__)

SPANS_WAITING_MAX: Final = 8_192
REQUEST_SPANS_MAX: Final = 128
"""Spans in one request: encoding them holds the event loop up for one to two milliseconds."""
INTERVAL_SECONDS: Final = 0.5
"""How long spans gather before they are sent."""
TIMEOUT_SECONDS: Final = 5.0
PAUSE_SECONDS_MAX: Final = 30.0
"""The longest pause after requests that failed; it doubles from `INTERVAL_SECONDS`."""
FINISH_SECONDS_MAX: Final = 2.0
"""How long the end of a role may wait for what is left."""
_PATH: Final = "/v1/traces"
_OK: Final = range(200, 300)


class Exporter:
    """Exports the spans of one process, which `resource` names, to the collector at `url`. `run` has to run for that."""

    def __init__(
        self,
        url: str,
        resource: Mapping[str, str],
        *,
        spans_waiting_max: int = SPANS_WAITING_MAX,
        timeout_seconds: float = TIMEOUT_SECONDS,
        finish_seconds_max: float = FINISH_SECONDS_MAX,
    ) -> None:
        self._url = url.rstrip("/") + _PATH
        self._resource = resource
        self._spans_waiting_max = spans_waiting_max
        self._timeout_seconds = timeout_seconds
        self._finish_seconds_max = finish_seconds_max
        self._waiting: deque[Span] = deque()
        self._stopping = asyncio.Event()
        self._is_refused = False

    def take(self, span: Span) -> None:
        """Take an ended span; it never blocks and never raises."""
        if self._stopping.is_set():
            SPANS["stopped"].inc()
        elif len(self._waiting) >= self._spans_waiting_max:
            SPANS["queue_full"].inc()
        else:
            self._waiting.append(span)

    def stop(self) -> None:
        """Take no more spans and let `run` return once those that wait are sent, or the bound of time is over."""
        self._stopping.set()

    async def run(self) -> None:
        """Export until `stop`. An error of ours ends the export and not the role: what comes then is dropped and counted."""
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._timeout_seconds),
            connector=aiohttp.TCPConnector(limit=1),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Content-Type": "application/x-protobuf", "User-Agent": f"FinCore/{VERSION}"},
        ) as session:
            exporting = asyncio.create_task(self._export(session))
            stopping = asyncio.create_task(self._stopping.wait())
            await asyncio.wait({exporting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if exporting.done() and (error := exporting.exception()) is not None:
                _log.error("traces.export_ended", exc_info=error)
            await stopping
            await asyncio.wait({exporting}, timeout=self._finish_seconds_max)
            exporting.cancel()
            await asyncio.gather(exporting, return_exceptions=True)
        SPANS["stopped"].inc(len(self._waiting))
        self._waiting.clear()

    async def _export(self, session: aiohttp.ClientSession) -> None:
        pause_seconds = INTERVAL_SECONDS
        is_last = False
        while not is_last:
            await self._pause(pause_seconds)
            is_last = self._stopping.is_set()
            pause_seconds = (
                INTERVAL_SECONDS
                if await self._send_all(session)
                else min(pause_seconds * 2, PAUSE_SECONDS_MAX)
            )

    async def _send_all(self, session: aiohttp.ClientSession) -> bool:
        """Send what waits, in several requests; False where the collector does not take one."""
        while self._waiting:
            if not await self._send(session):
                return False
        return True

    async def _send(self, session: aiohttp.ClientSession) -> bool:
        """Send the spans that waited longest, once; whether the collector took them."""
        count = min(REQUEST_SPANS_MAX, len(self._waiting))
        spans = [self._waiting.popleft() for _ in range(count)]
        result: SpanResult = "stopped"
        try:
            refusal = await self._refusal(session, export_request(self._resource, spans))
            result = "exported" if refusal is None else "collector_failed"
        finally:
            SPANS[result].inc(count)
        if refusal is not None and not self._is_refused:
            _log.warning("traces.not_exported", reason=refusal)
        self._is_refused = refusal is not None
        return refusal is None

    async def _refusal(self, session: aiohttp.ClientSession, body: bytes) -> str | None:
        """Why the collector did not take a request; None where it did."""
        try:
            async with session.post(self._url, data=body, allow_redirects=False) as response:
                return None if response.status in _OK else f"the collector answered {response.status}"
        except TimeoutError:
            return f"the collector did not answer within {self._timeout_seconds:g} s"
        except (aiohttp.ClientError, OSError) as error:
            return f"no connection to the collector ({type(error).__name__})"

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return
