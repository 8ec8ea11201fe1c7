"""What PSPs took by day and currency, where the ledger has many accounts."""

import json
from datetime import date, timedelta
from typing import Final

import pytest

from fincore.domain.outcome import PspName
from fincore.postgres.pool import Pool
from fincore.read.ledgerdb.money_days import money_days, money_days_statement
from fixtures.plans import nodes_of
from fixtures.traffic import store_pool

PSPS: Final = (PspName("paypal"), PspName("stripe"))
LAST: Final = date(2026, 11, 27)
FIRST: Final = LAST - timedelta(days=29)
MERCHANTS: Final = 20_000
MILLISECONDS_MAX: Final = 100.0
_ACCOUNTS: Final = """
insert into ledgerdb.accounts (livemode, name, currency, normal_side, type, owner)
select true, 'merchant:mer_' || n || ':payable:usd', 'usd', 'credit', 'liability', 'mer_' || n from generate_series(1, $1) n
union all
select true, 'psp:' || psp || ':a' || n || ':' || kind || ':' || currency, currency, 'debit', 'asset', psp
from unnest(array['paypal', 'stripe']) psp, generate_series(1, 20) n, unnest(array['clearing', 'balance']) kind,
    unnest(array['usd', 'eur', 'jpy']) currency
"""
_DAYS: Final = """
insert into ledgerdb.account_days (account_id, day, debit_minor, credit_minor, closing_minor, first_entry_id, last_entry_id)
select account_id, $1::date - n, 10, 0, 10, 1, 1 from ledgerdb.accounts, generate_series(0, 35) n
"""


@pytest.mark.long
async def test_days_of_many_accounts_are_summed_at_once(dsn: str, owner_pool: Pool) -> None:
    await owner_pool.execute(_ACCOUNTS, MERCHANTS)
    await owner_pool.execute(_DAYS, LAST, timeout=300)
    await owner_pool.execute("vacuum analyze ledgerdb.accounts, ledgerdb.account_days", timeout=300)
    statement, arguments = money_days_statement(livemode=True, psps=PSPS, first=FIRST, last=LAST)
    took = []
    async with store_pool(dsn, "ledgerdb") as pool:
        for _ in range(3):
            (explained,) = json.loads(
                await pool.fetchval(f"explain (analyze, format json) {statement}", *arguments)
            )
            took.append(explained["Execution Time"] + explained["Planning Time"])
            assert not [node for node in nodes_of(explained["Plan"]) if node["Node Type"] == "Seq Scan"]
        days = await money_days(pool, livemode=True, psps=PSPS, first=FIRST, last=LAST)
    assert min(took) <= MILLISECONDS_MAX
    assert len(days) == 30 * 3
    assert {one.taken_minor for one in days} == {2 * 20 * 10}
