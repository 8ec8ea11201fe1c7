"""Reconciliation after a store was set back to a backup: a run refuses before it matches what it cannot know."""

from collections.abc import AsyncIterator

import pytest

from fincore.postgres.pool import Pool, create_pool
from fincore.read.ledger.rebuild import ReconciledMoves, rebuild
from fincore.reconciliation.matching.preconditions import RunRefused
from fincore.reconciliation.run import MatchNotRecorded
from fixtures.settlement_account import Settlement, settlement
from fixtures.settlement_falsified import Lived, Payment, live
from fixtures.traffic import store_pool

PLAIN = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")
FORGET_RUNS = """
    delete from reconciliation.matches;
    delete from reconciliation.matched_totals;
    delete from reconciliation.matched_files;
    delete from reconciliation.open_lines;
    delete from reconciliation.open_items;
    delete from reconciliation.runs;
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


async def set_back(owner_pool: Pool, *statements: str) -> None:
    """Change what no service may change."""
    async with owner_pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        for statement in statements:
            await connection.execute(statement)
        await connection.execute("reset session_replication_role")


async def status_of(account: Settlement, file_id: str) -> str:
    status: str = await account.ledgerdb.fetchval(
        "select status from reconciliation.files where file_id = $1", file_id
    )
    return status


async def test_restored_ledger_without_the_last_run_is_refused(account: Settlement, owner_pool: Pool) -> None:
    await settled(account)
    balances = await account.balances()
    await set_back(owner_pool, FORGET_RUNS)
    for _ in range(2):
        with pytest.raises(RunRefused, match="of runs that LedgerDB's database does not have"):
            await account.reconciliation.run()
    await account.book()
    assert await account.balances() == balances
    assert await account.rows("select from reconciliation.runs") == []


async def test_restored_ledger_still_reads_and_books_files(account: Settlement, owner_pool: Pool) -> None:
    await settled(account)
    await set_back(owner_pool, FORGET_RUNS)
    file_id = await account.fetched([], day=1)
    with pytest.raises(RunRefused):
        await account.reconciliation.run()
    assert await status_of(account, file_id) == "booked"


MOVED = {
    "gone": "delete from ledgerdb.entries where entry_id >= (select max(last_entry_id) from reconciliation.runs)",
    "another": "update ledgerdb.entries set event_id = gen_random_uuid()"
    " where entry_id = (select max(last_entry_id) from reconciliation.runs)",
}


@pytest.mark.parametrize("name", MOVED)
async def test_ledger_that_is_not_the_last_runs_is_refused(
    account: Settlement, owner_pool: Pool, name: str
) -> None:
    await settled(account)
    await set_back(owner_pool, MOVED[name])
    with pytest.raises(RunRefused, match=r"entry \d+ is not the one that run_"):
        await account.reconciliation.run()


async def test_run_the_log_does_not_take_blocks_no_reading(account: Settlement, owner_pool: Pool) -> None:
    await settled(account)
    await set_back(owner_pool, "delete from eventstore.events where type like 'settlement_file.%'")
    file_id = await account.fetched([], day=1)
    with pytest.raises(MatchNotRecorded, match="set back after the file was booked"):
        await account.reconciliation.run()
    assert await status_of(account, file_id) == "booked"


async def test_events_of_the_last_run_that_are_lost_come_again(account: Settlement, owner_pool: Pool) -> None:
    await settled(account)
    balances = await account.balances()
    matches = "delete from eventstore.events where type = 'settlement_file.matched'"
    await set_back(owner_pool, matches)
    assert (await rebuild(account.log, owner_pool)).is_replaced
    assert await account.balances() != balances
    assert await account.reconciliation.run() is not None
    await account.book()
    assert await account.balances() == balances


async def test_booked_file_the_log_lost_is_booked_again(account: Settlement, owner_pool: Pool) -> None:
    file_id = await account.fetched([])
    dying = account.reconciliation
    assert await dying._reader.read(file_id) is None
    await dying._booker.book(file_id)
    await set_back(owner_pool, "delete from eventstore.events where type like 'settlement_file.%'")
    assert await account.reconciliation.run() is not None
    assert await account.rows("select from eventstore.events where type = 'settlement_file.accepted'")


async def test_entries_that_a_run_has_seen_are_not_rebuilt(account: Settlement, owner_pool: Pool) -> None:
    await settled(account)
    entries = await account.rows("select entry_id, event_id from ledgerdb.entries order by entry_id")
    await set_back(owner_pool, "delete from eventstore.events where type not like 'settlement_file.%'")
    with pytest.raises(ReconciledMoves, match=r"entry 1 is not in the log.* nothing was replaced"):
        await rebuild(account.log, owner_pool)
    assert await account.rows("select entry_id, event_id from ledgerdb.entries order by entry_id") == entries
