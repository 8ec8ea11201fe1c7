"""What load to put on an HTTP server, and what came of it: the values the generator's process reads and prints."""

import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

START_TIMEOUT_SECONDS: Final = 60.0
"""How much longer than its load the generator may live."""


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """One request body, sent `weight` times in every round of all bodies."""

    content: str
    weight: int = 1


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """Requests to one path of a server on 127.0.0.1.

    Without `rates` each of the connections sends its next request when the last is answered (closed loop). With
    `rates`, pairs of (requests a second, seconds), requests are due by the clock whether or not earlier ones are
    answered (open loop), and a latency counts from the moment a request was due. `{n}` in a body is replaced by the
    request's number as four digits. With `idempotency_prefix` each request carries its own Idempotency-Key.
    `requests_file` names a file that `write_requests` made: a closed loop sends those instead, each once, and ends with
    the last.
    """

    port: int
    method: str
    path: str
    connections: int
    seconds: float = 0.0
    warmup_seconds: float = 0.0
    rates: tuple[tuple[float, float], ...] = ()
    bodies: tuple[Body, ...] = ()
    headers: dict[str, str] = {}
    idempotency_prefix: str | None = None
    requests_file: str | None = None


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of the load. Latencies are in milliseconds; `statuses` counts answers by HTTP status."""

    seconds: float
    answers: int
    statuses: dict[str, int]
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    offered_per_second: float | None = None

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds if self.seconds else 0.0

    def answered(self, status: int) -> int:
        """How many answers had a status."""
        return self.statuses.get(str(status), 0)


class LoadResult(msgspec.Struct, frozen=True, kw_only=True):
    """The measured stages; with a closed loop there is one.

    `cpu_seconds` is what the generator itself used of the machine, `sent` counts all requests, those of the warm-up
    included.
    """

    stages: tuple[Stage, ...]
    sent: int
    unanswered: int
    cpu_seconds: float
    first_error: str | None = None


def write_requests(file: Path, load: Load, requests: Iterable[tuple[Mapping[str, str], bytes]]) -> None:
    """Write requests of `load`, each of its own headers beside the load's and its body, for a generator to send."""
    head = f"{load.method} {load.path} HTTP/1.1\r\nHost: 127.0.0.1:{load.port}\r\n"
    made = [
        b"%b\r\n%b"
        % (
            (
                head
                + "".join(f"{name}: {value}\r\n" for name, value in {**load.headers, **headers}.items())
                + f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            ).encode(),
            body,
        )
        for headers, body in requests
    ]
    file.write_bytes(msgspec.msgpack.encode(made))


def start(load: Load) -> "subprocess.Popen[bytes]":
    """The generator, started in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.generator"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    if process.stdin is None:
        raise RuntimeError("the generator has no standard input")
    process.stdin.write(msgspec.json.encode(load))
    process.stdin.close()
    process.stdin = None
    return process


def result_of(process: "subprocess.Popen[bytes]", load: Load) -> LoadResult:
    """Wait for a generator and read what it measured."""
    seconds = load.seconds + load.warmup_seconds + sum(seconds for _, seconds in load.rates)
    try:
        output, _ = process.communicate(timeout=seconds + START_TIMEOUT_SECONDS)
    finally:
        process.kill()
    if process.returncode:
        raise RuntimeError(f"the load generator ended with exit code {process.returncode}")
    return msgspec.json.decode(output, type=LoadResult)


def run(load: Load) -> LoadResult:
    """Put a load on a server and say what came of it."""
    return result_of(start(load), load)
