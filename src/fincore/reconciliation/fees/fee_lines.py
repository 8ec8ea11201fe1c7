"""Lines that state the fee of a payment of which the log has none: the fee becomes an event of the charge."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import asyncpg

from fincore.domain.currency import Currency
from fincore.domain.ids import StreamId
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.stated_fee import StatedFee
from fincore.eventstore.commit import Provenance
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.reconciliation.reading.read_files import ACTOR
from fincore.write.settlement.stated_fees import StatedFeeRecorder

_SQL = load_sql("fincore.reconciliation.fees", "fee_lines.sql")

STATEMENT_SECONDS_MAX: Final = 3_600.0
"""How long the lookup over all lines that no run has taken up may take."""
FEES_AT_A_TIME: Final = 50
"""How many charges are read and written at once; their events share commits."""


class FeeLines:
    """Finds the fees that lines state of payments in the ledger, and has each charge told of its own."""

    def __init__(self, ledgerdb: Pool, fees: StatedFeeRecorder) -> None:
        self._pool = ledgerdb
        self._fees = fees

    async def take_up(self) -> int:
        """How many charges have learned their fee. What was told before a crash is not told again."""
        told = 0
        async for rows in self._stated():
            told += sum(await asyncio.gather(*map(self._record, rows)))
        return told

    async def _stated(self) -> AsyncIterator[list[asyncpg.Record]]:
        async with self._pool.acquire() as connection, connection.transaction():
            for statement in (
                _SQL.stage_unknown_fees,
                _SQL.index_unknown_fees,
                _SQL.analyze_unknown_fees,
                _SQL.stage_fee_lines,
                _SQL.stage_named_payments,
                _SQL.analyze_fee_lines,
            ):
                await connection.execute(statement, timeout=STATEMENT_SECONDS_MAX)
            cursor = await connection.cursor(_SQL.stated_fees, timeout=STATEMENT_SECONDS_MAX)
            while rows := await cursor.fetch(FEES_AT_A_TIME, timeout=STATEMENT_SECONDS_MAX):
                yield rows

    async def _record(self, row: asyncpg.Record) -> bool:
        currency = Currency(row["currency"])
        stated = StatedFee(
            psp=PspName(row["psp"]),
            psp_account=PspAccount(row["psp_account"]),
            livemode=row["livemode"],
            references=frozenset(map(PspReference, row["references"])),
            taken=Money(row["taken_minor"], Currency(row["charge_currency"])),
            settled=Money(row["gross_minor"], currency),
            fee=Money(row["fee_minor"], currency),
            occurred_at=row["occurred_at"],
        )
        provenance = Provenance(correlation=row["file_id"], actor=ACTOR, causation=row["line_reference"])
        return await self._fees.record(StreamId(row["stream_id"]), stated, provenance)
