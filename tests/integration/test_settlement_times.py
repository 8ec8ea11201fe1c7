"""Times that cannot be: what moved money at one of them is late, or missing, all the same."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from prometheus_client import REGISTRY

from fincore.domain.currency import Currency
from fincore.domain.ids import payout_stream_of
from fincore.domain.log_events import LogEvent
from fincore.domain.outcome import PspReference
from fincore.domain.payout import PayoutAccount
from fincore.domain.settlement_events import PayoutCreated
from fincore.eventstore.commit import Commit, Committed, NewEvent
from fincore.postgres.pool import Pool, create_pool
from fincore.reconciliation.file_actions import decide_file
from fincore.reconciliation.file_decision import FileDecision
from fincore.reconciliation.uncleared import measure_uncleared
from fixtures.commits import PROVENANCE
from fixtures.settlement_account import DAY, FoundBreak, Settlement, line, settlement
from fixtures.settlement_falsified import Payment, live
from fixtures.traffic import store_pool

PLAIN = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")
FAR = datetime(9999, 12, 30, 23, 59, 59, tzinfo=UTC)
OVERDUE = FoundBreak("payout_overdue", -4_000, "usd")
UNREPORTED = FoundBreak("payout_unreported", -4_000, "usd")
LATE = FoundBreak("late", -9_680, "usd")


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


async def paid(account: Settlement, at: datetime) -> None:
    """Have a payment of 100.00 in the ledger, captured at this time by the PSP's clock."""
    one = live(PLAIN, account.psp, account.psp_account)
    events = [
        msgspec.structs.replace(event, occurred_at=at) if "occurred_at" in event.__struct_fields__ else event
        for event in one.events
    ]
    await account.happen(one.stream_id, *events)
    await account.book()


async def paid_out(account: Settlement, made_at: datetime, expected_at: datetime | None) -> None:
    """Have a payout of 40.00 in the log with these times, of before reports were held for them."""
    of = PayoutAccount(psp=account.psp, psp_account=account.psp_account, livemode=False)
    event = PayoutCreated(
        payout_id=of.payout_id(PspReference("po_1")),
        psp=of.psp,
        psp_account=of.psp_account,
        livemode=of.livemode,
        psp_reference=PspReference("po_1"),
        amount_minor=4_000,
        currency=Currency("usd"),
        occurred_at=made_at,
        expected_at=expected_at,
    )
    commit = Commit[LogEvent](
        provenance=PROVENANCE,
        stream_id=payout_stream_of(event.payout_id),
        expected_version=0,
        events=(NewEvent(event),),
    )
    assert await account.writer.commit(commit) == Committed()
    await account.book()


async def measured(account: Settlement) -> float | None:
    """The items of the account that a statement should have told of by now."""
    await measure_uncleared(account.ledgerdb, datetime.now(UTC))
    labels = {"mode": "test", "psp": account.psp, "psp_account": account.psp_account, "currency": "usd"}
    return REGISTRY.get_sample_value("fincore_uncleared_overdue_items", labels)


async def found(account: Settlement) -> list[FoundBreak]:
    assert await account.reconciliation.run() is not None
    return [one for one in await account.breaks() if one.break_class not in ("missing_here", "balance")]


async def booked_days_ago(owner_pool: Pool, days: int) -> None:
    """Have all that is booked be booked so many days before it was."""
    async with owner_pool.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(
            "update ledgerdb.entries set booked_at = booked_at - make_interval(days => $1)", days
        )


async def booked_at(owner_pool: Pool, moment: datetime) -> None:
    """Have all that is booked be booked at one moment."""
    async with owner_pool.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute("update ledgerdb.entries set booked_at = $1", moment)


@pytest.mark.parametrize("year", [2090, 9999])
async def test_payment_of_the_far_future_is_late(account: Settlement, owner_pool: Pool, year: int) -> None:
    """By when it was booked."""
    await paid(account, datetime(year, 12, 30, tzinfo=UTC))
    await account.fetched([line("account_fee", -100)])
    await booked_days_ago(owner_pool, -1)
    assert await found(account) == []
    await booked_days_ago(owner_pool, 9)
    assert await found(account) == [LATE]


@pytest.mark.parametrize("year", [1971, 2010])
async def test_payment_of_long_ago_is_missing(account: Settlement, owner_pool: Pool, year: int) -> None:
    """From when it was booked: no statement covers its time, and none ever will."""
    await paid(account, datetime(year, 1, 2, tzinfo=UTC))
    await account.fetched([line("account_fee", -100)])
    await booked_days_ago(owner_pool, -1)
    assert await found(account) == []
    await booked_days_ago(owner_pool, 9)
    assert await found(account) == [LATE]
    assert await measured(account) == 1
    await booked_at(owner_pool, DAY + timedelta(hours=12))
    assert await found(account) == [LATE._replace(break_class="missing_there")]


async def test_item_of_long_ago_counts_from_when_it_was_booked(account: Settlement) -> None:
    """In live mode from a month on, in test mode from ten years on."""
    found = await account.rows(
        "select days, livemode, reconciliation.item_counts_from(now() - make_interval(days => days), now(), livemode) = now() as is_booking"
        " from unnest(array[30, 32, 3659, 3661]) as d (days), unnest(array[false, true]) as m (livemode) order by livemode, days"
    )
    assert [row["is_booking"] for row in found] == [False, False, False, True, False, True, True, True]


@pytest.mark.parametrize("expected_at", [datetime(2090, 1, 1, tzinfo=UTC), FAR])
async def test_payout_expected_in_the_far_future_is_overdue(
    account: Settlement, expected_at: datetime
) -> None:
    """The PSP names a day that would put off for ever what does not arrive; runs go on."""
    await paid_out(account, DAY - timedelta(days=60), expected_at)
    for _ in range(2):
        assert await found(account) == [OVERDUE]


async def test_payout_made_in_the_far_future_is_late(account: Settlement, owner_pool: Pool) -> None:
    await paid_out(account, FAR, None)
    await account.fetched([line("account_fee", -100)])
    assert await found(account) == []
    await booked_days_ago(owner_pool, 20)
    assert await found(account) == [UNREPORTED, OVERDUE]


async def first_file_dismissed(account: Settlement, owner_pool: Pool) -> None:
    """A payment of the first day, of which a person dismissed the file; it came a day later."""
    await paid(account, DAY + timedelta(hours=3))
    file_id = await account.fetched([line("payment", 10_000, -320)], refused_at=1)
    async with owner_pool.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(
            "update reconciliation.files set fetched_at = $1 where file_id = $2",
            DAY + timedelta(days=1, hours=8),
            file_id,
        )
    await account.reconciliation.run()
    decision = FileDecision(action="dismiss", actor="operator:ann", reason="a test file")
    await decide_file(account.ledgerdb, file_id, decision)


async def test_payment_of_a_dismissed_first_file_is_missing(account: Settlement, owner_pool: Pool) -> None:
    await first_file_dismissed(account, owner_pool)
    for day in (1, 2, 3):
        await account.fetched([line("account_fee", -100)], day=day)
    assert await found(account) == [LATE._replace(break_class="missing_there")]


async def test_payment_is_late_where_all_files_are_dismissed(account: Settlement, owner_pool: Pool) -> None:
    await first_file_dismissed(account, owner_pool)
    assert await found(account) == [LATE]
    assert await measured(account) == 1


async def test_payment_since_the_declaration_is_missing(account: Settlement) -> None:
    """The file that should have it never came, and later ones did."""
    await paid(account, DAY + timedelta(hours=3))
    for day in (1, 2, 3):
        await account.fetched([line("account_fee", -100)], day=day)
    assert await found(account) == []
    await account.declared(DAY)
    assert await found(account) == [LATE._replace(break_class="missing_there")]


async def test_payment_is_late_where_a_source_gives_no_file(account: Settlement) -> None:
    """From its declaration on."""
    await paid(account, DAY + timedelta(hours=3))
    await account.declared(DAY + timedelta(hours=4))
    assert await found(account) == []
    await account.declared(DAY)
    assert await found(account) == [LATE]
    assert await measured(account) == 1


async def test_payout_is_unreported_where_a_source_gives_no_file(account: Settlement) -> None:
    await paid_out(account, DAY + timedelta(hours=3), None)
    await account.declared(DAY)
    assert await found(account) == [UNREPORTED, OVERDUE]


@pytest.mark.parametrize("day", [-20_000, 400_000])
async def test_file_of_a_time_that_cannot_be_covers_nothing(account: Settlement, day: int) -> None:
    """Its period, or a line of it, would have every older item be missing."""
    await paid(account, DAY - timedelta(days=2))
    far = DAY + timedelta(days=day)
    await account.fetched([line("account_fee", -100)], day=day)
    await account.fetched([line("account_fee", -100, occurred_at=far)])
    await account.fetched([line("account_fee", -100)], day=1)
    refused = FoundBreak("file_refused", None, None)
    assert await found(account) == [refused, refused]
