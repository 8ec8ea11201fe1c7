"""A source that is a folder of this machine, such as a mounted share."""

import asyncio
import os
import stat
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

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


class LocalFolder:
    """A `RemoteFolder` on this machine. It follows no symbolic link."""

    def __init__(self, folder: Path, names: str) -> None:
        self._folder = folder
        self._names = names

    @property
    def host_key(self) -> None:
        """There is no server."""
        return

    async def list(self) -> Listing:
        """See the port."""
        return await asyncio.to_thread(self._list)

    async def version_of(self, name: str) -> RemoteFile | None:
        """See the port."""
        return await asyncio.to_thread(self._version_of, name)

    async def read(self, file: RemoteFile, offset: int) -> AsyncGenerator[bytes, None]:
        """See the port."""
        try:
            with (self._folder / file.name).open("rb") as opened:
                opened.seek(offset)
                while piece := await asyncio.to_thread(opened.read, READ_BYTES):
                    yield piece
        except OSError as error:
            raise self._failed(error) from error

    async def proof_of(self, _file: RemoteFile, _content: BinaryIO) -> Proof:
        """See the port. A folder has files alone."""
        return NO_PROOF

    def _list(self) -> Listing:
        files: list[RemoteFile] = []
        refused: list[str] = []
        try:
            with os.scandir(os.fsencode(self._folder)) as entries:
                for number, entry in enumerate(entries, start=1):
                    if number > NAMES_MAX:
                        raise SourceFailed(
                            f"the folder {self._folder} has more than {NAMES_MAX:,} names: move old files away"
                        )
                    try:
                        name = name_of(entry.name, self._names)
                    except ValueError as error:
                        refused.append(str(error))
                        continue
                    if name is not None and (found := _version(name, entry.stat(follow_symlinks=False))):
                        files.append(found)
        except OSError as error:
            raise self._failed(error) from error
        return listing_of(files, refused)

    def _version_of(self, name: str) -> RemoteFile | None:
        try:
            return _version(name, (self._folder / name).lstat())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> SourceFailed:
        return SourceFailed(f"the folder {self._folder} cannot be read ({error.strerror})")


def _version(name: str, found: os.stat_result) -> RemoteFile | None:
    if not stat.S_ISREG(found.st_mode):
        return None
    return RemoteFile(name, found.st_size, datetime.fromtimestamp(int(found.st_mtime), UTC))


def local_folder(folder: Path, names: str) -> OpenRemote:
    """How a folder of this machine is read: there is nothing to connect to."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[RemoteFolder]:
        yield LocalFolder(folder, names)

    return opened
