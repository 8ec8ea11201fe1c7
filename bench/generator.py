"""The load generator: HTTP/1.1 over raw asyncio protocols, so that it takes little of the cores it shares.

Reads a `Load` as JSON from standard input, prints a `LoadResult`. It understands just enough HTTP to count answers:
the status, and where a body of a known length ends.
"""

import asyncio
import itertools
import sys
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import uvloop

from bench.load import Load, LoadResult, Stage

TICK_SECONDS: Final = 0.001
"""How often an open loop looks for requests that have become due."""
ANSWER_TIMEOUT_SECONDS: Final = 20.0
"""How long the last answers are awaited once the load is over."""
RECEIVE_BYTES_MAX: Final = 1024 * 1024

_END_OF_HEAD: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"


class Recorder:
    """Counts answers of the stage at hand."""

    def __init__(self) -> None:
        self.first_error: str | None = None
        self.begin()

    def begin(self) -> None:
        """Start a stage: forget what was counted."""
        self.latencies = array("d")
        self.statuses: Counter[bytes] = Counter()
        self.began = time.perf_counter()
        self.seconds = 0.0

    def end(self) -> None:
        """No more load in this stage; what is answered later still counts towards its latencies."""
        self.seconds = time.perf_counter() - self.began

    def stage(self, offered_per_second: float | None = None, answers: int | None = None) -> Stage:
        """What was counted."""
        ordered = sorted(self.latencies)
        return Stage(
            seconds=self.seconds,
            answers=len(ordered) if answers is None else answers,
            statuses={status.decode(): count for status, count in self.statuses.items()},
            p50_ms=_percentile_ms(ordered, 0.50),
            p90_ms=_percentile_ms(ordered, 0.90),
            p99_ms=_percentile_ms(ordered, 0.99),
            max_ms=_percentile_ms(ordered, 1.0),
            offered_per_second=offered_per_second,
        )


def _percentile_ms(ordered: list[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000 if ordered else 0.0


class NoMoreRequests(Exception):
    """All requests of a file were sent."""


class Requests:
    """The bytes of the next request, ready made but for its number; or those of a file, one after the other."""

    def __init__(self, load: Load) -> None:
        self.made = 0
        self._ready = _read_requests(load.requests_file) if load.requests_file else None
        self._key = load.idempotency_prefix
        head = f"{load.method} {load.path} HTTP/1.1\r\nHost: 127.0.0.1:{load.port}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in load.headers.items())
        self._parts: Iterator[tuple[bytes, list[bytes]]] = itertools.cycle(
            [_parts(head, body.content) for body in load.bodies for _ in range(body.weight)]
            or [(head.encode(), [b"\r\n"])]
        )

    def next(self) -> bytes:
        """One more request; raise `NoMoreRequests` at the end of a file."""
        number = self.made
        if self._ready is not None:
            if number == len(self._ready):
                raise NoMoreRequests
            self.made = number + 1
            return self._ready[number]
        self.made = number + 1
        head, body = next(self._parts)
        if self._key is not None:
            head = b"%bIdempotency-Key: %b-%d\r\n" % (head, self._key.encode(), number)
        return head + (b"%04d" % (number % 10_000)).join(body)


def _read_requests(path: str) -> list[bytes]:
    return msgspec.msgpack.decode(Path(path).read_bytes(), type=list[bytes])


def _parts(head: str, content: str) -> tuple[bytes, list[bytes]]:
    length = len(content.replace("{n}", "0000").encode())
    head += f"Content-Type: application/json\r\nContent-Length: {length}\r\n"
    first, *others = content.split("{n}")
    return head.encode(), [f"\r\n{first}".encode(), *(part.encode() for part in others)]


class Client(asyncio.Protocol):
    """One kept-alive connection with at most one request on its way."""

    def __init__(self, recorder: Recorder, on_idle: "Callable[[Client], None]") -> None:
        self._recorder = recorder
        self._on_idle = on_idle
        self._received = b""
        self._due_at = 0.0
        self._transport: asyncio.Transport | None = None
        self.is_busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def send(self, request: bytes, due_at: float) -> None:
        """Send a request that was due at a moment of `perf_counter`."""
        if self._transport is None:
            raise RuntimeError("the connection is not open")
        self.is_busy = True
        self._due_at = due_at
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        received = self._received + data if self._received else data
        end_of_head = received.find(_END_OF_HEAD)
        if end_of_head < 0 or len(received) < end_of_head + 4 + _body_length(received[:end_of_head]):
            if len(received) > RECEIVE_BYTES_MAX:
                raise RuntimeError("an answer is larger than the generator takes")
            self._received = received
            return
        self._received = b""
        recorder = self._recorder
        recorder.latencies.append(time.perf_counter() - self._due_at)
        status = received[9:12]
        recorder.statuses[status] += 1
        if recorder.first_error is None and status[:1] != b"2":
            recorder.first_error = received.decode(errors="replace")
        self.is_busy = False
        self._on_idle(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self.is_busy and self._recorder.first_error is None:
            self._recorder.first_error = f"the server closed the connection ({exc!r})"

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


def _body_length(head: bytes) -> int:
    at = head.find(_LENGTH)
    if at < 0:
        head = head.lower()
        at = head.find(_LENGTH)
        if at < 0:
            return 0
    return int(head[at + len(_LENGTH) :].partition(b"\r\n")[0])


class Generator:
    """Puts one load on one server."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._requests = Requests(load)
        self._recorder = Recorder()
        self._clients: list[Client] = []
        self._idle: deque[Client] = deque()
        self._due: deque[float] = deque()
        self._over = asyncio.Event()

    async def run(self) -> LoadResult:
        """The whole load, bounded in time."""
        loop = asyncio.get_running_loop()
        on_idle = self._send_due if self._load.rates else self._send_again
        for _ in range(self._load.connections):
            _, client = await loop.create_connection(
                lambda: Client(self._recorder, on_idle), "127.0.0.1", self._load.port
            )
            self._clients.append(client)
        cpu_began = time.process_time()
        stages = await (self._open_loop() if self._load.rates else self._closed_loop())
        cpu_seconds = time.process_time() - cpu_began
        unanswered = sum(client.is_busy for client in self._clients) + len(self._due)
        for client in self._clients:
            client.close()
        return LoadResult(
            stages=tuple(stages),
            sent=self._requests.made,
            unanswered=unanswered,
            cpu_seconds=cpu_seconds,
            first_error=self._recorder.first_error,
        )

    async def _closed_loop(self) -> list[Stage]:
        for client in self._clients:
            self._send_again(client)
        await self._keep_on(self._load.warmup_seconds)
        self._recorder.begin()
        await self._keep_on(self._load.seconds)
        self._recorder.end()
        self._over.set()
        stage = self._recorder.stage()
        await self._answered()
        return [stage]

    async def _keep_on(self, seconds: float) -> None:
        """Let the connections go on for some time, or until there is nothing left to send."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)

    async def _open_loop(self) -> list[Stage]:
        self._idle.extend(self._clients)
        stages = []
        for rate, seconds in self._load.rates:
            self._recorder.begin()
            await self._offer(rate, seconds)
            self._recorder.end()
            stages.append(self._recorder.stage(rate))
        # The last stage waits for its own stragglers, so that no slow answer is left out of its latencies.
        answers = len(self._recorder.latencies)
        await self._answered()
        stages[-1] = self._recorder.stage(self._load.rates[-1][0], answers)
        return stages

    async def _offer(self, rate: float, seconds: float) -> None:
        began = time.perf_counter()
        count = int(rate * seconds)
        made = 0
        while made < count:
            now = time.perf_counter()
            while made < count and began + made / rate <= now:
                self._due.append(began + made / rate)
                made += 1
            while self._due and self._idle:
                self._idle.popleft().send(self._requests.next(), self._due.popleft())
            await asyncio.sleep(TICK_SECONDS)
        await asyncio.sleep(max(0.0, began + seconds - time.perf_counter()))

    async def _answered(self) -> None:
        deadline = time.perf_counter() + ANSWER_TIMEOUT_SECONDS
        while self._is_waiting() and time.perf_counter() < deadline:  # noqa: ASYNC110 - an event would cost every answer
            await asyncio.sleep(TICK_SECONDS)

    def _is_waiting(self) -> bool:
        return bool(self._due) or any(client.is_busy for client in self._clients)

    def _send_again(self, client: Client) -> None:
        if not self._over.is_set():
            try:
                request = self._requests.next()
            except NoMoreRequests:
                self._over.set()
                return
            client.send(request, time.perf_counter())

    def _send_due(self, client: Client) -> None:
        if self._due:
            client.send(self._requests.next(), self._due.popleft())
        else:
            self._idle.append(client)


def main() -> None:
    """Entry point of the generator's process."""
    load = msgspec.json.decode(sys.stdin.buffer.read(), type=Load)
    result = uvloop.run(Generator(load).run())
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main()
