"""The port of the evidence store. Pure."""

from typing import BinaryIO, Final, Protocol

import msgspec

from fincore.domain.errors import FinCoreError
from fincore.domain.outcome import PspAccount, PspName

NAME_CHARACTERS_MAX: Final = 180
"""Of a file's name: with a hash before it, it is still the name of a file everywhere."""


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


class EvidenceStore(Protocol):
    """Keeps files for good: no file is ever changed, replaced or deleted."""

    async def keep(self, psp: PspName, psp_account: PspAccount, name: str, content: BinaryIO) -> KeptFile:
        """Keep what `content` holds from its present position to its end, durably.

        The same content under the same name is kept once. Raises `EvidenceNotKept`.
        """
        ...

    async def open(self, location: str, sha256: str) -> BinaryIO:
        """A kept file at its beginning, once all of it was compared with its hash; the caller closes it.

        Raises `EvidenceNotKept` where it is gone or was altered.
        """
        ...
