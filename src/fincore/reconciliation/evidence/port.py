"""The port of the evidence store. Pure."""

import re
from typing import BinaryIO, Final, Protocol

import msgspec

from fincore.domain.errors import FinCoreError
from fincore.domain.outcome import PspAccount, PspName

NAME_CHARACTERS_MAX: Final = 180
"""Of a file's name: with a hash before it, it is still the name of a file everywhere."""
FILE_BYTES_MAX: Final = 4 * 1024**3
"""The most that a kept file may have."""

_PART: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9 ._+=@-]{{0,{NAME_CHARACTERS_MAX - 1}}}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class KeptFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file in the store. `location` is where, relative to the store; `sha256` in small hexadecimal digits."""

    psp: PspName
    psp_account: PspAccount
    name: str
    sha256: str
    size_bytes: int
    location: str


class EvidenceNotKept(FinCoreError):
    """The store did not take a file, or has not got it as it was; nothing of it is kept in part. The message says why."""


class EvidenceUnavailable(EvidenceNotKept):
    """The store cannot be asked now, so that nothing is known of a file. A later try may succeed."""


class EvidenceStore(Protocol):
    """Keeps files for good: no file is ever changed, replaced or deleted."""

    async def keep(self, psp: PspName, psp_account: PspAccount, name: str, content: BinaryIO) -> KeptFile:
        """Keep what `content` holds from its present position to its end, durably. It may be read more than once from there.

        The same content under the same name is kept once. Raises `EvidenceNotKept`.
        """
        ...

    async def open(self, location: str, sha256: str) -> BinaryIO:
        """A kept file at its beginning, once all of it was compared with its hash; the caller closes it.

        Raises `EvidenceNotKept` where it is gone or was altered, and `EvidenceUnavailable`.
        """
        ...


def location_of(psp: PspName, psp_account: PspAccount, name: str, sha256: str) -> str:
    """Where a store has a file: `{psp}/{account}/{sha256}-{name}`, whichever store it is. Raises `EvidenceNotKept`."""
    require_keepable(psp, psp_account, name)
    return f"{psp}/{psp_account}/{sha256}-{name}"


def require_keepable(psp: PspName, psp_account: PspAccount, name: str) -> None:
    """Raise `EvidenceNotKept` for a name that could mean a place outside the store."""
    if not all(_PART.fullmatch(part) for part in (psp, psp_account, name)):
        raise EvidenceNotKept(f"{name[:NAME_CHARACTERS_MAX]!r} is no name under which a file is kept")


def require_location(location: str) -> None:
    """Raise `EvidenceNotKept` for what `location_of` cannot have made."""
    parts = location.split("/")
    if len(parts) != 3 or not all(_is_part(part) for part in parts):  # noqa: PLR2004 -- PSP, account and file
        raise EvidenceNotKept(f"{location[:300]!r} is no location of this store")


def altered(location: str, found: str, sha256: str) -> EvidenceNotKept:
    """What is said of a kept file that has another hash than it came with."""
    return EvidenceNotKept(
        f"the kept file {location} was altered: its SHA-256 is {found}, not {sha256}; restore it from a backup"
    )


def _is_part(part: str) -> bool:
    sha256, _, name = part.partition("-")
    return bool(_PART.fullmatch(part) or (_SHA256.fullmatch(sha256) and _PART.fullmatch(name)))
