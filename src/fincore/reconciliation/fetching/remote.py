"""The port of a place that offers files, and which of the names there are fetched. Pure."""

import re
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from fnmatch import fnmatchcase
from typing import BinaryIO, Final, Protocol

import msgspec

from fincore.domain.errors import FinCoreError
from fincore.reconciliation.evidence.port import FILE_BYTES_MAX, NAME_CHARACTERS_MAX
from fincore.reconciliation.parsed_file import FileRefused

NAMES_MAX: Final = 100_000
"""Names that one look reads; a folder with more is refused, so that a server cannot fill the memory."""
READ_BYTES: Final = 1024 * 1024
"""What one read of a file asks for, at most."""

_KEEPABLE: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9 ._+=@-]{{0,{NAME_CHARACTERS_MAX - 1}}}")
_UNFINISHED: Final = (".tmp", ".part", ".filepart", ".partial")
"""How names end while a file is still being written."""


class RemoteFile(msgspec.Struct, frozen=True, order=True):
    """A file as the source lists it: one version of a name. Another size or time of change is another version.

    `payout_reference`: the payout that the file is about, where the source was asked for one.
    """

    name: str
    size_bytes: int
    changed_at: datetime
    payout_reference: str | None = None


class Listing(msgspec.Struct, frozen=True):
    """What a look found: the files of the pattern, and names of the pattern that no file may be kept under.

    `left_out`: what is there, or should be, and is not offered, one sentence each.
    """

    files: frozenset[RemoteFile]
    refused_names: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What a source tells of a file beside its content: what it was asked for, as JSON, and why the file is not to be booked."""

    request: str | None = None
    refusal: FileRefused | None = None


NO_PROOF: Final = Proof()
"""Of a source that offers files and nothing beside them."""


class SourceFailed(FinCoreError):
    """A source could not be read as it should; the message says what happened and what to do. A later look may succeed."""


class RemoteFolder(Protocol):
    """A source while it is connected. Each method raises `SourceFailed`, within a bound of time."""

    @property
    def host_key(self) -> str | None:
        """Fingerprint of the key by which the server was recognised; None where there is no server."""
        ...

    async def list(self) -> Listing:
        """The files that are there now."""
        ...

    async def version_of(self, name: str) -> RemoteFile | None:
        """The version of a name that is there now; None where there is none."""
        ...

    def read(self, file: RemoteFile, offset: int) -> AsyncGenerator[bytes, None]:
        """The bytes of a file from an offset to its end, in pieces of at most `READ_BYTES`."""
        ...

    async def proof_of(self, file: RemoteFile, content: BinaryIO) -> Proof:
        """What is known of a file that was downloaded, before anything is recorded of it."""
        ...


OpenRemote = Callable[[], AbstractAsyncContextManager[RemoteFolder]]
"""Connects to a source. Raises `SourceFailed`."""


def name_of(raw: bytes, pattern: str) -> str | None:
    """The name of a file to fetch; None for one of another pattern, a hidden one, and one that is still being written.

    Raises `ValueError` for a name of the pattern that no file may be kept under, such as one with a slash.
    """
    name = raw.decode("utf-8", "backslashreplace")
    if not fnmatchcase(name, pattern) or name.startswith(".") or name.lower().endswith(_UNFINISHED):
        return None
    if not _KEEPABLE.fullmatch(name):
        raise ValueError(name)
    return name


def listing_of(
    files: Iterable[RemoteFile], refused_names: Iterable[str], left_out: Iterable[str] = ()
) -> Listing:
    """A listing; a file that is too large is left out, and keeps no other one from being fetched."""
    found = sorted(set(files))
    fit = frozenset(file for file in found if 0 <= file.size_bytes <= FILE_BYTES_MAX)
    too_large = (
        f"{file.name} has {file.size_bytes:,} bytes, and {FILE_BYTES_MAX:,} are the most that is fetched"
        for file in found
        if file not in fit
    )
    return Listing(fit, tuple(refused_names), (*left_out, *too_large))
