"""PayPal's SFTP server for reports: who may come in, by what, and how many. Loopback only; no shell, no command, no forwarding."""

import socket
from pathlib import Path

import asyncssh
import msgspec
import structlog

from psp_sandbox.paypal.oauth import Tokens, account_of
from psp_sandbox.paypal.settlement import Settlement, SettlementFile
from psp_sandbox.paypal.sftp_address import SftpAddress
from psp_sandbox.paypal.sftp_files import FOLDER, ReportFiles

HOST = "127.0.0.1"
MAX_CONNECTIONS = 16
LOGIN_TIMEOUT_SECONDS = 30
KEEPALIVE_SECONDS = 30

log = structlog.get_logger("psp_sandbox.sftp")


class UnreadableKey(Exception):
    """A file of keys cannot be read; the message says which and why."""


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """The server's own key, and the public keys that open the reports of every user, in SSH's binary form."""

    host: asyncssh.SSHKey
    opening: frozenset[bytes]


def read_keys(host_key: Path | None, authorized_keys: Path | None) -> Keys:
    """The keys of two files; without the first a new one is made. Raises UnreadableKey."""
    return Keys(
        host=asyncssh.generate_private_key("ssh-ed25519") if host_key is None else _private_key(host_key),
        opening=frozenset() if authorized_keys is None else _public_keys(authorized_keys),
    )


def _private_key(file: Path) -> asyncssh.SSHKey:
    try:
        return asyncssh.read_private_key(file)
    except OSError as error:
        raise UnreadableKey(f"cannot read {file}: {error.strerror}") from error
    except ValueError as error:
        raise UnreadableKey(f"{file} has no private key that can be read: {error}") from error


def _public_keys(file: Path) -> frozenset[bytes]:
    try:
        keys = asyncssh.read_public_key_list(file)
    except OSError as error:
        raise UnreadableKey(f"cannot read {file}: {error.strerror}") from error
    except ValueError as error:
        raise UnreadableKey(f"{file} has a line that is no public key: {error}") from error
    if not keys:
        raise UnreadableKey(f"{file} has no public key")
    return frozenset(key.public_data for key in keys)


class SftpServer:
    """Serves the delivered reports on a bound socket: a user is a client id, its password the client's secret."""

    def __init__(
        self, listener: socket.socket, keys: Keys, *, settlement: Settlement, tokens: Tokens
    ) -> None:
        self._listener = listener
        self._port: int = listener.getsockname()[1]
        self._keys = keys
        self._settlement = settlement
        self._tokens = tokens
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._acceptor: asyncssh.SSHAcceptor | None = None

    @property
    def address(self) -> SftpAddress:
        """Where it is."""
        return SftpAddress(
            host=HOST,
            port=self._port,
            host_key=" ".join(self._keys.host.export_public_key().decode().split()[:2]),
            fingerprint=self._keys.host.get_fingerprint(),
            folder=FOLDER,
        )

    async def start(self) -> None:
        """Take connections from now on."""
        self._acceptor = await asyncssh.listen(
            sock=self._listener,
            server_host_keys=[self._keys.host],
            server_factory=lambda: _Login(self._keys.opening, self._tokens, self._connections),
            sftp_factory=lambda channel: ReportFiles(channel, self._delivered),
            encoding=None,
            allow_pty=False,
            line_editor=False,
            agent_forwarding=False,
            x11_forwarding=False,
            login_timeout=LOGIN_TIMEOUT_SECONDS,
            keepalive_interval=KEEPALIVE_SECONDS,
            compression_algs=None,
        )

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        if self._acceptor is None:
            return
        self._acceptor.close()
        for connection in list(self._connections):
            connection.abort()
        await self._acceptor.wait_closed()

    def _delivered(self, user: str) -> dict[str, SettlementFile]:
        return self._settlement.delivered(account_of(user))


class _Login(asyncssh.SSHServer):
    """One connection, on its way in."""

    def __init__(
        self, opening: frozenset[bytes], tokens: Tokens, connections: set[asyncssh.SSHServerConnection]
    ) -> None:
        self._opening = opening
        self._tokens = tokens
        self._connections = connections
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Count it; one too many is closed."""
        if len(self._connections) >= MAX_CONNECTIONS:
            log.warning("sftp.full", connections=len(self._connections))
            conn.abort()
            return
        self._connection = conn
        self._connections.add(conn)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Count it no more."""
        if self._connection is not None:
            self._connections.discard(self._connection)

    def password_auth_supported(self) -> bool:
        """Passwords are secrets of the client id."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """The secret that the client id has for its tokens; the first one used is the right one."""
        return bool(username and password) and self._tokens.knows(username, password)

    def public_key_auth_supported(self) -> bool:
        """Keys only where there are some."""
        return bool(self._opening)

    def validate_public_key(self, _username: str, key: asyncssh.SSHKey) -> bool:
        """One of the keys that open every user's reports."""
        return key.public_data in self._opening
