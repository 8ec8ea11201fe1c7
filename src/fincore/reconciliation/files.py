"""The record of settlement files: what was fetched, and what became of it."""

from collections.abc import Collection
from datetime import datetime
from typing import Final, Literal

import msgspec

from fincore.domain.ids import SettlementFileId, settlement_file_id_of
from fincore.domain.outcome import PspAccount, PspName
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.page import with_conditions
from fincore.reconciliation.evidence.port import KeptFile
from fincore.reconciliation.fetching.remote import NO_PROOF, Proof, RemoteFile
from fincore.reconciliation.file_decision import FileStatus
from fincore.reconciliation.parsed_file import FileFormat
from fincore.reconciliation.source import SettlementSource

_SQL = load_sql("fincore.reconciliation", "files.sql")


Finding = Literal["new", "doubled", "replaced"]
"""`new`: a content that was not there. `doubled`: the content of an earlier file. `replaced`: new content under a name that had another
before; both are kept."""


REFUSAL_CHARACTERS_MAX: Final = 1_000


class SettlementFile(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the record. `doubled`: how often the same content came again; `replaces`: the file that had its name before.

    `decision`: what a person decided about it last, and why.
    """

    file_id: SettlementFileId
    psp: PspName
    psp_account: PspAccount
    livemode: bool
    source: str
    name: str
    sha256: str
    size_bytes: int
    fetched_at: datetime
    format: FileFormat
    status: FileStatus
    refusal_line: int | None
    refusal: str | None
    replaces: SettlementFileId | None
    doubled: int
    decision: str | None


class SettlementFiles:
    """The record in LedgerDB's database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def not_fetched(self, source: str, offered: Collection[RemoteFile]) -> list[RemoteFile]:
        """Of the files that a source offers those that were not fetched yet, by name."""
        rows = await self._pool.fetch(_SQL.fetched_versions, source, sorted({one.name for one in offered}))
        fetched = {(row["name"], row["size_bytes"], row["remote_mtime"]) for row in rows}
        return sorted(one for one in offered if (one.name, one.size_bytes, one.changed_at) not in fetched)

    async def names_fetched(self, source: str, names: Collection[str]) -> frozenset[str]:
        """Of some names those that came from a source with a file that was not refused."""
        rows = await self._pool.fetch(_SQL.names_fetched, source, sorted(names))
        return frozenset(row["name"] for row in rows)

    async def record(
        self,
        source: SettlementSource,
        remote: RemoteFile,
        kept: KeptFile,
        *,
        host_key: str | None,
        proof: Proof = NO_PROOF,
    ) -> tuple[SettlementFileId, Finding] | None:
        """Record a file that was fetched and kept, in one transaction; None where another process has recorded this version.

        A file that its proof refuses is refused from the beginning, so that no run reads it.
        """
        refusal = proof.refusal
        file_id = settlement_file_id_of(
            livemode=source.livemode,
            psp=source.psp,
            psp_account=source.psp_account,
            sha256=kept.sha256,
        )
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_SQL.take_recording_turn, f"{source.psp}:{source.psp_account}")
            same_content = await connection.fetchval(
                _SQL.file_of_content, source.livemode, source.psp, source.psp_account, kept.sha256
            )
            same_name = await connection.fetchval(
                _SQL.file_of_name,
                source.name,
                remote.name,
                source.livemode,
                source.psp,
                source.psp_account,
            )
            finding: Finding = "doubled" if same_content else "replaced" if same_name else "new"
            if not same_content:
                await connection.execute(
                    _SQL.insert_file,
                    file_id,
                    source.psp,
                    source.psp_account,
                    source.livemode,
                    source.name,
                    kept.name,
                    kept.sha256,
                    kept.size_bytes,
                    remote.changed_at,
                    host_key,
                    kept.location,
                    source.format,
                    remote.payout_reference,
                    same_name,
                    proof.request,
                    None if refusal is None else refusal.line_number,
                    None if refusal is None else refusal.reason[:REFUSAL_CHARACTERS_MAX],
                )
            arrival_no = await connection.fetchval(
                _SQL.insert_arrival,
                source.name,
                remote.name,
                remote.size_bytes,
                remote.changed_at,
                file_id,
                finding,
            )
        return None if arrival_no is None else (file_id, finding)

    async def list(
        self,
        *,
        limit: int,
        source: str | None = None,
        status: FileStatus | None = None,
        livemode: bool | None = None,
        after: SettlementFileId | None = None,
    ) -> list[SettlementFile]:
        """The files fetched last, the newest first, of those that come after the file `after` in this order."""
        statement, arguments = with_conditions(
            _SQL.list_files,
            (limit,),
            (
                (_SQL.of_mode, livemode),
                (_SQL.of_source, source),
                (_SQL.with_status, status),
                (_SQL.after_file, after),
            ),
        )
        rows = await self._pool.fetch(statement, *arguments)
        return [msgspec.convert(dict(row), SettlementFile) for row in rows]
