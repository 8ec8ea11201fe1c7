"""Items of clearing: what the PSP's statements are expected to show, one for each entry and clearing account, and never lost."""

from collections.abc import AsyncIterator
from typing import Any, Final

import asyncpg
import pytest

from fincore.audit.invariants import INVARIANTS
from fincore.bootstrap.databases import Databases, open_stores
from fincore.domain.events import ChargeEvent
from fincore.domain.log_events import LOG_EVENTS, LogEvent
from fincore.domain.outcome import PspReference, SubReference
from fincore.domain.stream_names import stream_name
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.read.ledger.accounts import parse_account
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledger.rebuild import rebuild, verify
from fincore.read.ledger.suspense import NotCleared, clear_suspense
from fixtures.books import Books, lives
from fixtures.money_events import (
    USD,
    attempt_captured,
    attempt_reversed,
    captured,
    corrected,
    fee_assessed,
    held,
    refund_failed,
    refunded,
    reinstated,
    released,
    withdrawn,
)
from fixtures.settlement import kind_total, payout_report, settling
from fixtures.settlement_money import matched, payout_created, totalled
from fixtures.traffic import aftermaths, failovers, fates, follow, live, running_writer, store_pool

ITEMS: Final = """
    select a.name, i.kind, i.psp_reference, i.refund_id, i.gross_minor, i.fee_minor
    from ledgerdb.clearing_items i join ledgerdb.accounts a using (account_id)
    order by i.entry_id, a.name
"""
LEFT: Final = """
    select a.name, a.balance_minor = coalesce(sum(i.gross_minor + i.fee_minor), 0)::bigint as is_sum
    from ledgerdb.accounts a left join ledgerdb.clearing_items i using (account_id)
    where split_part(a.name, ':', 4) = 'clearing'
    group by a.account_id
"""
CLEARING: Final = "psp:stripe:test:clearing:usd"
BACK: Final = refunded(fee_minor=110, fee_currency=USD)


@pytest.fixture
async def books(dsn: str, owner_pool: Pool) -> AsyncIterator[Books]:
    async with store_pool(dsn, "ledgerdb") as pool:
        yield Books(pool, owner_pool, LedgerService())


async def items(books: Books) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await books.pool.fetch(ITEMS)]


async def broken(databases: Databases, name: str) -> list[tuple[str, str]]:
    (invariant,) = (one for one in INVARIANTS if one.name == name)
    async with open_stores(databases, application_name="tests-clearing") as stores:
        return [(one.where, one.what) for one in await invariant.check(stores)]


@pytest.mark.parametrize(
    ("life", "item"),
    [
        ((captured(),), (CLEARING, "payment", "pi_books", None, 10_000, -320)),
        ((fee_assessed(),), (CLEARING, "fee", "pi_books", None, 0, -320)),
        ((corrected(),), (CLEARING, "correction", "pi_books", None, 10_000, 0)),
        ((captured(), BACK), (CLEARING, "refund", "re_psp", "re_books", -4_000, 110)),
        (
            (captured(), BACK, refund_failed(fee_minor=110, fee_currency=USD)),
            (CLEARING, "refund_failed", "re_psp", "re_books", 4_000, -110),
        ),
        ((captured(), withdrawn()), (CLEARING, "dispute", "du_psp", None, -6_000, -1_500)),
        (
            (captured(), withdrawn(), reinstated()),
            (CLEARING, "dispute_reinstated", "du_psp", None, 6_000, 1_500),
        ),
        ((captured(), held()), (CLEARING, "hold", "du_psp", None, -6_000, 0)),
        ((captured(), held(), released()), (CLEARING, "release", "du_psp", None, 6_000, 0)),
    ],
)
async def test_entry_leaves_the_item_that_a_statement_shows(
    books: Books, life: tuple[ChargeEvent, ...], item: tuple[object, ...]
) -> None:
    await books.book(lives(life))
    assert (await items(books))[-1] == item


async def test_abandoned_attempt_leaves_items_of_its_own(books: Books) -> None:
    await books.book(lives((attempt_captured(), attempt_reversed())))
    kinds = [(kind, gross, fee) for _, kind, _, _, gross, fee in await items(books)]
    assert kinds == [("payment", 10_000, -320), ("reversal", -10_000, 290)]


async def test_payment_of_parts_is_named_by_its_last_capture(books: Books) -> None:
    parts = tuple(
        SubReference(kind, PspReference(name))  # type: ignore[arg-type]  # the kinds are literals
        for kind, name in (("authorization", "A1"), ("capture", "C1"), ("capture", "C2"))
    )
    await books.book(lives((captured(sub_references=parts),)))
    assert [name for _, _, name, *_ in await items(books)] == ["C2"]


async def test_fee_in_another_currency_leaves_two_items(books: Books) -> None:
    await books.book(lives((captured(currency="gbp", fee_currency="eur"),)))
    assert await items(books) == [
        ("psp:stripe:test:clearing:eur", "payment", "pi_books", None, 0, -320),
        ("psp:stripe:test:clearing:gbp", "payment", "pi_books", None, 10_000, 0),
    ]


async def test_clearing_is_the_sum_of_items_until_lines_are_matched(
    books: Books, databases: Databases
) -> None:
    await books.book(lives(*fates(), *aftermaths(), *failovers()))
    left = await books.pool.fetch(LEFT)
    assert len(left) > 2
    assert [row["name"] for row in left if not row["is_sum"]] == []
    assert await broken(databases, "clearing_items_equal_postings") == []


async def test_match_leaves_no_item(books: Books, databases: Databases) -> None:
    await books.book(lives((captured(),), (totalled(),), (matched(),), (payout_created(),)))  # type: ignore[arg-type]  # of settlement
    assert len(await items(books)) == 1
    assert await books.pool.fetchval("select balance_minor from accounts where name = $1", CLEARING) == 0
    assert await broken(databases, "clearing_items_equal_postings") == []
    moves = "select count(*) from merchant_moves where kind like 'settlement%' or kind like 'payout%'"
    assert await books.pool.fetchval(moves) == 0


async def test_suspense_cleared_to_clearing_leaves_a_correction(books: Books, databases: Databases) -> None:
    life = (
        captured(platform_fee_minor=0, fee_minor=0),
        refunded(),
        refunded(amount_minor=7_000),
    )
    await books.book(lives(life))
    assert await clear_suspense(books.pool, 3, parse_account(CLEARING), reason="a slip", by="ada") == 4
    assert (await items(books))[-1] == (CLEARING, "correction", "", None, 7_000, 0)
    assert await broken(databases, "clearing_items_equal_postings") == []


async def test_suspense_is_cleared_to_a_loss_at_a_psp_it_knows(books: Books) -> None:
    life = (
        captured(platform_fee_minor=0, fee_minor=0),
        refunded(),
        refunded(amount_minor=7_000),
    )
    await books.book(lives(life))
    unknown = parse_account("expense:adjustments:stripe:other:usd")
    with pytest.raises(NotCleared, match="there is no account"):
        await clear_suspense(books.pool, 3, unknown, reason="ours to bear", by="ada")
    ours = parse_account("expense:adjustments:stripe:test:usd")
    assert await clear_suspense(books.pool, 3, ours, reason="ours to bear", by="ada") == 4


@pytest.mark.parametrize("account", ["balance", "in_transit"])
async def test_suspense_is_never_cleared_to_what_the_psp_states(books: Books, account: str) -> None:
    await books.book(
        lives((captured(platform_fee_minor=0, fee_minor=0), refunded(), refunded(amount_minor=7_000)))
    )
    stated = parse_account(f"psp:stripe:test:{account}:usd")
    with pytest.raises(NotCleared, match="follows what the PSP says alone"):
        await clear_suspense(books.pool, 3, stated, reason="a slip", by="ada")


@pytest.mark.parametrize(
    "statement",
    [
        "update ledgerdb.clearing_items set gross_minor = 1",
        "delete from ledgerdb.clearing_items",
        "truncate ledgerdb.clearing_items",
    ],
)
async def test_database_refuses_to_change_items(books: Books, statement: str) -> None:
    await books.book(lives((captured(),)))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await books.pool.execute(statement)
    with pytest.raises(asyncpg.RestrictViolationError):
        await books.owner.execute(statement)


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        (
            "delete from ledgerdb.clearing_items",
            "the item says nothing, the postings make 10000 and fees -320",
        ),
        (
            "update ledgerdb.clearing_items set gross_minor = gross_minor + 1, fee_minor = fee_minor - 1",
            "the item says 10001 and fees -321, the postings make 10000 and fees -320",
        ),
    ],
)
async def test_item_at_odds_with_its_entry_breaks_the_invariant(
    books: Books, databases: Databases, statement: str, finding: str
) -> None:
    await books.book(lives((captured(),)))
    async with books.tampering() as connection:
        await connection.execute(statement)
    assert await broken(databases, "clearing_items_equal_postings") == [
        (f"entry 1 on account {CLEARING}", finding)
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "update ledgerdb.clearing_items set psp_reference = 'pi_other' where entry_id = 2",
        "update ledgerdb.clearing_items set refund_id = 're_other' where kind = 'refund'",
        "update ledgerdb.clearing_items set kind = 'correction' where entry_id = 1",
        "delete from ledgerdb.clearing_items where entry_id = 1",
        (
            "insert into ledgerdb.clearing_items select 1, 0, kind, 'made_up', stream_id, null, 1, 0, effective_at"
            " from ledgerdb.clearing_items where entry_id = 2"
        ),
    ],
)
async def test_altered_item_is_found_and_mended_by_a_rebuild(
    books: Books, pool: Pool, statement: str
) -> None:
    log: EventLog[LogEvent] = EventLog(pool, LOG_EVENTS, name_of=stream_name)
    async with running_writer(pool) as writer:
        await live(writer, [(captured(), refunded()), (captured(livemode=True),)])
    async with settling(pool) as settlement:
        await settlement.report(payout_report("paid"))
        file_id = await settlement.read_file(kind_total("payment", 10_000, -320))
        await settlement.match(file_id, kind_total("payment", 10_000, -320))
    await follow(log, books.pool, books.service, batch_events_max=3)
    assert (await verify(log, books.owner)).differences == 0
    before = await items(books)
    async with books.tampering() as connection:
        await connection.execute(statement)
    found = await verify(log, books.owner)
    assert (found.differences > 0, {one.what.split(" clearing_items")[0] for one in found.named}) == (
        True,
        {"differs in"}
        if statement.startswith("update")
        else {found.named[0].what.split(" clearing_items")[0]},
    )
    assert (await rebuild(log, books.owner)).is_replaced
    assert await items(books) == before
    assert (await verify(log, books.owner)).differences == 0


async def test_rebuild_takes_an_operators_item_over(books: Books, pool: Pool) -> None:
    log: EventLog[LogEvent] = EventLog(pool, LOG_EVENTS, name_of=stream_name)
    async with running_writer(pool) as writer:
        life = captured(platform_fee_minor=0, fee_minor=0), refunded(), refunded(amount_minor=7_000)
        await live(writer, [life])
        await follow(log, books.pool, books.service)
        await clear_suspense(books.pool, 3, parse_account(CLEARING), reason="a slip", by="ada")
        await live(writer, [(captured(),)])
        await follow(log, books.pool, books.service)
    assert (await verify(log, books.owner)).differences == 0
    before = await items(books)
    async with books.tampering() as connection:
        await connection.execute("delete from ledgerdb.clearing_items")
    assert (await rebuild(log, books.owner)).is_replaced
    assert await items(books) == before


async def test_payouts_on_their_way_are_what_in_transit_holds(
    books: Books, pool: Pool, databases: Databases
) -> None:
    log: EventLog[LogEvent] = EventLog(pool, LOG_EVENTS, name_of=stream_name)
    async with settling(pool) as settlement:
        await settlement.report(
            payout_report("in_transit", 700),
            payout_report("in_transit", -50),
            payout_report("paid", 9_000),
            payout_report("canceled", 300),
            payout_report("failed", 400),
        )
        failed = payout_report("paid", 500, psp_reference="po_back")
        await settlement.report(failed, payout_report("failed", 500, psp_reference="po_back", day=3))
    await follow(log, books.pool, books.service)
    assert await broken(databases, "in_transit_equals_open_payouts") == []
    in_transit = "select balance_minor from accounts where name = 'psp:stripe:test:in_transit:usd'"
    assert await books.pool.fetchval(in_transit) == 650
    async with books.tampering() as connection:
        await connection.execute(
            "update ledgerdb.accounts set balance_minor = 651 where name = 'psp:stripe:test:in_transit:usd'"
        )
    assert await broken(databases, "in_transit_equals_open_payouts") == [
        (
            "psp:stripe:test:in_transit:usd (test)",
            "holds 651 minor units, the payouts on their way come to 650",
        )
    ]


async def test_payout_that_the_ledger_has_not_booked_is_no_difference(
    books: Books, pool: Pool, databases: Databases
) -> None:
    log: EventLog[LogEvent] = EventLog(pool, LOG_EVENTS, name_of=stream_name)
    async with settling(pool) as settlement:
        await settlement.report(payout_report("in_transit", 700))
        assert await broken(databases, "in_transit_equals_open_payouts") == []
        await follow(log, books.pool, books.service)
        await settlement.report(payout_report("in_transit", 300))
    assert await broken(databases, "in_transit_equals_open_payouts") == []
