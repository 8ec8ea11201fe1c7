"""The ledger service: what stands in the books after it followed the log, on real PostgreSQL."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from textwrap import dedent

import pytest

from fincore.cli.ledger_tables import journal_table, trial_balance_table
from fincore.domain.events import CHARGE_EVENTS, ChargeCaptured, ChargeEvent
from fincore.domain.ids import MerchantId, StreamId, charge_of
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.log import EventLog
from fincore.eventstore.subscription import Checkpoint, Fenced, Subscription
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Connection, Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledgerdb.queries import LedgerQueries
from fixtures.commits import NOON, captured, created
from fixtures.traffic import authorized, fates, follow, live, read_all, running_writer, store_pool


@pytest.fixture
async def writer(pool: Pool) -> AsyncIterator[Writer[ChargeEvent]]:
    async with running_writer(pool) as writer:
        yield writer


@pytest.fixture
def log(pool: Pool) -> EventLog[ChargeEvent]:
    return EventLog(pool, CHARGE_EVENTS)


@pytest.fixture
async def ledgerdb(dsn: str) -> AsyncIterator[Pool]:
    async with store_pool(dsn, "ledgerdb") as pool:
        yield pool


async def trial_balance(ledgerdb: Pool, *, livemode: bool = False) -> str:
    return trial_balance_table(await LedgerQueries(ledgerdb).trial_balance(livemode=livemode))


async def journal(ledgerdb: Pool, stream_id: StreamId) -> str:
    return journal_table(await LedgerQueries(ledgerdb).entries_of(charge_of(stream_id)))


def text(table: str) -> str:
    """A table written in a test, without the indentation of the test."""
    return dedent(table).strip()


def paid(
    amount_minor: int, merchant: str, currency: str = "usd", *, livemode: bool = False
) -> tuple[ChargeEvent, ...]:
    of_merchant = {"merchant_id": MerchantId(merchant), "currency": currency, "livemode": livemode}
    return created(amount_minor, **of_merchant), captured(amount_minor, **of_merchant)


async def test_a_capture_is_booked_between_the_psp_and_the_merchant(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], ledgerdb: Pool
) -> None:
    await live(writer, [(created(1000), captured(1000))])
    later = NOON + timedelta(days=2)
    (sold,) = await live(writer, [(created(5000), authorized(5000), captured(1999, occurred_at=later))])
    await follow(log, ledgerdb, LedgerService(), batch_events_max=1)
    assert await journal(ledgerdb, sold) == text("""
        entry                                     debit     credit  balance after
        2026-01-04 12:00:00  charge.captured
          psp:stripe:test:clearing:usd        19.99 USD                 29.99 USD
            merchant:mer_01tests:payable:usd             19.99 USD      29.99 USD
    """)
    assert await trial_balance(ledgerdb) == text("""
        account                               debit     credit    balance
        merchant:mer_01tests:payable:usd   0.00 USD  29.99 USD  29.99 USD
        psp:stripe:test:clearing:usd      29.99 USD   0.00 USD  29.99 USD
        total usd                         29.99 USD  29.99 USD
        usd: balanced
    """)


async def test_a_charge_that_moved_no_money_has_no_entry(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], ledgerdb: Pool
) -> None:
    moved_nothing = [life for life in fates() if not isinstance(life[-1], ChargeCaptured)]
    streams = await live(writer, moved_nothing)
    assert await follow(log, ledgerdb, LedgerService()) > 0
    for stream in streams:
        assert await journal(ledgerdb, stream) == "no entries: no money has moved"


async def test_modes_currencies_and_merchants_have_books_of_their_own(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], ledgerdb: Pool
) -> None:
    await live(
        writer,
        [
            paid(100, "mer_a"),
            paid(250, "mer_a"),
            paid(7, "mer_b"),
            paid(500, "mer_a", "jpy"),
            paid(900, "mer_a", livemode=True),
        ],
    )
    await follow(log, ledgerdb, LedgerService())
    assert await trial_balance(ledgerdb) == text("""
        account                          debit    credit   balance
        merchant:mer_a:payable:jpy       0 JPY   500 JPY   500 JPY
        psp:stripe:test:clearing:jpy   500 JPY     0 JPY   500 JPY
        total jpy                      500 JPY   500 JPY
        merchant:mer_a:payable:usd    0.00 USD  3.50 USD  3.50 USD
        merchant:mer_b:payable:usd    0.00 USD  0.07 USD  0.07 USD
        psp:stripe:test:clearing:usd  3.57 USD  0.00 USD  3.57 USD
        total usd                     3.57 USD  3.57 USD
        jpy: balanced
        usd: balanced
    """)
    assert await trial_balance(ledgerdb, livemode=True) == text("""
        account                          debit    credit   balance
        merchant:mer_a:payable:usd    0.00 USD  9.00 USD  9.00 USD
        psp:stripe:test:clearing:usd  9.00 USD  0.00 USD  9.00 USD
        total usd                     9.00 USD  9.00 USD
        usd: balanced
    """)


async def test_a_negative_capture_waits_in_suspense(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], ledgerdb: Pool
) -> None:
    await live(writer, [(created(500), captured(-500))])
    await follow(log, ledgerdb, LedgerService())
    assert await trial_balance(ledgerdb) == text("""
        account                          debit    credit    balance
        psp:stripe:test:clearing:usd  0.00 USD  5.00 USD  -5.00 USD
        suspense:usd                  5.00 USD  0.00 USD   5.00 USD
        total usd                     5.00 USD  5.00 USD
        usd: balanced
    """)


BOOKS = """
select a.livemode, a.name, p.account_version, p.side, p.amount_minor, p.balance_after_minor, e.event_id
from ledgerdb.postings p
join ledgerdb.accounts a using (account_id)
join ledgerdb.entries e using (entry_id)
order by a.livemode, a.name, p.account_version
"""


async def books(ledgerdb: Pool) -> list[dict[str, object]]:
    return [dict(row) for row in await ledgerdb.fetch(BOOKS)]


async def forget(owner_pool: Pool) -> None:
    await owner_pool.execute("""
        set session_replication_role = replica;
        truncate ledgerdb.accounts, ledgerdb.entries, ledgerdb.postings, ledgerdb.clearing_items, ledgerdb.checkpoints;
        set session_replication_role = origin;
    """)


async def test_ledger_is_equal_for_any_batch_size(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], ledgerdb: Pool, owner_pool: Pool
) -> None:
    await live(writer, fates() * 4 + fates(livemode=True) + fates(currency="eur"))
    found = []
    for batch_events_max in (1, 7, 1_000):
        await forget(owner_pool)
        await follow(log, ledgerdb, LedgerService(), batch_events_max=batch_events_max)
        found.append(await books(ledgerdb))
    # Two postings for each of the four captures in each of the six rounds.
    assert len(found[0]) == 2 * 4 * 6
    assert found[0] == found[1] == found[2]


async def test_running_balances_chain_within_and_across_batches(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], ledgerdb: Pool
) -> None:
    await live(writer, [paid(amount_minor, "mer_a") for amount_minor in range(1, 41)])
    await follow(log, ledgerdb, LedgerService(), batch_events_max=9)
    for name in ("psp:stripe:test:clearing:usd", "merchant:mer_a:payable:usd"):
        chain = [row for row in await books(ledgerdb) if row["name"] == name]
        assert [row["account_version"] for row in chain] == list(range(1, 41))
        balance = 0
        for row in chain:
            balance += row["amount_minor"]  # type: ignore[operator]
            assert row["balance_after_minor"] == balance
        assert balance == sum(range(1, 41))
        account = await ledgerdb.fetchrow("select balance_minor, version from accounts where name = $1", name)
        assert account is not None
        assert (account["balance_minor"], account["version"]) == (balance, 40)


async def test_the_same_event_twice_in_a_batch_is_booked_once(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], ledgerdb: Pool
) -> None:
    await live(writer, [paid(100, "mer_a"), paid(200, "mer_a")])
    events = await read_all(log)
    async with ledgerdb.acquire() as connection, connection.transaction():
        await LedgerService().apply(connection, [*events, *events])
    assert await ledgerdb.fetchval("select count(*) from entries") == 2
    assert "3.00 USD" in await trial_balance(ledgerdb)


async def test_an_event_booked_before_is_not_booked_again(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], ledgerdb: Pool
) -> None:
    await live(writer, [paid(100, "mer_a")])
    await follow(log, ledgerdb, LedgerService())
    await live(writer, [paid(200, "mer_a")])
    await ledgerdb.execute("update checkpoints set tx = 0, pos = 0")
    await follow(log, ledgerdb, LedgerService())
    chain = [row["balance_after_minor"] for row in await books(ledgerdb) if "payable" in str(row["name"])]
    assert chain == [100, 300]


async def test_two_runners_of_one_ledger_book_each_event_once(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], ledgerdb: Pool, owner_pool: Pool
) -> None:
    await live(writer, fates() * 10)

    async def run() -> None:
        subscription = Subscription(log, ledgerdb, LedgerService(), batch_events_max=5)
        applied = 1
        while applied:
            with contextlib.suppress(Fenced):
                applied = await subscription.advance()

    await asyncio.gather(run(), run(), run())
    together = await books(ledgerdb)
    await forget(owner_pool)
    await follow(log, ledgerdb, LedgerService())
    assert together == await books(ledgerdb)


class Dying:
    """Books, then dies before the transaction of its checkpoint commits."""

    name = "ledger"

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent[ChargeEvent]]) -> None:
        await LedgerService().apply(connection, events)
        assert await connection.fetchval("select count(*) from ledgerdb.postings") > 0
        raise ConnectionResetError("killed")


async def test_a_death_between_booking_and_commit_takes_both_back(
    writer: Writer[ChargeEvent], log: EventLog[ChargeEvent], ledgerdb: Pool
) -> None:
    await live(writer, [paid(100, "mer_a")])
    dying = Subscription(log, ledgerdb, Dying())
    with pytest.raises(ConnectionResetError, match="killed"):
        await dying.advance()
    assert await dying.checkpoint() == Checkpoint(0, 0)
    assert await trial_balance(ledgerdb) == "no accounts: nothing has been booked yet"
    await follow(log, ledgerdb, LedgerService())
    assert len(await books(ledgerdb)) == 2
