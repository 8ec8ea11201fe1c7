"""The merchant's back end after the payment, in a process of its own: captures what is held, refunds what came back.

It follows the log, and asks for what a charge's amount calls for once the charge has come that far. It ends when its
standard input does, and prints a `FollowedUp`.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from typing import Final, NamedTuple

import aiohttp
import msgspec
import uvloop

from fincore.domain.events import CHARGE_EVENTS, ChargeAuthorized, ChargeCaptured, ChargeEvent
from fincore.domain.ids import charge_of
from fincore.eventstore.log import EventLog, LoggedEvent, UnreadableEvent
from fincore.postgres.pool import create_pool

REFUNDED_FROM_MINOR: Final = 20_000
"""A charge that took this much or more is refunded by half; less is left alone."""
CAPTURED_FROM_MINOR: Final = 30_000
"""A charge that holds this much or more is captured; what it took is not refunded."""
POLL_SECONDS: Final = 0.05
READ_EVENTS_MAX: Final = 1_000
CONNECTIONS: Final = 32
REQUEST_TIMEOUT_SECONDS: Final = 20.0
STOP_TIMEOUT_SECONDS: Final = 60.0

_CAPTURED: Final = 200
_REFUNDED: Final = 201


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Which log to follow, and which API to ask."""

    dsn: str
    api_port: int
    secret_key: str


class FollowedUp(msgspec.Struct, frozen=True, kw_only=True):
    """How many captures and refunds were accepted, and what was answered otherwise. Latencies of POST in milliseconds."""

    captures: int
    refunds: int
    refused: int
    first_error: str | None
    p50_ms: float
    p99_ms: float


def start(order: Order) -> "subprocess.Popen[bytes]":
    """The process, started."""
    return subprocess.Popen(
        [sys.executable, "-m", "bench.follow_up", msgspec.json.encode(order).decode()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def result_of(process: "subprocess.Popen[bytes]") -> FollowedUp:
    """Have the process ask for what is left to ask for, and read what came of it all."""
    try:
        output, _ = process.communicate(timeout=STOP_TIMEOUT_SECONDS)
    finally:
        process.kill()
    if process.returncode:
        raise RuntimeError(f"the merchant's back end ended with exit code {process.returncode}")
    return msgspec.json.decode(output, type=FollowedUp)


class BackEnd:
    """One merchant's back end."""

    def __init__(self, order: Order, log: EventLog[ChargeEvent], session: aiohttp.ClientSession) -> None:
        self._url = f"http://127.0.0.1:{order.api_port}/v1"
        self._log = log
        self._session = session
        self._place = (0, 0)
        self._accepted: Counter[int] = Counter()
        self._refused = 0
        self._first_error: str | None = None
        self._latencies: list[float] = []

    async def run(self, stop: asyncio.Event) -> FollowedUp:
        """Follow the log until `stop` and from there to its end."""
        async with asyncio.TaskGroup() as requests:
            while True:
                was_stopping = stop.is_set()
                events = await self._log.read_after(*self._place, limit=READ_EVENTS_MAX)
                for recorded in events:
                    self._place = (recorded.tx, recorded.pos)
                    wish = _wish_after(recorded)
                    if wish is not None:
                        requests.create_task(self._post(wish))
                if not events and was_stopping:
                    break
                if len(events) < READ_EVENTS_MAX:
                    await asyncio.sleep(POLL_SECONDS)
        ordered = sorted(self._latencies) or [0.0]
        return FollowedUp(
            captures=self._accepted[_CAPTURED],
            refunds=self._accepted[_REFUNDED],
            refused=self._refused,
            first_error=self._first_error,
            p50_ms=ordered[len(ordered) // 2] * 1000,
            p99_ms=ordered[int(len(ordered) * 0.99)] * 1000,
        )

    async def _post(self, wish: "_Wish") -> None:
        began = time.perf_counter()
        url, headers = self._url + wish.path, {"Idempotency-Key": wish.key}
        try:
            async with self._session.post(url, json=wish.body, headers=headers) as answer:
                text = await answer.text()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            text, status = repr(error), 0
        self._latencies.append(time.perf_counter() - began)
        if status == wish.status:
            self._accepted[status] += 1
            return
        self._refused += 1
        self._first_error = self._first_error or f"{wish.path}: {status} {text}"


class _Wish(NamedTuple):
    """A request, and the status of its acceptance."""

    path: str
    key: str
    body: dict[str, object]
    status: int


def _wish_after(logged: LoggedEvent[ChargeEvent]) -> _Wish | None:
    """What the merchant asks for after an event, if anything."""
    if isinstance(logged, UnreadableEvent):
        return None
    charge_id = charge_of(logged.stream_id)
    match logged.event:
        case ChargeAuthorized(amount_minor=held) if held >= CAPTURED_FROM_MINOR:
            return _Wish(f"/charges/{charge_id}/capture", f"capture-{charge_id}", {}, _CAPTURED)
        case ChargeCaptured(amount_minor=taken) if REFUNDED_FROM_MINOR <= taken < CAPTURED_FROM_MINOR:
            refund: dict[str, object] = {"charge": charge_id, "amount_minor": taken // 2}
            return _Wish("/refunds", f"refund-{charge_id}", refund, _REFUNDED)
        case _:
            return None


def _end_of_input() -> asyncio.Event:
    """An event that is set once standard input ends."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    descriptor = sys.stdin.fileno()

    def read() -> None:
        if not os.read(descriptor, 1024):
            loop.remove_reader(descriptor)
            ended.set()

    loop.add_reader(descriptor, read)
    return ended


async def _run(order: Order) -> FollowedUp:
    stop = _end_of_input()
    pool = await create_pool(
        order.dsn, application_name="bench-follow-up", role="fincore_service", size_max=1
    )
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS),
        headers={"Authorization": f"Bearer {order.secret_key}"},
        timeout=aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_SECONDS),
    )
    async with session:
        try:
            return await BackEnd(order, EventLog(pool, CHARGE_EVENTS), session).run(stop)
        finally:
            pool.terminate()


def main() -> None:
    """Entry point of the process."""
    order = msgspec.json.decode(sys.argv[1], type=Order)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        done = runner.run(_run(order))
    sys.stdout.buffer.write(msgspec.json.encode(done))


if __name__ == "__main__":
    main()
