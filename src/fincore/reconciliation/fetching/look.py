"""A look at a source: what is new there is downloaded, kept as evidence and recorded, one file after the other.

Each step may be repeated: a look that a crash ended is continued by the next one, and nothing is kept or recorded twice.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog

from fincore.domain.ids import SettlementFileId
from fincore.observability.failpoints import failpoint
from fincore.reconciliation.evidence.port import EvidenceNotKept, EvidenceStore
from fincore.reconciliation.fetching.remote import OpenRemote, RemoteFile, RemoteFolder, SourceFailed
from fincore.reconciliation.fetching.staging import Staging
from fincore.reconciliation.files import Finding, SettlementFiles
from fincore.reconciliation.metrics import ARRIVALS
from fincore.reconciliation.source import SettlementSource

_log = structlog.get_logger(__name__)

SETTLE_SECONDS: Final = 5.0
"""A file that did not change for so long is no longer being written."""
LOOK_SECONDS_MAX: Final = 3_600.0
"""A look that takes longer ends; the next one continues it."""
NAMES_TOLD_MAX: Final = 3
FAILURES_MAX: Final = 20
"""After so many files that fail the look ends: the source is out of reach."""

Pause = Callable[[float], Awaitable[None]]


class FetchedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a look fetched."""

    source: str
    name: str
    size_bytes: int
    file_id: SettlementFileId
    finding: Finding


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at a source fetched, and why it did not fetch all; None where it did."""

    source: str
    fetched: tuple[FetchedFile, ...]
    failure: str | None


class Looker:
    """Looks at sources. `pause` waits for some seconds."""

    def __init__(
        self,
        files: SettlementFiles,
        evidence: EvidenceStore,
        staging: Staging,
        *,
        pause: Pause = asyncio.sleep,
        seconds_max: float = LOOK_SECONDS_MAX,
    ) -> None:
        self._files = files
        self._evidence = evidence
        self._staging = staging
        self._pause = pause
        self._seconds_max = seconds_max

    async def look(
        self, source: SettlementSource, open_remote: OpenRemote, *, seconds_max: float | None = None
    ) -> Look:
        """Fetch all that is new at a source. A file that fails keeps no other one; what was fetched before the look ends stays.

        `seconds_max`: how long it may take, where that is less than a look may take at all.
        """
        bound_seconds = min(self._seconds_max, seconds_max or self._seconds_max)
        fetched: list[FetchedFile] = []
        failure: str | None = None
        limit = asyncio.timeout(bound_seconds)
        try:
            async with limit, open_remote() as remote:
                failure = await self._fetch_all(source, remote, fetched)
        except (SourceFailed, EvidenceNotKept) as error:
            failure = str(error)
        except TimeoutError:
            if not limit.expired():
                raise
            failure = f"the look took longer than {bound_seconds:,.0f} s; the next one continues"
        return Look(source=source.name, fetched=tuple(fetched), failure=failure)

    async def _fetch_all(
        self, source: SettlementSource, remote: RemoteFolder, fetched: list[FetchedFile]
    ) -> str | None:
        """Fetch the files one after the other; why some that are offered were left out, None where none were."""
        listing = await remote.list()
        candidates = await self._files.not_fetched(source.name, listing.files)
        # Such as that of a file that was recorded just before its process died.
        await self._staging.drop_others(source.name, candidates)
        if candidates:
            await self._pause(SETTLE_SECONDS)
        changing: list[str] = []
        failures: list[str] = []
        for file in candidates:
            try:
                if await remote.version_of(file.name) != file:
                    changing.append(file.name)
                    continue
                one = await self._fetch(source, remote, file)
            except (SourceFailed, EvidenceNotKept) as error:
                failures.append(str(error))
                if len(failures) == FAILURES_MAX:
                    break
                continue
            if one is not None:
                fetched.append(one)
        left_out = [
            *failures[:NAMES_TOLD_MAX],
            *listing.left_out[:NAMES_TOLD_MAX],
            *(f"{name} is still being written" for name in changing[:NAMES_TOLD_MAX]),
            *(
                f"{name[:200]!r} matches the pattern, and no file is kept under such a name"
                for name in listing.refused_names[:NAMES_TOLD_MAX]
            ),
        ]
        return "; ".join(left_out) or None

    async def _fetch(
        self, source: SettlementSource, remote: RemoteFolder, file: RemoteFile
    ) -> FetchedFile | None:
        async with self._staging.downloaded(source.name, remote, file) as content:
            failpoint("evidence", "before")
            proof = await remote.proof_of(file, content)
            content.seek(0)
            kept = await self._evidence.keep(source.psp, source.psp_account, file.name, content)
            failpoint("evidence", "after")
            failpoint("settlement_file", "before")
            recorded = await self._files.record(source, file, kept, host_key=remote.host_key, proof=proof)
            failpoint("settlement_file", "after")
        if recorded is None:
            return None
        file_id, finding = recorded
        ARRIVALS.labels(source.name, finding).inc()
        log = _log.info if finding == "new" and proof.refusal is None else _log.warning
        log(
            "settlement.file_fetched",
            source=source.name,
            name=file.name,
            size_bytes=file.size_bytes,
            sha256=kept.sha256,
            file_id=file_id,
            finding=finding,
            refusal=None if proof.refusal is None else str(proof.refusal),
        )
        return FetchedFile(
            source=source.name, name=file.name, size_bytes=file.size_bytes, file_id=file_id, finding=finding
        )
