"""Accounts by name, as they stood after any entry of the ledger."""

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import MerchantId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.read.ledgerdb.balances import AccountBalance
from fincore.read.ledgerdb.ledger_moment import LedgerMoment
from fincore.read.page import require_page, with_conditions

_SQL = load_sql("fincore.read.ledgerdb", "account_list.sql")


class AccountFilters(msgspec.Struct, frozen=True, kw_only=True):
    """Which accounts of a mode; None is any. `merchants`: only accounts of these."""

    livemode: bool
    prefix: str | None = None
    currency: Currency | None = None
    merchants: Collection[MerchantId] | None = None


class AccountPage(NamedTuple):
    """One page; the name of the last account is the place from which the next one goes on."""

    accounts: list[AccountBalance]
    has_more: bool


async def list_accounts(
    on: "Pool | Connection",
    wanted: AccountFilters,
    moment: LedgerMoment,
    *,
    after_name: str | None = None,
    limit: int,
) -> AccountPage:
    """The accounts that had been used by a moment of the ledger, by name, at most `limit`."""
    require_page(limit)
    statement, arguments = accounts_statement(wanted, moment, after_name=after_name, limit=limit + 1)
    rows = await on.fetch(statement, *arguments)
    return AccountPage([AccountBalance(**dict(row)) for row in rows[:limit]], has_more=len(rows) > limit)


def accounts_statement(
    wanted: AccountFilters, moment: LedgerMoment, *, after_name: str | None, limit: int
) -> tuple[str, list[object]]:
    """The statement that lists accounts through exactly the filters given, and its arguments."""
    return with_conditions(
        _SQL.list_accounts,
        (wanted.livemode, limit, moment.entry_id),
        (
            (_SQL.with_prefix, wanted.prefix),
            (_SQL.of_currency, wanted.currency),
            (_SQL.of_owners, None if wanted.merchants is None else sorted(wanted.merchants)),
            (_SQL.after_name, after_name),
        ),
    )
