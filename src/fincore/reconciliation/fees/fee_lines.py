"""Lines that state fees of which the log has none: they become events of their charges."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import asyncpg

from fincore.domain.currency import Currency
from fincore.domain.ids import StreamId
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.returned_fee import StatedReturn
from fincore.domain.stated_fee import StatedFee
from fincore.domain.taken_fee import StatedTake
from fincore.eventstore.commit import Provenance
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.reconciliation.reading.read_files import ACTOR
from fincore.write.settlement.stated_fees import Stated, StatedFeeRecorder

_SQL = load_sql("fincore.reconciliation.fees", "fee_lines.sql")
_RETURNED = load_sql("fincore.reconciliation.fees", "returned_fees.sql")

STATEMENT_SECONDS_MAX: Final = 3_600.0
"""How long the lookup over all lines that no run has taken up may take."""
FEES_AT_A_TIME: Final = 50
"""How many charges are read and written at once; their events share commits."""
_STAGE_FEES: Final = (
    _SQL.stage_unknown_fees,
    _SQL.index_unknown_fees,
    _SQL.analyze_unknown_fees,
    _SQL.stage_fee_lines,
    _SQL.stage_named_payments,
    _SQL.analyze_fee_lines,
)
_STAGE_RETURNS: Final = (
    _RETURNED.stage_return_lines,
    _RETURNED.stage_return_accounts,
    _RETURNED.analyze_return_lines,
)
_STAGE_TAKES: Final = (
    _RETURNED.stage_take_lines,
    _RETURNED.stage_return_accounts,
    _RETURNED.analyze_return_lines,
)


class FeeLines:
    """Finds the fees that lines state of payments and refunds in the ledger, and has each charge told of its own."""

    def __init__(self, ledgerdb: Pool, fees: StatedFeeRecorder) -> None:
        self._pool = ledgerdb
        self._fees = fees

    async def take_up(self) -> int:
        """How many charges have learned a fee, or that a part of it came back or was taken again.

        What was told before a crash is not told again. Fees come first: what comes back is believed up to what was taken, and what is taken again up to what came back.
        """
        fees = await self._take_up(_STAGE_FEES, _SQL.stated_fees, _stated_fee)
        returned = await self._take_up(_STAGE_RETURNS, _RETURNED.stated_returns, _stated_return)
        return fees + returned + await self._take_up(_STAGE_TAKES, _RETURNED.stated_takes, _stated_take)

    async def _take_up(
        self,
        stage: Sequence[str],
        statement: str,
        stated: Callable[[asyncpg.Record], Stated],
    ) -> int:
        told = 0
        async for rows in self._read(stage, statement):
            told += sum(await asyncio.gather(*(self._record(row, stated(row)) for row in rows)))
        return told

    async def _read(self, stage: Sequence[str], stated: str) -> AsyncIterator[list[asyncpg.Record]]:
        async with self._pool.acquire() as connection, connection.transaction():
            for statement in stage:
                await connection.execute(statement, timeout=STATEMENT_SECONDS_MAX)
            cursor = await connection.cursor(stated, timeout=STATEMENT_SECONDS_MAX)
            while rows := await cursor.fetch(FEES_AT_A_TIME, timeout=STATEMENT_SECONDS_MAX):
                yield rows

    async def _record(self, row: asyncpg.Record, stated: Stated) -> bool:
        provenance = Provenance(correlation=row["file_id"], actor=ACTOR, causation=row["line_reference"])
        return await self._fees.record(StreamId(row["stream_id"]), stated, provenance)


def _stated_fee(row: asyncpg.Record) -> StatedFee:
    currency = Currency(row["currency"])
    return StatedFee(
        psp=PspName(row["psp"]),
        psp_account=PspAccount(row["psp_account"]),
        livemode=row["livemode"],
        references=frozenset(map(PspReference, row["references"])),
        taken=Money(row["taken_minor"], Currency(row["charge_currency"])),
        settled=Money(row["gross_minor"], currency),
        fee=Money(row["fee_minor"], currency),
        occurred_at=row["occurred_at"],
    )


def _stated_return(row: asyncpg.Record) -> StatedReturn:
    is_of_refund = row["given_back_minor"] is not None
    return StatedReturn(
        psp=PspName(row["psp"]),
        psp_account=PspAccount(row["psp_account"]),
        livemode=row["livemode"],
        reference=PspReference(row["reference"]),
        payment=None if is_of_refund else PspReference(row["payment"]),
        given_back=Money(row["given_back_minor"], Currency(row["charge_currency"])) if is_of_refund else None,
        fee=Money(row["fee_minor"], Currency(row["currency"])),
        occurred_at=row["occurred_at"],
    )


def _stated_take(row: asyncpg.Record) -> StatedTake:
    return StatedTake(
        psp=PspName(row["psp"]),
        psp_account=PspAccount(row["psp_account"]),
        livemode=row["livemode"],
        reference=PspReference(row["reference"]),
        came_back=Money(row["came_back_minor"], Currency(row["charge_currency"])),
        fee=Money(row["fee_minor"], Currency(row["currency"])),
        occurred_at=row["occurred_at"],
    )
