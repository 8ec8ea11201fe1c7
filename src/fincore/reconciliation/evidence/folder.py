"""The evidence store in a folder: `{root}/{psp}/{account}/{sha256}-{name}`."""

import asyncio
import hashlib
import os
import re
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

from fincore.domain.outcome import PspAccount, PspName
from fincore.reconciliation.evidence.port import NAME_CHARACTERS_MAX, EvidenceNotKept, KeptFile

CHUNK_BYTES: Final = 1024 * 1024
FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o400

_PART: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9 ._+=@-]{{0,{NAME_CHARACTERS_MAX - 1}}}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


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
        if not all(_PART.fullmatch(part) for part in (psp, psp_account, name)):
            raise EvidenceNotKept(f"{name[:NAME_CHARACTERS_MAX]!r} is no name under which a file is kept")
        folder = self._root / psp / psp_account
        part = folder / f".{uuid4().hex}"
        try:
            self._root.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            for one in (folder.parent, folder):
                one.mkdir(mode=FOLDER_MODE, exist_ok=True)
            try:
                sha256, size_bytes = _write(part, content)
                kept = folder / f"{sha256}-{name}"
                _link(part, kept, sha256)
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
            location=f"{psp}/{psp_account}/{kept.name}",
        )

    def _open(self, location: str, sha256: str) -> BufferedReader:
        parts = location.split("/")
        if len(parts) != 3 or not all(_is_part(part) for part in parts):  # noqa: PLR2004 -- PSP, account and file
            raise EvidenceNotKept(f"{location[:300]!r} is no location of this store")
        try:
            opened = self._root.joinpath(*parts).open("rb")
        except OSError as error:
            raise EvidenceNotKept(f"the kept file {location} cannot be read ({error.strerror})") from error
        try:
            _require_hash(opened, sha256, location)
        except BaseException:
            opened.close()
            raise
        return opened


def _is_part(part: str) -> bool:
    sha256, _, name = part.partition("-")
    return bool(_PART.fullmatch(part) or (_SHA256.fullmatch(sha256) and _PART.fullmatch(name)))


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
        raise EvidenceNotKept(
            f"the kept file {location} was altered: its SHA-256 is {found}, not {sha256}; restore it from a backup"
        )


def _synchronise(folder: Path) -> None:
    """Have the disk keep the names in a folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
