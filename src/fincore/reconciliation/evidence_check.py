"""Reads kept files again and compares each with the size and the hash that it came with; what is found is kept."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.reconciliation.evidence.port import EvidenceNotKept, EvidenceStore, EvidenceUnavailable
from fincore.reconciliation.metrics import EVIDENCE_FILES, EVIDENCE_IDLE_SECONDS

_SQL = load_sql("fincore.reconciliation", "evidence_check.sql")

ROWS_AT_A_TIME: Final = 500
NAMED_MAX: Final = 100
"""So many flaws a check of all files names; it counts all."""
FILES_A_DAY_MAX: Final = 1_000
BYTES_A_DAY_MAX: Final = 8 * 1024**3
"""So many files, and bytes, the role reads again within a day; the last one may go beyond."""
REASON_CHARACTERS_MAX: Final = 1_000


class EvidenceFlaw(msgspec.Struct, frozen=True):
    """A kept file that is not as it came, and why. `record`: the settlement file or the bank's statement that it is of."""

    record: str
    reason: str


class EvidenceCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What was read. `flaws` names at most `NAMED_MAX` of the `flawed` files."""

    files: int
    size_bytes: int
    flawed: int
    flaws: tuple[EvidenceFlaw, ...]


class EvidenceStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How many kept files were `good` or `damaged` when they were last read again, and how many never were.

    `idle_seconds`: how long none was read although one was due for it; 0 where none is due.
    """

    good: int
    damaged: int
    unread: int
    idle_seconds: float


class _Kept(msgspec.Struct, frozen=True):
    record: str
    location: str
    sha256: str
    size_bytes: int


async def check_evidence(ledgerdb: Pool, evidence: EvidenceStore) -> EvidenceCheck:
    """Read every file of which there is a record, one after the other. Raises `EvidenceUnavailable`."""
    files = size_bytes = flawed = 0
    flaws: list[EvidenceFlaw] = []
    async for kept in _records(ledgerdb):
        files += 1
        size_bytes += kept.size_bytes
        reason = await _check(ledgerdb, evidence, kept)
        if reason is not None:
            flawed += 1
            if len(flaws) < NAMED_MAX:
                flaws.append(EvidenceFlaw(kept.record, reason))
    return EvidenceCheck(files=files, size_bytes=size_bytes, flawed=flawed, flaws=tuple(flaws))


async def check_due_file(ledgerdb: Pool, evidence: EvidenceStore) -> EvidenceFlaw | bool:
    """Read the one file that is due for it: False where none is, else what is wrong with it, or True. Raises `EvidenceUnavailable`."""
    row = await ledgerdb.fetchrow(_SQL.due_file, FILES_A_DAY_MAX, BYTES_A_DAY_MAX)
    if row is None:
        return False
    kept = _Kept(*row)
    reason = await _check(ledgerdb, evidence, kept)
    return True if reason is None else EvidenceFlaw(kept.record, reason)


async def damaged_evidence(ledgerdb: Pool) -> list[EvidenceFlaw]:
    """All files that were not as they came when they were last read, by record."""
    rows = await ledgerdb.fetch(_SQL.damaged)
    return [EvidenceFlaw(f"{row['name']} ({row['record']})", row["flaw"]) for row in rows]


async def evidence_standing(ledgerdb: Pool) -> EvidenceStanding:
    """How all kept files stand."""
    row = await ledgerdb.fetchrow(_SQL.standing)
    assert row is not None  # noqa: S101 -- aggregates
    return msgspec.convert(dict(row), EvidenceStanding)


async def measure_evidence(ledgerdb: Pool) -> None:
    """Tell Prometheus how kept files stand."""
    standing = await evidence_standing(ledgerdb)
    EVIDENCE_FILES.labels("good").set(standing.good)
    EVIDENCE_FILES.labels("damaged").set(standing.damaged)
    EVIDENCE_FILES.labels("unread").set(standing.unread)
    EVIDENCE_IDLE_SECONDS.set(standing.idle_seconds)


async def _records(ledgerdb: Pool) -> AsyncIterator[_Kept]:
    """In pages, so that no connection is held while files are read."""
    last = ""
    while rows := await ledgerdb.fetch(_SQL.kept_files, last, ROWS_AT_A_TIME):
        for row in rows:
            yield _Kept(*row)
        last = rows[-1]["record"]


async def _check(ledgerdb: Pool, evidence: EvidenceStore, kept: _Kept) -> str | None:
    """Read a file again, and keep what is found of it; why it is not as it came, None where it is."""
    reason = await _flaw(evidence, kept)
    told = None if reason is None else reason[:REASON_CHARACTERS_MAX]
    await ledgerdb.execute(_SQL.keep_check, kept.record, kept.size_bytes, told)
    return reason


async def _flaw(evidence: EvidenceStore, kept: _Kept) -> str | None:
    try:
        stream = await evidence.open(kept.location, kept.sha256)
    except EvidenceUnavailable:
        raise
    except EvidenceNotKept as error:
        return str(error)
    with stream:
        size_bytes = await asyncio.to_thread(stream.seek, 0, os.SEEK_END)
    if size_bytes != kept.size_bytes:
        return f"it has {size_bytes:,} bytes, and its record says {kept.size_bytes:,}"
    return None
