"""Reconciliation after a store was set back to a backup: a run refuses before it matches what it cannot know."""

from collections.abc import AsyncIterator

import pytest

from fincore.postgres.pool import Pool, create_pool
from fincore.reconciliation.matching.preconditions import RunRefused
from fixtures.settlement_account import Settlement, settlement
from fixtures.settlement_falsified import Lived, Payment, live
from fixtures.traffic import store_pool

PLAIN = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")
FORGET_RUNS = """
    set session_replication_role = replica;
    delete from reconciliation.matches;
    delete from reconciliation.matched_totals;
    delete from reconciliation.matched_files;
    delete from reconciliation.open_lines;
    delete from reconciliation.open_items;
    delete from reconciliation.runs;
    reset session_replication_role;
"""


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


async def settled(account: Settlement, day: int = 0) -> Lived:
    """A payment that happened and of which the file was fetched, and a run over it."""
    one = live(PLAIN, account.psp, account.psp_account)
    await account.happen(one.stream_id, *one.events)
    await account.fetched(one.lines, day=day)
    assert await account.reconciliation.run() is not None
    await account.book()
    return one


async def test_restored_ledger_without_the_last_run_is_refused(
    account: Settlement, owner_pool: Pool
) -> None:
    await settled(account)
    balances = await account.balances()
    await owner_pool.execute(FORGET_RUNS)
    for _ in range(2):
        with pytest.raises(RunRefused, match="of runs that LedgerDB's database does not have"):
            await account.reconciliation.run()
    await account.book()
    assert await account.balances() == balances
    assert await account.rows("select from reconciliation.runs") == []


async def test_restored_ledger_still_reads_and_books_files(account: Settlement, owner_pool: Pool) -> None:
    await settled(account)
    await owner_pool.execute(FORGET_RUNS)
    file_id = await account.fetched([], day=1)
    with pytest.raises(RunRefused):
        await account.reconciliation.run()
    rows = await account.ledgerdb.fetch("select status from reconciliation.files where file_id = $1", file_id)
    assert [row["status"] for row in rows] == ["booked"]
