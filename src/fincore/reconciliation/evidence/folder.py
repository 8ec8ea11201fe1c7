"""The evidence store in a folder: `{root}/{psp}/{account}/{sha256}-{name}`."""

import asyncio
import hashlib
import os
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

from fincore.domain.outcome import PspAccount, PspName
from fincore.reconciliation.evidence.port import (
    EvidenceNotKept,
    KeptFile,
    altered,
    location_of,
    require_keepable,
    require_location,
)

CHUNK_BYTES: Final = 1024 * 1024
FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o400


class FolderEvidence:
    """An `EvidenceStore` in a folder of a file system that has hard links and keeps what was synchronised."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def keep(self, psp: PspName, psp_account: PspAccount, name: str, content: BinaryIO) -> KeptFile:
        """See the port. A crash leaves a file of another name, which no reader asks for."""
        return await asyncio.to_thread(self._keep, psp, psp_account, name, content)

    async def open(self, location: str, sha256: str) -> BinaryIO:
        """See the port."""
        return await asyncio.to_thread(self._open, location, sha256)

    def _keep(self, psp: PspName, psp_account: PspAccount, name: str, content: BinaryIO) -> KeptFile:
        require_keepable(psp, psp_account, name)
        folder = self._root / psp / psp_account
        part = folder / f".{uuid4().hex}"
        try:
            self._root.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            for one in (folder.parent, folder):
                one.mkdir(mode=FOLDER_MODE, exist_ok=True)
            try:
                sha256, size_bytes = _write(part, content)
                location = location_of(psp, psp_account, name, sha256)
                _link(part, self._root / location, sha256)
            finally:
                part.unlink(missing_ok=True)
            _synchronise(folder)
            _synchronise(folder.parent)
            _synchronise(self._root)
        except OSError as error:
            raise EvidenceNotKept(f"{name} cannot be kept in {folder} ({error.strerror})") from error
        return KeptFile(
            psp=psp,
            psp_account=psp_account,
            name=name,
            sha256=sha256,
            size_bytes=size_bytes,
            location=location,
        )

    def _open(self, location: str, sha256: str) -> BufferedReader:
        require_location(location)
        try:
            opened = (self._root / location).open("rb")
        except OSError as error:
            raise EvidenceNotKept(f"the kept file {location} cannot be read ({error.strerror})") from error
        try:
            _require_hash(opened, sha256, location)
        except BaseException:
            opened.close()
            raise
        return opened


def _write(part: Path, content: BinaryIO) -> tuple[str, int]:
    """Write the content to a new file and on to the disk; its hash and size."""
    digest = hashlib.sha256()
    size_bytes = 0
    with part.open("xb") as written:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
            written.write(chunk)
        written.flush()
        os.fchmod(written.fileno(), FILE_MODE)
        os.fsync(written.fileno())
    return digest.hexdigest(), size_bytes


def _link(part: Path, kept: Path, sha256: str) -> None:
    """Give the written file its name, unless it is there already. A link, unlike a renaming, never replaces a file."""
    try:
        os.link(part, kept)
    except FileExistsError:
        with kept.open("rb") as opened:
            _require_hash(opened, sha256, kept.name)


def _require_hash(opened: BufferedReader, sha256: str, location: str) -> None:
    try:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
        opened.seek(0)
    except OSError as error:
        raise EvidenceNotKept(f"the kept file {location} cannot be read ({error.strerror})") from error
    if found != sha256:
        raise altered(location, found, sha256)


def _synchronise(folder: Path) -> None:
    """Have the disk keep the names in a folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
