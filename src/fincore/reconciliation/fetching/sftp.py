"""A source that is a folder of an SFTP server. FinCore reads there, and never writes or deletes.

The server is recognised by a key that the operator named before: an unknown key ends the connection before any login is sent.
"""

import asyncio
import contextlib
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import BinaryIO, Final, TypeVar, cast

import asyncssh
import msgspec

from fincore.domain.secret import Secret
from fincore.reconciliation.fetching.remote import (
    NAMES_MAX,
    NO_PROOF,
    READ_BYTES,
    Listing,
    OpenRemote,
    Proof,
    RemoteFile,
    RemoteFolder,
    SourceFailed,
    listing_of,
    name_of,
)

T = TypeVar("T")

CONNECT_TIMEOUT_SECONDS: Final = 20.0
"""For the connection and for the login, each."""
ANSWER_TIMEOUT_SECONDS: Final = 30.0
"""How long the server may take for one answer, or for one piece of a file."""
CLOSE_TIMEOUT_SECONDS: Final = 1.0
BLOCK_BYTES: Final = 32 * 1024
"""What one request asks for; every server answers as much in one packet."""
LIST_TIMEOUT_SECONDS: Final = 300.0
REASON_CHARACTERS_MAX: Final = 200


HOST_KEY_ALGORITHMS: Final = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
"""Plain keys, which have a fingerprint; no certificates."""


class SftpServer(msgspec.Struct, frozen=True, kw_only=True):
    """An account at an SFTP server. `host_keys`: fingerprints, `SHA256:...`, of which the server shows one.

    `private_key` (PEM or OpenSSH, without a password of its own) or `password`, one of them.
    """

    host: str
    port: int
    user: str
    directory: str
    host_keys: frozenset[str]
    password: Secret | None = None
    private_key: Secret | None = None


class _PinnedHost(asyncssh.SSHClient):
    """Accepts the server by its fingerprint alone."""

    def __init__(self, server: SftpServer) -> None:
        self._server = server
        self.shown: str | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002 -- asyncssh's
        self.shown = key.get_fingerprint()
        return self.shown in self._server.host_keys


class SftpFolder:
    """A `RemoteFolder` of a connected server."""

    def __init__(self, client: asyncssh.SFTPClient, server: SftpServer, names: str, host_key: str) -> None:
        self._client = client
        self._server = server
        self._names = names
        self._host_key = host_key

    @property
    def host_key(self) -> str:
        """See the port."""
        return self._host_key

    async def list(self) -> Listing:
        """See the port."""
        return await self._answered(self._list, timeout_seconds=LIST_TIMEOUT_SECONDS)

    async def version_of(self, name: str) -> RemoteFile | None:
        """See the port."""

        async def ask() -> RemoteFile | None:
            try:
                return _version(name, await self._client.lstat(self._path(name)))
            except asyncssh.SFTPNoSuchFile:
                return None

        return await self._answered(ask)

    async def read(self, file: RemoteFile, offset: int) -> AsyncGenerator[bytes, None]:
        """See the port. Each answer counts for the place that it was asked for, so that none can leave a hole."""
        path = self._path(file.name)
        # Without a block size, asyncssh sends one request a read: what it puts together of several may have holes.
        opened = await self._answered(lambda: self._client.open(path, "rb", block_size=0))
        try:
            while offset < file.size_bytes:
                asked = min(READ_BYTES, file.size_bytes - offset)
                piece = await self._answered(partial(_piece, opened, offset, asked))
                if not piece:
                    return
                offset += len(piece)
                yield piece
        finally:
            with contextlib.suppress(SourceFailed):
                await self._answered(opened.close, timeout_seconds=CLOSE_TIMEOUT_SECONDS)

    async def proof_of(self, _file: RemoteFile, _content: BinaryIO) -> Proof:
        """See the port. A server has files alone."""
        return NO_PROOF

    async def _list(self) -> Listing:
        files: list[RemoteFile] = []
        refused: list[str] = []
        left_out: list[str] = []
        names = 0
        async for entry in self._client.scandir(self._server.directory.encode()):
            names += 1
            if names > NAMES_MAX:
                raise SourceFailed(
                    f"the folder {self._server.directory} has more than {NAMES_MAX:,} names: have the PSP remove old files"
                )
            raw = entry.filename
            try:
                name = name_of(raw if isinstance(raw, bytes) else raw.encode(), self._names)
            except ValueError as error:
                refused.append(str(error))
                continue
            try:
                if name is not None and (found := _version(name, entry.attrs)):
                    files.append(found)
            except SourceFailed as error:
                left_out.append(str(error))
        return listing_of(files, refused, left_out)

    def _path(self, name: str) -> str:
        return f"{self._server.directory.rstrip('/')}/{name}"

    async def _answered(self, ask: Callable[[], Awaitable[T]], *, timeout_seconds: float | None = None) -> T:
        timeout_seconds = ANSWER_TIMEOUT_SECONDS if timeout_seconds is None else timeout_seconds
        try:
            async with asyncio.timeout(timeout_seconds):
                return await ask()
        except TimeoutError:
            raise SourceFailed(
                f"{_label(self._server)} did not answer within {timeout_seconds:g} s"
            ) from None
        except (asyncssh.Error, OSError) as error:
            raise SourceFailed(f"{_label(self._server)}: {_reason(error)}") from error


async def _piece(opened: asyncssh.SFTPClientFile, offset: int, size: int) -> bytes:
    """What the server sends without a gap from an offset on; nothing at the end of the file."""
    sizes = [min(BLOCK_BYTES, size - start) for start in range(0, size, BLOCK_BYTES)]
    reads = (opened.read(one, offset + number * BLOCK_BYTES) for number, one in enumerate(sizes))
    # asyncssh's type says text, which it is only in text mode.
    blocks = cast("list[bytes]", await asyncio.gather(*reads))
    piece = bytearray()
    for one, block in zip(sizes, blocks, strict=True):
        if len(block) > one:
            raise SourceFailed("the server sent more of the file than it was asked for")
        piece += block
        if len(block) < one:
            break
    return bytes(piece)


def sftp_folder(server: SftpServer, names: str) -> OpenRemote:
    """How a folder of a server is reached."""

    @asynccontextmanager
    async def connected() -> AsyncIterator[RemoteFolder]:
        host = _PinnedHost(server)
        connection = await _connected(server, host)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
                client = await connection.start_sftp_client()
        except TimeoutError:
            connection.abort()
            raise SourceFailed(f"{_label(server)} did not begin SFTP in time") from None
        except (asyncssh.Error, OSError) as error:
            connection.abort()
            raise SourceFailed(f"{_label(server)}: {_reason(error)}") from error
        try:
            yield SftpFolder(client, server, names, str(host.shown))
        finally:
            # Nothing is written there, so nothing is lost by not waiting for the server's farewell.
            connection.abort()

    return connected


async def _connected(server: SftpServer, host: _PinnedHost) -> asyncssh.SSHClientConnection:
    try:
        return await asyncssh.connect(
            server.host,
            server.port,
            username=server.user,
            password=None if server.password is None else server.password.reveal(),
            client_keys=[] if server.private_key is None else [_private_key(server.private_key)],
            client_factory=lambda: host,
            # None of the machine's own: no configuration, agent, further key or list of known hosts.
            config=[],
            known_hosts=([], [], []),
            x509_trusted_certs=None,
            server_host_key_algs=list(HOST_KEY_ALGORITHMS),
            # A server cannot have a small answer grow large in memory.
            compression_algs=None,
            agent_path=None,
            preferred_auth="password" if server.private_key is None else "publickey",
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            login_timeout=CONNECT_TIMEOUT_SECONDS,
            keepalive_interval=ANSWER_TIMEOUT_SECONDS,
            keepalive_count_max=2,
        )
    except asyncssh.HostKeyNotVerifiable as error:
        shown = host.shown or "none that can be read"
        raise SourceFailed(
            f"{_label(server)} shows the host key {shown}, which is not pinned: ask the PSP whether it changed its key "
            "before you pin another"
        ) from error
    except asyncssh.PermissionDenied as error:
        raise SourceFailed(f"{_label(server)} refuses the login of {server.user}") from error
    except (asyncssh.Error, OSError, TimeoutError) as error:
        raise SourceFailed(f"{_label(server)} cannot be reached: {_reason(error)}") from error


def _private_key(key: Secret) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(key.reveal())
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError):
        # The reason may repeat a part of the key.
        raise SourceFailed(
            "the private key of the source cannot be read: it must be PEM or OpenSSH, without a password"
        ) from None


def _version(name: str, attributes: asyncssh.SFTPAttrs) -> RemoteFile | None:
    mode = attributes.permissions
    if attributes.type not in (asyncssh.FILEXFER_TYPE_REGULAR, asyncssh.FILEXFER_TYPE_UNKNOWN) or (
        mode is not None and stat.S_IFMT(mode) and not stat.S_ISREG(mode)
    ):
        return None
    if attributes.size is None or attributes.mtime is None:
        raise SourceFailed(f"the server states no size or no time of change of {name}")
    try:
        changed_at = datetime.fromtimestamp(int(attributes.mtime), UTC)
    except (ValueError, OverflowError, OSError):
        raise SourceFailed(f"the server states an impossible time of change of {name}") from None
    return RemoteFile(name, attributes.size, changed_at)


def _label(server: SftpServer) -> str:
    return f"{server.host}:{server.port}"


def _reason(error: BaseException) -> str:
    """What a server or the machine says of an error; some of it was written by the server."""
    return " ".join(str(error).split())[:REASON_CHARACTERS_MAX] or type(error).__name__
