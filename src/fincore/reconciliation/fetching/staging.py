"""Files that are being downloaded: each in a part of its own, which a later look continues.

A part is of one version of a name. What a crash of the machine may have spoilt of it, which is its last two blocks, is read again.
"""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import BinaryIO, Final

from fincore.observability.failpoints import failpoint
from fincore.reconciliation.fetching.remote import RemoteFile, RemoteFolder, SourceFailed

BLOCK_BYTES: Final = 4 * 1024 * 1024
"""What was downloaded is put on the disk each time that it grows past a multiple of this."""
FOLDER_MODE: Final = 0o700


class Staging:
    """Parts in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def downloaded(
        self, source: str, remote: RemoteFolder, file: RemoteFile
    ) -> AsyncIterator[BinaryIO]:
        """A file of a source, whole and at its beginning. The part is deleted once the caller is through without an error.

        Raises `SourceFailed`; what was downloaded then stays, unless the source offers another version by now.
        """
        try:
            part = await asyncio.to_thread(self._prepared, source, file)
            opened = await asyncio.to_thread(_locked, part)
        except OSError as error:
            raise self._failed(file, error) from error
        with opened:
            failpoint("settlement_fetch", "before")
            try:
                await _complete(opened, remote, file)
            except OSError as error:
                raise self._failed(file, error) from error
            if await remote.version_of(file.name) != file:
                # What was read may be of two versions.
                part.unlink(missing_ok=True)
                raise SourceFailed(
                    f"{file.name} was replaced while it was downloaded; the next look reads it"
                )
            failpoint("settlement_fetch", "after")
            yield opened
            part.unlink(missing_ok=True)

    def _failed(self, file: RemoteFile, error: OSError) -> SourceFailed:
        return SourceFailed(
            f"{file.name} cannot be stored in {self._folder} ({error.strerror}): see to the disk, the next look continues"
        )

    async def drop_others(self, source: str, wanted: Iterable[RemoteFile]) -> None:
        """Delete the parts of a source that are of none of the versions wanted. Raises `SourceFailed`."""
        await asyncio.to_thread(self._drop_others, source, {self._part(source, file) for file in wanted})

    def _drop_others(self, source: str, wanted: Collection[Path]) -> None:
        try:
            for part in self._folder.glob(f"{source}-*.part"):
                if part not in wanted:
                    part.unlink(missing_ok=True)
        except OSError as error:
            raise SourceFailed(f"parts in {self._folder} cannot be deleted ({error.strerror})") from error

    def _prepared(self, source: str, file: RemoteFile) -> Path:
        self._folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        return self._part(source, file)

    def _part(self, source: str, file: RemoteFile) -> Path:
        """Where the part of one version of a name is."""
        name = hashlib.sha256(file.name.encode()).hexdigest()[:32]
        return self._folder / f"{source}-{name}-{file.size_bytes}-{file.changed_at.timestamp():.0f}.part"


def _locked(part: Path) -> BinaryIO:
    """The part, held by this process alone; the operating system lets it go when the process dies."""
    opened = os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        opened.close()
        raise SourceFailed("another process is downloading the file now: repeat the command later") from None
    return opened


async def _complete(opened: BinaryIO, remote: RemoteFolder, file: RemoteFile) -> None:
    """Read what is missing."""
    there = await asyncio.to_thread(_usable_bytes, opened, file)
    async with aclosing(remote.read(file, there)) as pieces:
        async for piece in pieces:
            blocks = there // BLOCK_BYTES
            there += len(piece)
            if there > file.size_bytes:
                break
            await asyncio.to_thread(opened.write, piece)
            if there // BLOCK_BYTES > blocks:
                await asyncio.to_thread(_synchronise, opened)
    if there != file.size_bytes:
        sent = (
            f"more than the {file.size_bytes:,}"
            if there > file.size_bytes
            else f"{there:,} of the {file.size_bytes:,}"
        )
        raise SourceFailed(f"the source sent {sent} bytes that it lists for {file.name}")
    await asyncio.to_thread(_synchronise, opened)
    opened.seek(0)


def _usable_bytes(opened: BinaryIO, file: RemoteFile) -> int:
    """Cut off what may be spoilt; how much of the file is there, with the position at its end."""
    there = min(opened.seek(0, os.SEEK_END), file.size_bytes)
    # The last multiple may just have been passed, so that only what is before the one before it is sure to be on the disk.
    usable = max((there - 1) // BLOCK_BYTES - 1, 0) * BLOCK_BYTES
    opened.seek(usable)
    opened.truncate()
    return usable


def _synchronise(opened: BinaryIO) -> None:
    opened.flush()
    os.fsync(opened.fileno())
