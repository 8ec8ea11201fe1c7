"""Reads kept files again, all of them, and compares each with the size and the hash that it came with."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.reconciliation.evidence.port import EvidenceNotKept, EvidenceStore, EvidenceUnavailable

_SQL = load_sql("fincore.reconciliation", "evidence_check.sql")

ROWS_AT_A_TIME: Final = 500
NAMED_MAX: Final = 100
"""So many flaws are named; all are counted."""


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
        reason = await _flaw(evidence, kept)
        if reason is not None:
            flawed += 1
            if len(flaws) < NAMED_MAX:
                flaws.append(EvidenceFlaw(kept.record, reason))
    return EvidenceCheck(files=files, size_bytes=size_bytes, flawed=flawed, flaws=tuple(flaws))


async def _records(ledgerdb: Pool) -> AsyncIterator[_Kept]:
    """In pages, so that no connection is held while files are read."""
    last = ""
    while rows := await ledgerdb.fetch(_SQL.kept_files, last, ROWS_AT_A_TIME):
        for row in rows:
            yield _Kept(row["file_id"], row["location"], row["sha256"], row["size_bytes"])
        last = rows[-1]["file_id"]
    last_no = 0
    while rows := await ledgerdb.fetch(_SQL.kept_statements, last_no, ROWS_AT_A_TIME):
        for row in rows:
            record = f"statement {row['statement_no']} of {row['bank']}"
            yield _Kept(record, row["location"], row["sha256"], row["size_bytes"])
        last_no = rows[-1]["statement_no"]


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
