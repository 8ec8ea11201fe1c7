"""The trial balance after any entry: each account on the side of its balance, and both sides of each currency."""

from typing import Final, Literal, NamedTuple

import msgspec

from fincore.domain.currency import Currency
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.read.ledgerdb.ledger_moment import LedgerMoment

_SQL = load_sql("fincore.read.ledgerdb", "trial_balance.sql")
ROWS_MAX: Final = 1_000
STATEMENT_SECONDS_MAX: Final = 60.0


class BalancedAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account with its balance on one of the two sides; the other one is 0."""

    name: str
    currency: Currency
    type: Literal["asset", "liability", "equity", "revenue", "expense"]
    debit_minor: int
    credit_minor: int


class CurrencyTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides of one currency over all accounts: they are equal, or the ledger is wrong."""

    currency: Currency
    accounts: int
    debit_minor: int
    credit_minor: int


class TrialBalancePage(NamedTuple):
    """Some accounts by name; the last one's name is the place from which the next page goes on."""

    accounts: list[BalancedAccount]
    has_more: bool


async def balanced_accounts(
    on: "Pool | Connection",
    moment: LedgerMoment,
    *,
    livemode: bool,
    currency: Currency | None = None,
    after_name: str | None = None,
    limit: int = ROWS_MAX,
) -> TrialBalancePage:
    """The accounts of a mode by name, `limit` at most."""
    rows = await on.fetch(
        _SQL.rows.format(balances=_SQL.balances),
        livemode,
        moment.entry_id,
        after_name,
        currency,
        limit + 1,
        timeout=STATEMENT_SECONDS_MAX,
    )
    return TrialBalancePage(
        [
            BalancedAccount(
                name=row["name"],
                currency=row["currency"],
                type=row["type"],
                debit_minor=max(row["debit_minor"], 0),
                credit_minor=max(-row["debit_minor"], 0),
            )
            for row in rows[:limit]
        ],
        has_more=len(rows) > limit,
    )


async def trial_balance_totals(
    on: "Pool | Connection", moment: LedgerMoment, *, livemode: bool, currency: Currency | None = None
) -> list[CurrencyTotal]:
    """Both sides of each currency of a mode."""
    rows = await on.fetch(
        _SQL.totals.format(balances=_SQL.balances),
        livemode,
        moment.entry_id,
        currency,
        timeout=STATEMENT_SECONDS_MAX,
    )
    return [
        CurrencyTotal(
            currency=row["currency"],
            accounts=row["accounts"],
            debit_minor=int(row["debit_minor"]),
            credit_minor=int(row["credit_minor"]),
        )
        for row in rows
    ]
