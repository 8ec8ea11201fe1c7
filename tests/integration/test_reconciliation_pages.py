"""Runs, files, breaks, days, uncleared items and adjustments page by page, beside the tables themselves."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest

from fincore.backoffice.settlement_files import decide_file
from fincore.domain.clock import SystemClock
from fincore.domain.currency import Currency
from fincore.domain.ids import SettlementFileId, charge_of
from fincore.domain.one_person_limits import OnePersonLimit
from fincore.postgres.pool import Pool, create_pool
from fincore.reconciliation.adjustments.acts import Adjustments
from fincore.reconciliation.adjustments.decision import Decision
from fincore.reconciliation.adjustments.listing import list_adjustments
from fincore.reconciliation.breaks.listing import BreakFilters, breaks_statement, list_breaks, standing_sums
from fincore.reconciliation.file_decision import FileDecision
from fincore.reconciliation.pages.day_pages import list_days
from fincore.reconciliation.pages.file_record import read_file
from fincore.reconciliation.pages.run_pages import list_runs
from fincore.reconciliation.pages.uncleared_pages import ItemPlace, UnclearedFilters, list_uncleared
from fincore.reconciliation.uncleared import uncleared_by_age
from fixtures.plans import plan_of
from fixtures.settlement_account import Settlement, line, settlement
from fixtures.settlement_falsified import Lived, Payment, live
from fixtures.traffic import store_pool

PLAIN = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")
LIMITS = (OnePersonLimit(Currency("usd"), 100_000, 1_000_000),)


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


async def happen(account: Settlement, *payments: Payment) -> list[Lived]:
    lived = [live(one, account.psp, account.psp_account) for one in payments]
    for one in lived:
        await account.happen(one.stream_id, *one.events)
    return lived


async def run(account: Settlement) -> None:
    assert await account.reconciliation.run() is not None, "another run has the turn"


async def walked(
    read: Callable[[Any], Awaitable[tuple[list[Any], bool]]], place: Callable[[Any], Any]
) -> list[Any]:
    """All pages of a list, one after the other."""
    found: list[Any] = []
    after = None
    while True:
        some, has_more = await read(after)
        found += some
        if not has_more:
            return found
        assert some
        after = place(some[-1])


async def test_pages_of_breaks_join_in_the_order_of_opening(account: Settlement) -> None:
    for day in range(3):
        await happen(account, PLAIN, PLAIN)
        await account.fetched([], day=day)
        await run(account)
    wanted = BreakFilters(livemode=False)
    found = await walked(
        lambda after: list_breaks(account.ledgerdb, wanted, after=after, limit=2), lambda one: one.break_id
    )
    rows = await account.rows(
        "select break_id from reconciliation.breaks order by opened_at desc, break_id desc"
    )
    assert [one.break_id for one in found] == [row["break_id"] for row in rows]
    assert len(found) == 6
    of_charge = BreakFilters(livemode=False, stream_id=found[0].stream_id)
    assert [one.break_id for one in (await list_breaks(account.ledgerdb, of_charge)).breaks] == [
        found[0].break_id
    ]
    in_euros = BreakFilters(livemode=False, currency=Currency("eur"))
    assert (await list_breaks(account.ledgerdb, in_euros)).breaks == []
    young, old = BreakFilters(livemode=False, days_max=0), BreakFilters(livemode=False, days_min=1)
    assert len((await list_breaks(account.ledgerdb, young)).breaks) == 6
    assert (await list_breaks(account.ledgerdb, old)).breaks == []


async def test_standing_breaks_are_found_among_many_closed(account: Settlement, owner_pool: Pool) -> None:
    await happen(account, PLAIN)
    await account.fetched([])
    await run(account)
    await owner_pool.execute(
        """
        set session_replication_role = replica;
        insert into reconciliation.breaks
            (class, livemode, psp, psp_account, currency, amount_minor, subject, opened_at, opened_by, seen_by, status, closed_at, closed_by)
        select 'late', false, psp, psp_account, currency, 1, 'line:' || n, opened_at + n * interval '1 second', opened_by, seen_by,
            'matched_late', now(), opened_by
        from reconciliation.breaks cross join generate_series(1, 20000) n;
        set session_replication_role = origin;
        analyze reconciliation.breaks;
        """
    )
    statement, arguments = breaks_statement(BreakFilters(livemode=False), limit=51)
    plan = await plan_of(account.ledgerdb, statement, arguments)
    (scan,) = [node for node in plan if node.get("Relation Name") == "breaks"]
    assert scan["Index Name"] == "breaks_standing"
    assert scan["Actual Rows"] == 1


@pytest.mark.parametrize("sign", [1, -1])
async def test_sums_of_breaks_stop_at_the_bound_of_bigint(
    account: Settlement, owner_pool: Pool, sign: int
) -> None:
    await happen(account, PLAIN, PLAIN)
    await account.fetched([])
    await run(account)
    async with owner_pool.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute("update reconciliation.breaks set amount_minor = $1", sign * (2**63 - 2))
    (found,) = await standing_sums(account.ledgerdb, livemode=False)
    assert (found.breaks, found.amount_minor) == (2, sign * (2**63 - 1))


async def test_runs_are_listed_with_what_each_did(account: Settlement) -> None:
    first, second = await happen(account, PLAIN, PLAIN)
    await account.fetched(list(first.lines))
    await run(account)
    before_minor = sum(one.net_minor for one in first.lines)
    await account.fetched(list(second.lines), day=1, beginning_minor={"usd": before_minor})
    await run(account)
    await run(account)
    found = await walked(
        lambda after: list_runs(account.ledgerdb, livemode=False, after=after, limit=1),
        lambda one: one.run_id,
    )
    assert [(one.files, one.lines_matched, one.breaks_opened, one.breaks_closed) for one in found] == [
        (0, 0, 0, 0),
        (1, len(second.lines), 0, 1),
        (1, len(first.lines), 1, 0),
    ]
    hashes = await account.rows("select sha256 from reconciliation.reports order by run_no desc")
    assert [one.sha256 for one in found] == [row["sha256"] for row in hashes]
    (last, *_) = (await list_runs(account.ledgerdb, livemode=True, limit=10)).runs[1:]
    assert (last.files, last.lines_matched, last.breaks_closed) == (0, 0, 0)


async def test_uncleared_items_add_up_to_the_sums_by_age(account: Settlement) -> None:
    lived = await happen(account, PLAIN, Payment(5_000, 0, "usd", False, False, (), ""), PLAIN)
    await account.fetched(list(lived[1].lines))
    await run(account)
    await happen(account, PLAIN)
    await account.book()
    wanted = UnclearedFilters(livemode=False, psp=account.psp, psp_account=account.psp_account)
    found = await walked(
        lambda after: list_uncleared(account.ledgerdb, wanted, after=after, limit=1), lambda one: one.place
    )
    sums = await uncleared_by_age(account.ledgerdb, SystemClock().now(), livemode=False)
    assert sum(one.gross_minor + one.fee_minor for one in found) == sum(one.amount_minor for one in sums)
    assert len(found) == sum(one.items for one in sums) == 3
    assert [one.place for one in found] == sorted(one.place for one in found)
    assert {one.subject for one in found}.isdisjoint({charge_of(lived[1].stream_id)})
    for none in (
        UnclearedFilters(livemode=True),
        UnclearedFilters(livemode=False, currency=Currency("eur")),
        UnclearedFilters(livemode=False, kind="refund"),
        UnclearedFilters(livemode=False, psp="stripe", psp_account="another"),
    ):
        assert (await list_uncleared(account.ledgerdb, none, limit=10)).items == []
    first_days = found[0].days
    aged = UnclearedFilters(livemode=False, days_min=first_days + 1)
    assert found[0].place not in [
        one.place for one in (await list_uncleared(account.ledgerdb, aged, limit=10)).items
    ]
    beyond = ItemPlace(2**63 - 1, 0)
    assert (await list_uncleared(account.ledgerdb, wanted, after=beyond, limit=10)).items == []


async def test_file_is_shown_with_totals_and_what_may_be_decided(account: Settlement) -> None:
    (one,) = await happen(account, PLAIN)
    booked = await account.fetched([*one.lines, line("adjustment", 700)])
    refused = await account.fetched([line("adjustment", 5)], day=1, refused_at=1)
    await run(account)
    found = await read_file(account.ledgerdb, booked)
    assert found is not None
    assert (found.status, found.lines, found.open_lines, found.may) == ("booked", len(one.lines) + 1, 1, ())
    assert found.run_id is not None
    assert [total.rows for total in found.computed] == [len(one.lines) + 1]
    assert [total.currency for total in found.stated] == ["usd"]
    flawed = await read_file(account.ledgerdb, refused)
    assert flawed is not None
    assert (flawed.status, flawed.refusal_line, flawed.refusal) == ("refused", 1, "the test says so")
    assert flawed.may == ("read_again", "dismiss")
    assert flawed.break_id is not None
    await decide_file(
        account.ledgerdb,
        refused,
        FileDecision(action="dismiss", actor="staff:s1", reason="a copy of another day"),
    )
    dismissed = await read_file(account.ledgerdb, refused)
    assert dismissed is not None
    assert [(act.action, act.actor) for act in dismissed.decisions] == [("dismiss", "staff:s1")]
    assert dismissed.may == ("release",)
    assert await read_file(account.ledgerdb, SettlementFileId("sf_none")) is None


async def test_adjustments_are_listed_page_by_page(account: Settlement) -> None:
    await account.fetched([line("adjustment", minor) for minor in (100, 200, 300)])
    await run(account)
    acts = Adjustments(account.ledgerdb, LIMITS, account.adjustments)
    breaks = (await list_breaks(account.ledgerdb, BreakFilters(livemode=False))).breaks
    for one in breaks:
        assert one.amount_minor is not None
        decision = Decision(kind="adjustment", amount_minor=one.amount_minor, by="ann", reason="agreed")
        await acts.adjust(one.break_id, decision)
    found = await walked(
        lambda after: list_adjustments(account.ledgerdb, livemode=False, after=after, limit=1),
        lambda one: one.adjustment_id,
    )
    assert [one.break_id for one in found] == [one.break_id for one in reversed(breaks)]
    assert [one.decided_at for one in found] == sorted((one.decided_at for one in found), reverse=True)
    of_break = await list_adjustments(account.ledgerdb, livemode=False, break_id=breaks[0].break_id, limit=10)
    assert of_break.adjustments == [found[-1]]


async def test_days_are_listed_in_their_chain(account: Settlement, dsn: str, owner_pool: Pool) -> None:
    days = [date(2026, 11, day) for day in (2, 3, 5, 6)]
    for day in days:
        await as_of(dsn, day)
        await run(account)
    found = await walked(lambda after: list_days(account.ledgerdb, after=after, limit=1), lambda one: one.day)
    assert [one.day for one in found] == [*reversed(days[:-1])]
    assert [one.day_before for one in found] == [days[1], days[0], None]
    assert all(one.follows and one.runs == 1 for one in found)
    async with owner_pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(
            "update reconciliation.day_reports set sha256 = repeat('0', 64) where day = $1", days[1]
        )
        await connection.execute("set session_replication_role = origin")
    again = (await list_days(account.ledgerdb, limit=10)).days
    assert [one.follows for one in again] == [False, True, True]


async def as_of(dsn: str, day: date) -> None:
    """Let runs begin at noon of the day."""
    owner = await asyncpg.connect(dsn)
    try:
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        await owner.execute(
            "create or replace function public.test_clock() returns trigger language plpgsql as $$ begin "
            f"new.cut_off := '{at.isoformat()}'; return new; end $$"
        )
        await owner.execute(
            "create or replace trigger test_clock before insert on reconciliation.runs"
            " for each row execute function public.test_clock()"
        )
    finally:
        await owner.close()
