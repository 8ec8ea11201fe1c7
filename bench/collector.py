"""A collector of traces in a process of its own: takes OTLP over HTTP on 127.0.0.1, and throws it away.

It prints its port, and at the end of standard input a `Collected`.
"""

import asyncio
import subprocess
import sys
from typing import Final

import msgspec
from aiohttp import web

BODY_BYTES_MAX: Final = 16 * 1024 * 1024
STOP_TIMEOUT_SECONDS: Final = 30.0


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """Requests that came, and the bytes of their bodies."""

    requests: int
    body_bytes: int


class CollectorProcess:
    """The process, started."""

    def __init__(self) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "bench.collector"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        if self._popen.stdout is None:
            raise RuntimeError("the collector was started without pipes")
        self.url = f"http://127.0.0.1:{int(self._popen.stdout.readline())}"

    def stop(self) -> Collected:
        """End the process; what it received."""
        output, _ = self._popen.communicate(timeout=STOP_TIMEOUT_SECONDS)
        return msgspec.json.decode(output, type=Collected)

    def kill(self) -> None:
        """End it in any state; without effect once it has ended."""
        self._popen.kill()
        self._popen.wait()


async def _serve() -> Collected:
    requests = body_bytes = 0

    async def take(request: web.Request) -> web.Response:
        nonlocal requests, body_bytes
        body_bytes += len(await request.read())
        requests += 1
        return web.Response()

    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.buffer.write(b"%d\n" % runner.addresses[0][1])
    sys.stdout.buffer.flush()
    await asyncio.to_thread(sys.stdin.buffer.read)
    await runner.cleanup()
    return Collected(requests=requests, body_bytes=body_bytes)


def main() -> None:
    """Entry point of the process."""
    collected = asyncio.run(_serve())
    sys.stdout.buffer.write(msgspec.json.encode(collected))


if __name__ == "__main__":
    main()
