"""A merchant's server in a process of its own: takes webhooks on 127.0.0.1 and verifies each.

It prints its port, reads the secret as one line of standard input, and at the end of that prints a `Received`.
"""

import asyncio
import os
import subprocess
import sys
from typing import IO, Final

import msgspec
import uvloop
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

BODY_BYTES_MAX: Final = 64 * 1024
STOP_TIMEOUT_SECONDS: Final = 30.0

_END_OF_HEAD: Final = b"\r\n\r\n"
_ANSWER: Final = b"HTTP/1.1 204 No Content\r\n\r\n"


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """Attempts that came, those with a valid signature, and how many webhooks they were."""

    attempts: int
    verified: int
    distinct: int


class ReceiverProcess:
    """The process, started; `pid` for who measures it."""

    def __init__(self) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "bench.receiver"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.port = int(_pipe(self._popen.stdout).readline())

    @property
    def url(self) -> str:
        """Where to deliver."""
        return f"http://127.0.0.1:{self.port}/webhooks"

    @property
    def pid(self) -> int:
        """The process id."""
        return self._popen.pid

    def use_secret(self, secret: str) -> None:
        """Verify with this secret from now on; nothing may have been delivered before."""
        pipe = _pipe(self._popen.stdin)
        pipe.write(f"{secret}\n".encode())
        pipe.flush()

    def stop(self) -> Received:
        """End the process; what it received."""
        output, _ = self._popen.communicate(timeout=STOP_TIMEOUT_SECONDS)
        return msgspec.json.decode(output, type=Received)

    def kill(self) -> None:
        """End it in any state; without effect once it has ended."""
        self._popen.kill()
        self._popen.wait()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise RuntimeError("the receiver was started without pipes")
    return pipe


class _Book:
    """What was received so far."""

    def __init__(self) -> None:
        self.webhook: Webhook | None = None
        self.attempts = 0
        self.verified = 0
        self.ids: set[str] = set()

    def take(self, headers: dict[str, str], body: bytes) -> None:
        self.attempts += 1
        if self.webhook is None:
            return
        try:
            self.webhook.verify(body, headers)
        except WebhookVerificationError:
            return
        self.verified += 1
        self.ids.add(headers["webhook-id"])


class _Connection(asyncio.Protocol):
    """One request, answered once it has arrived whole; the sender closes."""

    def __init__(self, book: _Book) -> None:
        self._book = book
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment] # what a server makes is a Transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(_END_OF_HEAD)
        if not end:
            return
        lines = (line.partition(": ") for line in head.decode("latin-1").split("\r\n")[1:])
        headers = {name.lower(): value for name, _, value in lines}
        size = int(headers.get("content-length", "0"))
        if size > BODY_BYTES_MAX or self._transport is None:
            raise RuntimeError("a webhook is larger than a merchant takes")
        if len(body) >= size:
            self._received = b""
            self._book.take(headers, body)
            self._transport.write(_ANSWER)


async def _serve() -> Received:
    book = _Book()
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    descriptor = sys.stdin.fileno()

    def read() -> None:
        line = os.read(descriptor, 1024)
        if line:
            book.webhook = Webhook(line.decode().strip())
            return
        loop.remove_reader(descriptor)
        ended.set()

    server = await loop.create_server(lambda: _Connection(book), "127.0.0.1", 0)
    sys.stdout.buffer.write(b"%d\n" % server.sockets[0].getsockname()[1])
    sys.stdout.buffer.flush()
    loop.add_reader(descriptor, read)
    await ended.wait()
    server.close()
    return Received(attempts=book.attempts, verified=book.verified, distinct=len(book.ids))


def main() -> None:
    """Entry point of the process."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        received = runner.run(_serve())
    sys.stdout.buffer.write(msgspec.json.encode(received))


if __name__ == "__main__":
    main()
