"""Webhooks on their way out: bounded concurrency, signed attempts, retries with exponential back-off, faults on demand."""

import asyncio
import contextlib
from collections import Counter
from typing import Protocol

import aiohttp
import msgspec
import structlog

from psp_sandbox.clock import Clock
from psp_sandbox.faults import Fault, FaultRules, PspName

log = structlog.get_logger("psp_sandbox.delivery")

MAX_PENDING = 200_000
TIMEOUT_SECONDS = 10.0


class Retries(msgspec.Struct, frozen=True, kw_only=True):
    """When a webhook that was not taken is tried again: `base_seconds`, doubled each time up to `max_seconds`."""

    base_seconds: float = 1.0
    max_seconds: float = 60.0
    max_attempts: int = 15

    def wait(self, attempts_made: int) -> float:
        """Seconds from a failed attempt to the next."""
        return min(self.base_seconds * float(1 << min(attempts_made - 1, 30)), self.max_seconds)


class Destination(Protocol):
    """Where a webhook goes and how its attempts are signed."""

    @property
    def url(self) -> str:
        """Where to POST."""

    def headers(self, payload: bytes) -> dict[str, str]:
        """The headers of one attempt, signed now."""

    def forged_headers(self, payload: bytes) -> dict[str, str]:
        """The same with a signature that does not verify."""


class Parcel:
    """One webhook for one destination. The payload stays an immutable object until an attempt encodes it."""

    __slots__ = (
        "attempts",
        "destination",
        "due_at",
        "event_id",
        "followed_by",
        "forged",
        "payload",
        "retries",
        "timer",
    )

    def __init__(self, event_id: str, payload: object, destination: Destination, retries: Retries) -> None:
        self.event_id = event_id
        self.payload = payload
        self.destination = destination
        self.retries = retries
        self.due_at = 0.0
        self.attempts = 0
        self.forged = False
        self.followed_by: Parcel | None = None
        self.timer: asyncio.TimerHandle | None = None


class Delivery:
    """All webhooks of all accounts. At most MAX_PENDING wait at a time; further ones are counted as overflowed.

    Waits pass by the sandbox's clock: what has become due when it is advanced is sent by `run_due`.
    """

    def __init__(self, *, clock: Clock, faults: FaultRules, concurrency: int) -> None:
        self.counts: Counter[str] = Counter()
        self._clock = clock
        self._faults = faults
        self._concurrency = concurrency
        self._owed: Counter[str] = Counter()
        self._held: dict[str, Parcel] = {}
        self._pending = 0
        self._queue: asyncio.Queue[Parcel] = asyncio.Queue()
        self._session: aiohttp.ClientSession | None = None
        self._workers: list[asyncio.Task[None]] = []
        self._resting: set[Parcel] = set()

    async def start(self) -> None:
        """Open the client and its workers."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        connector = aiohttp.TCPConnector(limit=self._concurrency)
        self._session = aiohttp.ClientSession(timeout=timeout, connector=connector, auto_decompress=False)
        self._workers = [asyncio.create_task(self._work(self._session)) for _ in range(self._concurrency)]

    async def stop(self) -> None:
        """Drop what is still pending and close the connections."""
        self.clear()
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def clear(self) -> None:
        """Forget everything that waits, and all counts."""
        for parcel in self._resting:
            if parcel.timer is not None:
                parcel.timer.cancel()
        self._resting.clear()
        while not self._queue.empty():
            self._queue.get_nowait()
        self._held.clear()
        self._owed.clear()
        self.counts.clear()
        self._pending = 0

    def pending(self, event_id: str | None = None) -> int:
        """Deliveries still owed, of one event or of all."""
        return self._pending if event_id is None else self._owed[event_id]

    def dispatch(
        self,
        *,
        psp: PspName,
        event_id: str,
        event_type: str,
        metadata: dict[str, str],
        payload: object,
        to: Destination,
        retries: Retries,
    ) -> None:
        """Accept one webhook. Never waits."""
        if self._pending >= MAX_PENDING:
            self.counts["overflowed"] += 1
            return
        parcel = Parcel(event_id, payload, to, retries)
        fault = None if self._faults.empty() else self._faults.take_for_webhook(psp, event_type, metadata)
        held = self._held.pop(to.url, None)
        if held is not None:
            self._wake(held)
            parcel.followed_by = held
        if fault is None:
            self._accept(parcel)
        else:
            self._spoil(parcel, fault)

    def _spoil(self, parcel: Parcel, fault: Fault) -> None:
        if fault.kind == "webhook_drop":
            self.counts["dropped"] += 1
            if parcel.followed_by is not None:
                self._queue.put_nowait(parcel.followed_by)
            return
        if fault.kind == "webhook_duplicate":
            self._accept(Parcel(parcel.event_id, parcel.payload, parcel.destination, parcel.retries))
            self._accept(parcel)
        elif fault.kind == "webhook_delay":
            self._accept(parcel, delay=fault.lasting())
        elif fault.kind == "webhook_reorder":
            self._owe(parcel)
            self._held[parcel.destination.url] = parcel
            self._later(fault.lasting(), parcel)
        else:
            parcel.forged = True
            self._accept(parcel)

    def _accept(self, parcel: Parcel, *, delay: float = 0.0) -> None:
        self._owe(parcel)
        if delay:
            self._later(delay, parcel)
        else:
            self._queue.put_nowait(parcel)

    def _owe(self, parcel: Parcel) -> None:
        self._owed[parcel.event_id] += 1
        self._pending += 1

    def run_due(self) -> None:
        """Send what has become due by the sandbox's clock: it was advanced."""
        now = self._clock.now()
        for parcel in sorted(self._resting, key=lambda resting: resting.due_at):
            if parcel.due_at <= now:
                self._send_now(parcel)

    def _later(self, seconds: float, parcel: Parcel) -> None:
        parcel.due_at = self._clock.now() + seconds
        parcel.timer = asyncio.get_running_loop().call_later(seconds, self._send_now, parcel)
        self._resting.add(parcel)

    def _send_now(self, parcel: Parcel) -> None:
        self._wake(parcel)
        if self._held.get(parcel.destination.url) is parcel:
            del self._held[parcel.destination.url]
        self._queue.put_nowait(parcel)

    def _wake(self, parcel: Parcel) -> None:
        self._resting.discard(parcel)
        if parcel.timer is not None:
            parcel.timer.cancel()
            parcel.timer = None

    async def _work(self, session: aiohttp.ClientSession) -> None:
        while True:
            parcel = await self._queue.get()
            taken = await self._attempt(session, parcel)
            if parcel.event_id not in self._owed:
                continue  # cleared meanwhile
            follower, parcel.followed_by = parcel.followed_by, None
            if follower is not None:
                self._queue.put_nowait(follower)
            if taken:
                self.counts["delivered"] += 1
                self._finish(parcel)
            elif parcel.attempts >= parcel.retries.max_attempts:
                self.counts["abandoned"] += 1
                self._finish(parcel)
                log.warning("webhook.abandoned", event_id=parcel.event_id, attempts=parcel.attempts)
            else:
                self._later(parcel.retries.wait(parcel.attempts), parcel)

    def _finish(self, parcel: Parcel) -> None:
        self._pending -= 1
        self._owed[parcel.event_id] -= 1
        if not self._owed[parcel.event_id]:
            del self._owed[parcel.event_id]

    async def _attempt(self, session: aiohttp.ClientSession, parcel: Parcel) -> bool:
        """One POST; any 2xx means the webhook was taken. Redirects are not followed."""
        body = msgspec.json.encode(parcel.payload)
        to = parcel.destination
        headers = to.forged_headers(body) if parcel.forged else to.headers(body)
        headers["Content-Type"] = "application/json; charset=utf-8"
        parcel.attempts += 1
        parcel.forged = False
        self.counts["sent"] += 1
        status: int | None = None
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError, ValueError):
            async with session.post(to.url, data=body, headers=headers, allow_redirects=False) as response:
                status = response.status
        if status is not None and 200 <= status < 300:  # noqa: PLR2004 - any 2xx
            return True
        self.counts["failed_attempts"] += 1
        log.info("webhook.not_taken", event_id=parcel.event_id, status=status, attempt=parcel.attempts)
        return False
