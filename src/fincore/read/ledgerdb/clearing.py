"""What the clearing accounts hold: a ledger of which all is settled has nothing there."""

from typing import Final

import msgspec

from fincore.domain.currency import Currency
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.ledgerdb.metrics import UNCLEAR_MINOR

_SQL = load_sql("fincore.read.ledgerdb", "clearing.sql")

STATEMENT_TIMEOUT_SECONDS: Final = 300.0


class UnclearBalance(msgspec.Struct, frozen=True, kw_only=True):
    """A clearing account of one of our accounts at a PSP that is not at zero."""

    livemode: bool
    account: str
    psp: str
    psp_account: str
    currency: Currency
    balance_minor: int


async def unclear_balances(pool: Pool) -> list[UnclearBalance]:
    """Every clearing account that is not at zero."""
    rows = await pool.fetch(_SQL.unclear_balances, timeout=STATEMENT_TIMEOUT_SECONDS)
    return [
        UnclearBalance(
            livemode=row["livemode"],
            account=row["name"],
            psp=row["psp"],
            psp_account=row["psp_account"],
            currency=row["currency"],
            balance_minor=row["balance_minor"],
        )
        for row in rows
    ]


async def measure_unclear(pool: Pool) -> None:
    """Set the gauge. An account that returned to zero is no longer shown."""
    UNCLEAR_MINOR.clear()
    for unclear in await unclear_balances(pool):
        labels = ("live" if unclear.livemode else "test", unclear.account, unclear.psp, unclear.psp_account)
        UNCLEAR_MINOR.labels(*labels).set(unclear.balance_minor)
