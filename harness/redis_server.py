"""Debian's redis-server as a process: on this machine alone, in memory alone."""

import contextlib
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

PROGRAM: Final = shutil.which("redis-server")
PORTS_TRIED_MAX: Final = 5
START_SECONDS_MAX: Final = 30


class CertificateFiles(NamedTuple):
    """A server's certificate and its key."""

    certificate: Path
    key: Path


class RedisServer:
    """A server that its owner stops, freezes and starts again. `raw` sends one command past FinCore."""

    def __init__(
        self, folder: Path, *, password: str | None = None, tls: CertificateFiles | None = None
    ) -> None:
        self.folder = folder
        self.password = password
        self.tls = tls
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process."""
        return self._running.pid

    @property
    def url(self) -> str:
        """Where it is, as the setting says it."""
        scheme = "redis" if self.tls is None else "rediss"
        return f"{scheme}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, on the port that it had."""
        for _ in range(PORTS_TRIED_MAX):
            port = self.port or _free_port()
            process = subprocess.Popen(
                [PROGRAM or "redis-server", *self._options(port)],
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            if any(b"Ready to accept connections" in line for line in process.stdout or ()):
                self._process, self.port = process, port
                return
            process.wait(START_SECONDS_MAX)
        raise RuntimeError("redis-server does not start")

    def stop(self) -> None:
        """End it; what it holds is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(START_SECONDS_MAX)
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None

    def freeze(self) -> None:
        """Let it take connections and answer nothing."""
        self._running.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._running.send_signal(signal.SIGCONT)

    def raw(self, *words: str | bytes) -> bytes:
        """The first bytes of its answer to one command."""
        parts = [word.encode() if isinstance(word, str) else word for word in words]
        command = b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
        with socket.create_connection(("127.0.0.1", self.port), timeout=START_SECONDS_MAX) as connection:
            connection.sendall(command)
            return connection.recv(65_536)

    def names(self) -> list[bytes]:
        """The names that it holds values of."""
        return [part for part in self.raw("KEYS", "*").split(b"\r\n") if part.startswith(b"fincore:")]

    @property
    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise RuntimeError("redis-server is not running")
        return self._process

    def _options(self, port: int) -> Sequence[str]:
        shared = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no")
        listens: Sequence[str] = ("--port", str(port))
        if self.tls is not None:
            files = ("--tls-cert-file", str(self.tls.certificate), "--tls-key-file", str(self.tls.key))
            listens = ("--port", "0", "--tls-port", str(port), *files, "--tls-auth-clients", "no")
        secret = () if self.password is None else ("--requirepass", self.password)
        return (*listens, *shared, *secret)


@contextlib.contextmanager
def running_redis(
    folder: Path, *, password: str | None = None, tls: CertificateFiles | None = None
) -> Iterator[RedisServer]:
    """A server that runs. Raises `RuntimeError` where there is no program, or it does not start."""
    if PROGRAM is None:
        raise RuntimeError("redis-server is missing: run tests/install_redis.sh as root")
    server = RedisServer(folder, password=password, tls=tls)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
