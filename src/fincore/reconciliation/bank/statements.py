"""The statements of our banks that were imported: each is kept whole or not at all, and an entry of a bank counts once."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, BinaryIO, Final

import asyncpg
import msgspec

from fincore.domain.settlement_events import BankAccount
from fincore.domain.told_times import BEHIND_MAX
from fincore.observability.failpoints import failpoint
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.reconciliation.bank.stated_period import unlikely_period
from fincore.reconciliation.evidence.port import KeptFile
from fincore.reconciliation.formats.formats import Format
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.parsed_file import Expected, FileFacts, FileRefused, ParsedFile

_SQL = load_sql("fincore.reconciliation.bank", "statements.sql")

READ_SECONDS_MAX: Final = 3_600.0
"""How long one statement may take to be read and stored."""
LINES_AT_A_TIME: Final = 500
"""After so many lines the process turns to its other tasks."""
UNSTORABLE: Final = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    OverflowError,
    UnicodeError,
)
"""Errors of which the cause is in the file."""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that was kept. `known_lines`: how many of its lines an earlier statement had. `is_new`: whether this import kept it."""

    statement_no: int
    lines: int
    known_lines: int
    is_new: bool


class ListedStatement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement. Of the lines that it was the first to have: those that name payouts, those of them that are matched, and the other ones."""

    statement_no: int
    bank: str
    stated_account: str | None
    name: str
    sha256: str
    imported_at: datetime
    period_start: datetime
    period_end: datetime
    lines: int
    known_lines: int
    of_payouts: int
    matched: int
    other: int


class BankStatements:
    """Statements in LedgerDB's database, by the mode and the name of the bank account."""

    def __init__(self, ledgerdb: Pool) -> None:
        self._pool = ledgerdb

    async def known_banks(self, *, livemode: bool) -> Sequence[BankAccount]:
        """The bank accounts that statements or payouts have named so far."""
        return [BankAccount(row["bank"]) for row in await self._pool.fetch(_SQL.known_banks, livemode)]

    async def expected(
        self, bank: BankAccount, *, livemode: bool, missing_after_days: int | None = None
    ) -> Expected:
        """What a statement of the bank must be about. Declares the bank; `missing_after_days` changes how long payouts may take."""
        await self._pool.execute(_SQL.declare_bank, livemode, bank, missing_after_days)
        return Expected(await self._pool.fetchval(_SQL.account_of_bank, livemode, bank))

    async def keep(
        self,
        bank: BankAccount,
        kept: KeptFile,
        stream: BinaryIO,
        parser: Format,
        *,
        livemode: bool,
    ) -> Imported:
        """Read a kept file into lines, in one transaction. Raises `FileRefused`; then nothing of it is stored."""
        async with self._pool.acquire() as connection, connection.transaction():
            expected = Expected(await connection.fetchval(_SQL.lock_bank, livemode, bank))
            known = await connection.fetchval(_SQL.known_statement, livemode, bank, kept.sha256)
            if known is not None:
                return Imported(statement_no=known, lines=0, known_lines=0, is_new=False)
            await connection.execute(_SQL.stage_lines)
            parsed = parser.parse(stream, expected)
            await _copy(connection, parsed.lines)
            await _refuse_unlikely_times(connection, parsed.facts)
            imported = await self._keep(
                connection, bank, kept, parsed, parser_version=parser.parser_version, livemode=livemode
            )
            failpoint("bank_statement", "before")
        failpoint("bank_statement", "after")
        return imported

    async def list(self, *, livemode: bool, bank: BankAccount | None, limit: int) -> list[ListedStatement]:
        """The statements, the last first."""
        rows = await self._pool.fetch(_SQL.list_statements, livemode, bank, limit)
        return [ListedStatement(**dict(row)) for row in rows]

    async def _keep(
        self,
        connection: Connection,
        bank: BankAccount,
        kept: KeptFile,
        parsed: ParsedFile,
        *,
        parser_version: int,
        livemode: bool,
    ) -> Imported:
        facts = parsed.facts
        row = await connection.fetchrow(
            _SQL.keep_statement,
            livemode,
            bank,
            kept.name,
            kept.sha256,
            kept.size_bytes,
            kept.location,
            facts.format,
            parser_version,
            facts.period_start,
            facts.period_end,
            _json(parsed.stated),
            _json(parsed.computed),
            timeout=READ_SECONDS_MAX,
        )
        assert row is not None  # noqa: S101 -- an insert that returns
        await connection.execute(
            _SQL.keep_lines, row["statement_no"], livemode, bank, timeout=READ_SECONDS_MAX
        )
        if facts.account_id is not None:
            await connection.execute(_SQL.keep_account, livemode, bank, facts.account_id)
        return Imported(
            statement_no=row["statement_no"], lines=row["lines"], known_lines=row["known_lines"], is_new=True
        )


def _json(totals: Mapping[Any, msgspec.Struct]) -> str:
    return msgspec.json.encode(dict(totals)).decode()


async def _copy(connection: Connection, lines: Iterator[SettlementLine]) -> None:
    refused: list[FileRefused] = []

    async def rows() -> AsyncIterator[tuple[Any, ...]]:
        try:
            for place, line in enumerate(lines, start=1):
                if place % LINES_AT_A_TIME == 0:
                    await asyncio.sleep(0)
                yield (
                    line.number,
                    line.kind,
                    line.psp_type,
                    line.psp_reference,
                    line.references,
                    line.currency,
                    line.gross_minor,
                    line.occurred_at,
                )
        except FileRefused as error:
            refused.append(error)
            raise

    try:
        await connection.copy_records_to_table("read_bank_lines", records=rows(), timeout=READ_SECONDS_MAX)
    except Exception as error:
        if refused:
            raise refused[0] from None
        if isinstance(error, UNSTORABLE):
            raise FileRefused(None, f"a line holds what cannot be stored ({type(error).__name__})") from error
        raise


async def _refuse_unlikely_times(connection: Connection, facts: FileFacts) -> None:
    """Raise `FileRefused` where a line, or the period that is stated, is of a time that cannot be."""
    line = await connection.fetchrow(_SQL.first_unlikely_line, BEHIND_MAX, timeout=READ_SECONDS_MAX)
    if line is not None:
        days = "a day that has not come" if line["is_ahead"] else f"more than {BEHIND_MAX.days} days ago"
        raise FileRefused(line["number"], f"is of {line['occurred_at']:%Y-%m-%d}, {days}")
    if facts.period_start is None or facts.period_end is None:
        return
    now = await connection.fetchval(_SQL.server_time)
    if (reason := unlikely_period(facts.period_start, facts.period_end, now)) is not None:
        raise FileRefused(None, reason)
