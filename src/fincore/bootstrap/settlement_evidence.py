"""The evidence store that the settings name: a folder, or a bucket of S3."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import structlog

from fincore.bootstrap.settings import Settings
from fincore.bootstrap.settlement_sources.evidence_place import S3Place
from fincore.reconciliation.evidence.folder import FolderEvidence
from fincore.reconciliation.evidence.port import EvidenceNotKept, EvidenceStore

_log = structlog.get_logger(__name__)

DOWNLOADS: Final = ".downloads"


def local_folder(settings: Settings) -> Path:
    """The folder of this machine for files on their way, and for the evidence where no bucket is named."""
    place = settings.settlement_evidence
    return place if isinstance(place, Path) else settings.data_dir / "settlement"


@contextlib.asynccontextmanager
async def open_evidence(settings: Settings) -> AsyncIterator[EvidenceStore]:
    """The store; S3 is asked for nothing yet. Raises `ConfigurationError` where what S3 needs is not there."""
    place = settings.settlement_evidence
    if not isinstance(place, S3Place):
        yield FolderEvidence(local_folder(settings))
        return
    from fincore.bootstrap.evidence_bucket import open_bucket

    async with open_bucket(settings, place, spool=local_folder(settings) / DOWNLOADS) as evidence:
        yield evidence


async def check_evidence(settings: Settings) -> None:
    """Raise `ConfigurationError` for a bucket that cannot be used. One that cannot be reached now is logged: looks and runs say so, too."""
    place = settings.settlement_evidence
    if not isinstance(place, S3Place):
        return
    from fincore.bootstrap.evidence_bucket import open_bucket, require_usable

    async with open_bucket(settings, place, spool=local_folder(settings) / DOWNLOADS) as evidence:
        try:
            state = await evidence.state(kept_days=settings.settlement_bucket_kept_days)
        except EvidenceNotKept as error:
            _log.error("settlement.evidence_unavailable", reason=str(error))
            return
    require_usable(state, settings, place)
