"""A day at PayPal: payments that the ledger expects on clearing, and the settlement report that tells of them.

Of a thousand lines one is of a payment that the ledger does not know, and one has a fee that differs.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg

from fincore.domain.ids import StreamId, charge_of
from fincore.postgres.named_sql import load_sql

ENTRIES_AT_A_TIME: Final = 50_000
STATEMENT_SECONDS_MAX: Final = 300.0
BREAKS_EVERY: Final = 1_000
FEE_MINOR: Final = 40
ACCOUNT_ID: Final = "BENCHACCOUNT1"

_SQL = load_sql("bench", "settled_ledger.sql")
_BEGAN: Final = datetime(2026, 11, 2, 8, tzinfo=UTC)
_TIME_TEXT: Final = "%Y/%m/%d %H:%M:%S +0000"
_COLUMNS: Final = (
    '"CH","Transaction ID","Invoice ID","PayPal Reference ID","PayPal Reference ID Type","Transaction Event Code",'
    '"Transaction Initiation Date","Transaction Completion Date","Transaction Debit or Credit","Gross Transaction Amount",'
    '"Gross Transaction Currency","Fee Debit or Credit","Fee Amount","Fee Currency","Custom Field"'
)


async def write_expected(dsn: str, *, payments: int) -> int:
    """Book the payments in bulk, under all of the ledger's own rules; return the id of their clearing account."""
    connection = await asyncpg.connect(dsn, command_timeout=STATEMENT_SECONDS_MAX)
    try:
        clearing_id, payable_id = [row["account_id"] for row in await connection.fetch(_SQL.accounts)]
        held_minor = 0
        for first in range(1, payments + 1, ENTRIES_AT_A_TIME):
            last = min(first + ENTRIES_AT_A_TIME - 1, payments)
            async with connection.transaction():
                await connection.execute(
                    _SQL.entries, first, last, clearing_id, payable_id, held_minor, _BEGAN
                )
                await connection.execute(_SQL.items, first, last, clearing_id)
            held_minor += sum(gross_minor(number) - FEE_MINOR for number in range(first, last + 1))
        await connection.execute(_SQL.tidy)
    finally:
        await connection.close()
    return int(clearing_id)


def gross_minor(number: int) -> int:
    """What the customer of a payment paid."""
    return 1_000 + number % 9_000


def write_report(path: Path, *, payments: int) -> None:
    """Write PayPal's report of the day, with footers that are right."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"{row}\n" for row in _rows(payments))


def _rows(payments: int) -> Iterator[str]:
    end = _BEGAN + timedelta(days=1, seconds=-1)
    yield f'"RH",{end.strftime(_TIME_TEXT)},"A","{ACCOUNT_ID}",009'
    yield '"FH",01'
    yield f'"SH",{_BEGAN.strftime(_TIME_TEXT)},{end.strftime(_TIME_TEXT)},"{ACCOUNT_ID}",""'
    yield _COLUMNS
    gross = fee = 0
    for number in range(1, payments + 1):
        line_fee = FEE_MINOR + (number % BREAKS_EVERY == 1)
        gross += gross_minor(number)
        fee += line_fee
        yield _line(number, line_fee)
    balance = gross - fee
    totals = f'"USD",{gross},0,0,{fee},"CR",0,"CR",{balance},"CR",0,"CR",{balance},"CR",0,"CR",0,{payments}'
    yield from (
        f'"SF",{totals}',
        f'"SC",{payments}',
        f'"RF",{totals}',
        f'"RC",{payments}',
        f'"FF",{payments}',
    )


def _line(number: int, fee_minor: int) -> str:
    is_unknown = number % BREAKS_EVERY == 0
    at = (_BEGAN + timedelta(milliseconds=number)).strftime(_TIME_TEXT)
    reference = f"{'NEW' if is_unknown else 'CAP'}{number:014d}"
    custom = "" if is_unknown else charge_of(_stream(number))
    return f'"SB","{reference}","","","","T0006",{at},{at},"CR",{gross_minor(number)},"USD","DR",{fee_minor},"USD","{custom}"'


def _stream(number: int) -> StreamId:
    return StreamId(UUID(int=number))


async def match_row_by_row(dsn: str, account_id: int) -> int:
    """The reference: a look-up and an insert for each line, in one transaction; return how many lines it matched."""
    connection = await asyncpg.connect(dsn, command_timeout=STATEMENT_SECONDS_MAX)
    matched = 0
    try:
        async with connection.transaction():
            await connection.execute(_SQL.row_matches)
            find = await connection.prepare(_SQL.find_item)
            match = await connection.prepare(_SQL.match_line)
            async for line in connection.cursor(_SQL.lines_in_order, prefetch=1_000):
                item = await find.fetchrow(account_id, line["psp_reference"])
                if item is None or item["gross_minor"] != line["gross_minor"]:
                    continue
                if item["fee_minor"] != line["fee_minor"]:
                    continue
                await match.fetch(line["line_no"], item["entry_id"], item["account_id"])
                matched += 1
    finally:
        await connection.close()
    return matched
