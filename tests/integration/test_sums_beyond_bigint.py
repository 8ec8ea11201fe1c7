"""Sums over many amounts, each of which fits into a bigint and all of which do not: runs, reports and seals go on."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from importlib.resources import files

import pytest

from fincore.domain.currency import Currency
from fincore.domain.ids import SettlementFileId, new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import PspReference
from fincore.domain.settlement_events import SETTLEMENT_FILE_EVENTS
from fincore.domain.settlement_file import SUM_MINOR_MAX
from fincore.eventstore.log import EventLog
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool, create_pool
from fincore.postgres.whole_sums import BIGINT_MAX
from fincore.read.ledgerdb.balances import Balances
from fincore.read.ledgerdb.queries import LedgerQueries
from fincore.read.ledgerdb.sealer import Sealer, manifest_of
from fincore.reconciliation.reading.file_reader import FileReader
from fincore.reconciliation.report.report_html import report_html
from fincore.reconciliation.report.reports import checked_report, keep_reports
from fincore.reconciliation.uncleared import uncleared_by_age
from fincore.write.settlement.settlement_files import SettlementFileRecorder
from fixtures.commits import created, new_stream
from fixtures.money_events import captured, refunded
from fixtures.settlement_account import DAY, FoundBreak, Settlement, line, settlement
from fixtures.settlement_falsified import WHEN, Payment, live
from fixtures.traffic import store_pool

LARGE_MINOR = 5 * 10**18
"""Two of them are more than a bigint holds."""
PLAIN = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


async def taken_and_given_back(
    account: Settlement, times: int, *, given_back_after: timedelta = timedelta()
) -> None:
    """So many payments, each booked as gone back before the next: no balance is beyond a bigint, what was debited is."""
    for _ in range(times):
        common = {"psp": account.psp, "psp_account": account.psp_account}
        back = {"refund_id": new_refund_id(), "psp_reference": PspReference("R"), "fee_minor": 0}
        await account.happen(
            new_stream(),
            created(LARGE_MINOR, psp=account.psp, psp_account=account.psp_account, created_at=WHEN),
            captured(
                amount_minor=LARGE_MINOR,
                psp_reference=PspReference("P"),
                fee_minor=0,
                platform_fee_minor=0,
                occurred_at=WHEN,
                **common,
            ),
            refunded(amount_minor=LARGE_MINOR, occurred_at=WHEN + given_back_after, **back, **common),
        )
        await account.book()


async def test_turnover_beyond_bigint_is_in_the_trial_balance(account: Settlement) -> None:
    await taken_and_given_back(account, 2)
    rows = await LedgerQueries(account.ledgerdb).trial_balance(livemode=False)
    turnovers = {row.debit_minor for row in rows if row.account.startswith("psp:")}
    assert 2 * LARGE_MINOR in turnovers


async def test_day_of_more_than_bigint_has_its_manifest(account: Settlement) -> None:
    await taken_and_given_back(account, 1)
    last = await account.ledgerdb.fetchval("select max(entry_id) from ledgerdb.entries")
    async with account.ledgerdb.acquire() as connection:
        manifest = await manifest_of(connection, DAY.date(), (1, last), root_hash=b"", previous_hash=b"")
    assert manifest.sums == f'[["test","usd",{2 * LARGE_MINOR}]]'


@pytest.mark.parametrize("entries_at_a_time", [1, 100])
async def test_day_of_account_beyond_bigint_is_sealed(account: Settlement, entries_at_a_time: int) -> None:
    """By effective time both payments come before both refunds: the balance between them is beyond bigint, too."""
    await taken_and_given_back(account, 2, given_back_after=timedelta(hours=1))
    sealer = Sealer(account.ledgerdb)
    while await sealer.seal_batch(entries_max=entries_at_a_time):
        pass
    name = f"psp:{account.psp}:{account.psp_account}:clearing:usd"
    (day,) = await account.ledgerdb.fetch(
        "select d.* from ledgerdb.account_days d join ledgerdb.accounts using (account_id) where name = $1",
        name,
    )
    assert (day["debit_minor"], day["credit_minor"], day["closing_minor"]) == (
        2 * LARGE_MINOR,
        2 * LARGE_MINOR,
        0,
    )
    balances = Balances(account.ledgerdb)
    between = WHEN + timedelta(minutes=59)
    assert await balances.as_of(name, livemode=False, at=between, by="effective") == 2 * LARGE_MINOR
    today = await balances.statement(name, livemode=False, first_day=WHEN.date(), last_day=WHEN.date())
    assert max(found.balance_minor for found in today.lines) == 2 * LARGE_MINOR
    audit = load_sql("fincore.audit.invariants", "invariants.sql")
    assert (
        await account.ledgerdb.fetch(audit.wrong_days) + await account.ledgerdb.fetch(audit.wrong_hours) == []
    )


async def test_late_money_beyond_bigint_is_a_break_at_its_bound(account: Settlement) -> None:
    await account.declared(DAY)
    await taken_and_given_back(account, 2)
    assert await account.reconciliation.run() is not None
    assert await account.breaks() == [
        FoundBreak("late", -BIGINT_MAX, "usd"),
        FoundBreak("late", BIGINT_MAX, "usd"),
    ]
    await keep_reports(account.ledgerdb)
    checked = await checked_report(account.ledgerdb, None)
    assert checked.flaw is None
    assert report_html(checked.report, checked.sha256, checked.flaw)
    ages = await uncleared_by_age(account.ledgerdb, DAY + timedelta(days=9), livemode=False)
    assert sum(one.amount_minor for one in ages) == 0


async def test_shown_amounts_beyond_bigint_are_one_break(account: Settlement) -> None:
    """What lines of several files say that a customer paid for one charge is bounded in each file alone."""
    one = live(PLAIN, account.psp, account.psp_account)
    await account.happen(one.stream_id, *one.events)
    shown = Money(SUM_MINOR_MAX, Currency("usd"))
    for day in range(10):
        told = line(
            "payment", 1, currency=Currency("gbp"), references=one.lines[0].references, presentment=shown
        )
        await account.fetched([told], day=day, states_balances=False)
    assert await account.reconciliation.run() is not None
    assert FoundBreak("amount", BIGINT_MAX, "usd") in await account.breaks()


async def test_file_beyond_what_an_account_holds_is_refused(account: Settlement, owner_pool: Pool) -> None:
    """Each of them fits: together they come to more than the ledger's account could say.

    The bound goes by sums that each file adds to when it is read; the migration that made them gives the same of all files.
    """
    half = SUM_MINOR_MAX // 2
    for day, moved in enumerate(
        (line("adjustment", half), line("adjustment", -half), line("adjustment", -2))
    ):
        await account.fetched([moved], day=day, states_balances=False)
    other = await account.fetched(
        [line("adjustment", 5, currency=Currency("eur"))], day=3, states_balances=False
    )
    result = await account.reconciliation.run()
    assert result is not None
    (problem,) = result.problems
    assert problem.file_id != other
    assert "brings what the files of its account moved in USD to more than can be booked" in problem.reason
    await account.book()
    assert await account.balances() == {"balance eur": 5, "unmatched eur": 5}
    kept = "select * from reconciliation.moved_of_accounts order by currency"
    added = await owner_pool.fetch(kept)
    assert [(row["currency"], row["moved_minor"]) for row in added] == [("eur", 5), ("usd", 2 * half)]
    await owner_pool.execute("delete from reconciliation.moved_of_accounts")
    migration = (
        files("fincore.reconciliation.schema")
        .joinpath("0034.moved_of_accounts.sql")
        .read_text(encoding="utf-8")
    )
    _, insert, rest = migration.partition("insert into")
    await owner_pool.execute(insert + rest.partition(";")[0])
    assert await owner_pool.fetch(kept) == added


async def test_two_files_read_at_once_are_bounded_together(account: Settlement) -> None:
    half = SUM_MINOR_MAX // 2 + 1
    fetched = [await account.fetched([line("adjustment", half)], day=day) for day in range(2)]
    log = EventLog(account.dsn_pool, SETTLEMENT_FILE_EVENTS)
    reader = FileReader(
        account.ledgerdb, SettlementFileRecorder(log, account.writer), account.evidence, account.formats
    )
    refusals = await asyncio.gather(*(reader.read(SettlementFileId(one)) for one in fetched))
    (refusal,) = [one for one in refusals if one is not None]
    assert "to more than can be booked" in refusal
