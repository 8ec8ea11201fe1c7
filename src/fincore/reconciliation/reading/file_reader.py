"""Reads a kept file into lines, all of them or none, in one transaction with its status."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import BinaryIO, Final, Protocol

import asyncpg
import msgspec
import structlog

from fincore.domain.currency import Currency
from fincore.domain.ids import SettlementFileId
from fincore.domain.refusal import Refusal
from fincore.domain.settlement_file import SettlementFile, accept_file
from fincore.observability.failpoints import failpoint
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.reconciliation.evidence.port import EvidenceStore
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.parsed_file import Expected, FileFormat, FileRefused, ParsedFile
from fincore.reconciliation.reading.believed import (
    at_unlikely_times,
    of_another_account,
    of_too_long_a_period,
    of_too_much,
)
from fincore.reconciliation.reading.copied_lines import COLUMNS, blocks_of
from fincore.reconciliation.reading.read_files import accepted_of, sums_of_lines, totals_of
from fincore.write.settlement.settlement_files import SettlementFileRecorder

_SQL = load_sql("fincore.reconciliation.reading", "reading.sql")
_log = structlog.get_logger(__name__)

READ_SECONDS_MAX: Final = 3_600.0
"""How long one file may take to be read and stored."""
REFUSAL_CHARACTERS_MAX: Final = 1_000

UNSTORABLE: Final = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    OverflowError,
    UnicodeError,
)
"""Errors of which the cause is in the file, such as a NUL in a text or an amount beyond 64 bits."""


class Format(Protocol):
    """How files of one format are read."""

    @property
    def parser_version(self) -> int:
        """It grows with every change of what the parser makes of a file."""
        ...

    def parse(self, stream: BinaryIO, expected: Expected) -> ParsedFile:
        """The lines of a file from its beginning, lazily."""
        ...


class FileReader:
    """Reads files of the formats it is given, one at a time."""

    def __init__(
        self,
        ledgerdb: Pool,
        files: SettlementFileRecorder,
        evidence: EvidenceStore,
        formats: Mapping[FileFormat, Format],
    ) -> None:
        self._pool = ledgerdb
        self._files = files
        self._evidence = evidence
        self._formats = formats

    async def waiting(self) -> list[SettlementFileId]:
        """The files that may be read now: kept ones, and those that another version of their parser refused."""
        versions = [str(one.parser_version) for one in self._formats.values()]
        rows = await self._pool.fetch(_SQL.readable_files, list(self._formats), versions)
        return [SettlementFileId(row["file_id"]) for row in rows]

    async def read(self, file_id: SettlementFileId) -> str | None:
        """Read a file of those waiting; return why it was refused, or None. A refused file has changed nothing but its status.

        Raises `EvidenceNotKept` where the evidence store has not got the file as it came; the file waits then.
        """
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                row = await connection.fetchrow(_SQL.lock_file, file_id)
                if row is None:
                    return None
                await self._read(connection, row)
                failpoint("settlement_lines", "before")
            failpoint("settlement_lines", "after")
        except FileRefused as refused:
            await self._pool.execute(
                _SQL.mark_refused,
                file_id,
                str(self._version_of(row["format"])) if row else None,
                refused.line_number,
                refused.reason[:REFUSAL_CHARACTERS_MAX] or "no reason given",
            )
            _log.warning(
                "reconciliation.file_refused",
                file_id=file_id,
                line=refused.line_number,
                reason=refused.reason,
            )
            return str(refused)
        return None

    def _version_of(self, name: FileFormat) -> int | None:
        found = self._formats.get(name)
        return found.parser_version if found else None

    async def _read(self, connection: Connection, row: asyncpg.Record) -> None:
        file_id = SettlementFileId(row["file_id"])
        file_format = self._formats.get(row["format"])
        if file_format is None:
            raise FileRefused(None, f"FinCore does not reconcile files of the format {row['format']}")
        stream = await self._evidence.open(row["location"], row["sha256"])
        try:
            parsed = file_format.parse(stream, Expected(row["account_id"], row["payout_reference"]))
            await _copy(connection, file_id, parsed.lines)
        finally:
            await asyncio.to_thread(stream.close)
        await self._keep_facts(connection, row, parsed, file_format.parser_version)

    async def _keep_facts(
        self, connection: Connection, row: asyncpg.Record, parsed: ParsedFile, parser_version: int
    ) -> None:
        file_id = SettlementFileId(row["file_id"])
        facts = parsed.facts
        lines = await sums_of_lines(connection, file_id)
        period_start, period_end = facts.period_start, facts.period_end
        states_period = period_start is not None and period_end is not None
        if period_start is None or period_end is None:
            period_start, period_end = (
                lines.first_at or row["fetched_at"],
                lines.last_at or row["fetched_at"],
            )
        known = await self._files.load(file_id)
        if known is None:
            reason = at_unlikely_times(
                told_from=min(period_start, lines.first_at or period_start),
                told_until=max(period_end, lines.last_at or period_end),
                fetched_at=row["fetched_at"],
                livemode=row["livemode"],
            )
            if states_period:
                reason = reason or of_too_long_a_period(row["format"], period_end - period_start)
            reason = reason or of_another_account(
                stated=facts.account_id,
                declared=row["account_id"],
                before=await connection.fetchval(_SQL.account_before, file_id),
            )
            if reason is not None:
                raise FileRefused(None, reason)
        moved_minor = await _add_moved(connection, file_id, parsed)
        if known is None and (reason := of_too_much(moved_minor)) is not None:
            raise FileRefused(None, reason)
        await connection.execute(
            _SQL.mark_read,
            file_id,
            str(parser_version),
            period_start,
            period_end,
            facts.sequence,
            _json(parsed.stated),
            _json(parsed.computed),
            states_period,
            facts.continued,
            facts.account_id,
        )
        await _keep_openings(connection, file_id, known)
        refusal = accept_file(
            known, await accepted_of(connection, file_id, lines), await totals_of(connection, file_id, lines)
        )
        if isinstance(refusal, Refusal):
            raise FileRefused(None, refusal.detail)


async def _add_moved(
    connection: Connection, file_id: SettlementFileId, parsed: ParsedFile
) -> dict[Currency, int]:
    """Add what the file moves, by currency, to what the files of its account moved before it; return the sums."""
    moved_minor = {currency: totals.moved_minor for currency, totals in parsed.computed.items()}
    rows = await connection.fetch(_SQL.add_moved, file_id, list(moved_minor), list(moved_minor.values()))
    return {Currency(row["currency"]): int(row["moved_minor"]) for row in rows}


async def _keep_openings(
    connection: Connection, file_id: SettlementFileId, known: SettlementFile | None
) -> None:
    """Keep what the PSP held before the file. A log that has the file already was told of that by a record that is lost."""
    openings = known.before_files("opening") if known else {}
    await connection.execute(
        _SQL.keep_openings,
        file_id,
        known is not None,
        list(openings),
        list(openings.values()),
        timeout=READ_SECONDS_MAX,
    )
    returns = known.before_files("opening_return") if known else {}
    await connection.execute(_SQL.keep_opening_returns, file_id, list(returns), list(returns.values()))


def _json(totals: Mapping[Currency, msgspec.Struct]) -> str:
    return msgspec.json.encode(dict(totals)).decode()


async def _copy(connection: Connection, file_id: SettlementFileId, lines: Iterator[SettlementLine]) -> None:
    failed: list[Exception] = []

    async def blocks() -> AsyncIterator[bytes]:
        try:
            for block in blocks_of(file_id, lines):
                yield block
                await asyncio.sleep(0)
        except (FileRefused, *UNSTORABLE) as error:
            failed.append(error)
            raise

    try:
        await connection.copy_to_table(
            "lines",
            schema_name="reconciliation",
            columns=COLUMNS,
            source=blocks(),
            format="binary",
            timeout=READ_SECONDS_MAX,
        )
    except Exception as error:
        cause = failed[0] if failed else error
        if isinstance(cause, FileRefused):
            raise cause from None
        if isinstance(cause, UNSTORABLE):
            raise FileRefused(None, f"a line holds what cannot be stored ({type(cause).__name__})") from cause
        raise
