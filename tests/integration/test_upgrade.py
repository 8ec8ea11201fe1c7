"""A database that an earlier version filled, brought up to date: nothing is lost, and everything of today holds for it."""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

import asyncpg
import pytest
from yoyo import read_migrations
from yoyo.migrations import MigrationList

from fincore.audit.invariants import check_all
from fincore.bootstrap.databases import Databases, Stores, open_stores
from fincore.bootstrap.schemas import migrate_databases
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool, create_pool
from fincore.read.ledger import rebuild as ledger_rebuild
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledgerdb.balances import Balances, TimeKind
from fincore.read.ledgerdb.sealer import Sealer
from fincore.read.ledgerdb.verification import verify as verify_seals
from fincore.read.projectionist import rebuild as view_rebuild
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.books import Books
from fixtures.commits import NOON
from fixtures.traffic import aftermaths, follow, live, running_writer

BEFORE: Final = {
    "0001.service_role",
    "0001.events",
    "0002.idempotency_keys",
    "0003.inbox",
    "0001.merchants",
    "0001.charges",
    "0001.ledger",
    "0002.laws",
    "0003.grants",
}
"""The migrations there were when the database numbered the entries, and none were sealed."""

BOOK_BEFORE: Final = """
with wanted as (
    select distinct on (event_id) *
    from unnest($1::int[], $2::uuid[], $3::boolean[], $4::uuid[], $5::text[])
        as t (entry_no, event_id, livemode, stream_id, description)
    order by event_id, entry_no
),
booked as (
    insert into ledgerdb.entries (event_id, livemode, kind, stream_id, effective_at, description)
    select event_id, livemode, 'charge.captured', stream_id, '2026-01-02 12:00Z', description
    from wanted
    order by entry_no
    on conflict (event_id) do nothing
    returning entry_id, event_id
),
legs as (
    select
        b.entry_id, l.leg, a.account_id, l.side, l.amount_minor, a.currency,
        a.balance_minor
            + sum(case when l.side = a.normal_side then l.amount_minor else -l.amount_minor end) over posted_so_far
            as balance_after_minor,
        a.version + row_number() over posted_so_far as account_version
    from unnest($6::int[], $7::smallint[], $8::text[], $9::text[], $10::bigint[]) as l (entry_no, leg, account, side, amount_minor)
    join wanted w using (entry_no)
    join booked b using (event_id)
    join ledgerdb.accounts a on a.livemode = w.livemode and a.name = l.account
    window posted_so_far as (
        partition by a.account_id order by b.entry_id, l.leg rows between unbounded preceding and current row
    )
),
moved as (
    update ledgerdb.accounts a
    set balance_minor = last.balance_after_minor, version = last.account_version
    from (
        select distinct on (account_id) account_id, balance_after_minor, account_version
        from legs
        order by account_id, account_version desc
    ) last
    where a.account_id = last.account_id
)
insert into ledgerdb.postings
    (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
select entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version
from legs
"""
"""How that version booked: an event seen twice cost a number."""

CLEARING, PAYABLE = "psp:stripe:clearing:usd", "merchant:mer_before:payable:usd"


class Capture(NamedTuple):
    """A charge of that time, created and captured."""

    stream_id: UUID
    event_id: UUID
    amount_minor: int
    livemode: bool


def a_capture(amount_minor: int, *, livemode: bool = False) -> Capture:
    return Capture(uuid4(), uuid4(), amount_minor, livemode)


async def append_before(connection: "asyncpg.Connection[Any]", capture: Capture) -> None:
    """The two events of a charge, with the fields that version gave them."""
    whose = {"merchant_id": "mer_before", "livemode": capture.livemode, "psp": "stripe", "currency": "usd"}
    created = {
        **whose,
        "amount_minor": max(capture.amount_minor, 1),
        "capture_method": "automatic",
        "payment_method": "pm_card_visa",
        "psp_account": "test",
        "created_at": "2026-01-02T11:59:00Z",
        "metadata": {},
    }
    paid = {
        **whose,
        "psp_reference": f"pi_before_{capture.stream_id.hex}",
        "amount_minor": capture.amount_minor,
        "occurred_at": "2026-01-02T12:00:00Z",
    }
    await connection.executemany(
        "insert into eventstore.events (stream_id, version, event_id, type, schema_version, data, metadata)"
        " values ($1, $2, $3, $4, 1, $5, '{}')",
        [
            (capture.stream_id, 1, uuid4(), "charge.created", json.dumps(created)),
            (capture.stream_id, 2, capture.event_id, "charge.captured", json.dumps(paid)),
        ],
    )


async def book_before(connection: "asyncpg.Connection[Any]", captures: Sequence[Capture]) -> None:
    """Book captures as that version did; a negative one went to suspense without a word why."""
    for livemode in {capture.livemode for capture in captures}:
        for name, side in ((CLEARING, "debit"), (PAYABLE, "credit"), ("suspense:usd", "debit")):
            await connection.execute(
                "insert into ledgerdb.accounts (livemode, name, currency, normal_side) values ($1, $2, 'usd', $3)"
                " on conflict do nothing",
                livemode,
                name,
                side,
            )
    legs: list[tuple[int, int, str, str, int]] = []
    for number, capture in enumerate(captures):
        debit, credit = (CLEARING, PAYABLE) if capture.amount_minor > 0 else ("suspense:usd", CLEARING)
        legs += [
            (number, 1, debit, "debit", abs(capture.amount_minor)),
            (number, 2, credit, "credit", abs(capture.amount_minor)),
        ]
    heads = [
        (
            number,
            capture.event_id,
            capture.livemode,
            capture.stream_id,
            f"stripe pi_before_{capture.stream_id.hex}",
        )
        for number, capture in enumerate(captures)
    ]
    await connection.execute(BOOK_BEFORE, *_columns(heads), *_columns(legs))


def _columns(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


@pytest.fixture
async def empty(postgres_dsn: str) -> AsyncIterator[str]:
    """A database with nothing in it."""
    name = f"upgrade_{uuid4().hex}"
    connection = await asyncpg.connect(postgres_dsn)
    try:
        await connection.execute(f"create database {name}")
        yield postgres_dsn.replace("/postgres?", f"/{name}?")
        await connection.execute(f"drop database {name} with (force)")
    finally:
        await connection.close()


class Upgraded(NamedTuple):
    """A system of today on a database of before."""

    stores: Stores
    owner: Pool

    @property
    def log(self) -> EventLog[ChargeEvent]:
        return EventLog(self.stores.eventstore, CHARGE_EVENTS)

    async def follow(self) -> None:
        await follow(self.log, self.stores.paymentdb, Projectionist())
        await follow(self.log, self.stores.ledgerdb, LedgerService())
        await Sealer(self.stores.ledgerdb).seal()

    async def broken(self) -> list[str]:
        return [result.sentence for result in await check_all(self.stores) if not result.holds]


def migrations_before(folder: str) -> MigrationList:
    """Those of a folder that there were."""
    return MigrationList(found for found in read_migrations(folder) if found.id in BEFORE)


@pytest.fixture
async def upgraded(
    empty: str, captures: Sequence[Capture], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Upgraded]:
    """What an earlier version wrote about some captures, migrated; no consumer has followed the log since."""
    databases = Databases(eventstore=empty, paymentdb=empty, ledgerdb=empty)
    with monkeypatch.context() as patch:
        patch.setattr("fincore.postgres.migrations.read_migrations", migrations_before)
        assert {one.name for one in await migrate_databases(databases)} >= BEFORE
    connection = await asyncpg.connect(empty)
    for capture in captures:
        await append_before(connection, capture)
    half = len(captures) // 2
    await book_before(connection, captures[:half])
    # A batch that is rolled back uses up its numbers, and so does an event that is booked already.
    transaction = connection.transaction()
    await transaction.start()
    await book_before(connection, captures[half:])
    await transaction.rollback()
    await book_before(connection, captures[half - 1 :])
    await connection.execute(
        "insert into ledgerdb.checkpoints (consumer, tx, pos)"
        " select 'ledger', tx::text::bigint, pos from eventstore.events order by tx desc, pos desc limit 1"
    )
    await connection.execute(
        "insert into paymentdb.charges (charge_id, stream_id, version, merchant_id, livemode, status, amount_minor,"
        " currency, capture_method, authorized_minor, captured_minor, payment_method, psp, psp_account, metadata,"
        " created_at, updated_at, timeline) select 'ch_' || stream_id, stream_id, 2, 'mer_before', false, 'succeeded', 1,"
        " 'usd', 'automatic', 0, 1, 'pm_card_visa', 'stripe', 'test', '{}', now(), now(), '[]' from ledgerdb.entries"
    )
    await connection.execute(
        "insert into paymentdb.checkpoints (consumer, tx, pos)"
        " select 'projectionist', tx, pos from ledgerdb.checkpoints"
    )
    numbers = [row["entry_id"] for row in await connection.fetch("select entry_id from ledgerdb.entries")]
    assert max(numbers) > len(numbers) == len(captures)
    await connection.close()
    assert not BEFORE & {one.name for one in await migrate_databases(databases)}
    owner = await create_pool(empty, application_name="tests-owner")
    try:
        async with open_stores(databases, application_name="tests-upgrade") as stores:
            yield Upgraded(stores, owner)
    finally:
        owner.terminate()


POSITIVE = [a_capture(1_000 + n, livemode=n % 3 == 0) for n in range(12)]


@pytest.mark.parametrize("captures", [POSITIVE], ids=["captures"])
async def test_upgraded_ledger_continues_under_each_invariant(
    upgraded: Upgraded, captures: Sequence[Capture]
) -> None:
    before = await upgraded.owner.fetch(
        "select event_id, leg, amount_minor, balance_after_minor, account_version"
        " from ledgerdb.entries join ledgerdb.postings using (entry_id) order by entry_id, leg"
    )
    assert len(before) == 2 * len(captures)
    numbers = await upgraded.owner.fetch("select entry_id from ledgerdb.entries order by entry_id")
    assert [row["entry_id"] for row in numbers] == list(range(1, len(captures) + 1))
    await upgraded.follow()
    assert await upgraded.broken() == []
    async with running_writer(upgraded.stores.eventstore) as writer:
        await live(writer, aftermaths())
    await upgraded.follow()
    assert await upgraded.broken() == []

    test = sum(capture.amount_minor for capture in captures if not capture.livemode)
    balances = Balances(upgraded.stores.ledgerdb)
    modes: tuple[TimeKind, ...] = ("effective", "booked")
    for by in modes:
        at = await upgraded.owner.fetchval("select max(booked_at) from ledgerdb.entries")
        assert await balances.as_of(PAYABLE, livemode=False, at=at, by=by) == test
    assert await balances.as_of(PAYABLE, livemode=False, at=NOON, by="effective") == test
    assert (await balances.as_of(PAYABLE, livemode=False, at=NOON.replace(hour=11), by="effective")) == 0
    listed = {(one.owner, one.type) for one in await balances.accounts(livemode=True) if one.balance_minor}
    assert listed == {("stripe", "asset"), ("mer_before", "liability")}


@pytest.mark.parametrize("captures", [POSITIVE], ids=["captures"])
async def test_upgraded_entries_are_sealed_and_equal_the_log(
    upgraded: Upgraded, captures: Sequence[Capture]
) -> None:
    # All of it was long ago: days that are over are sealed, too.
    entries = len(captures)
    books = Books(upgraded.stores.ledgerdb, upgraded.owner, LedgerService())
    await books.backdate(*[NOON] * entries)
    await upgraded.follow()
    verified = await verify_seals(upgraded.stores.ledgerdb)
    assert verified.holds
    assert await upgraded.owner.fetchval("select last_entry_id from ledgerdb.sealed_days") == entries
    compared = await ledger_rebuild.verify(upgraded.log, upgraded.owner)
    assert (compared.entries, compared.first_id, list(compared.named)) == (entries, None, [])
    view, differences = await view_rebuild.verify(upgraded.log, upgraded.owner)
    assert (view.events, differences) == (2 * entries, [])


@pytest.mark.parametrize("captures", [[*POSITIVE[:4], a_capture(-500)]], ids=["negative"])
async def test_upgraded_suspense_entry_without_reason_gets_one(
    upgraded: Upgraded, captures: Sequence[Capture]
) -> None:
    """An earlier version booked to suspense without a reason: the comparison finds it, a rebuild adds it."""
    compared = await ledger_rebuild.verify(upgraded.log, upgraded.owner)
    assert [one.entry_id for one in compared.named] == [len(captures)]
    assert [one.what for one in compared.named] == ["the head of the entry is not what its event makes"]
    assert (await ledger_rebuild.rebuild(upgraded.log, upgraded.owner)).is_replaced
    reasons = await upgraded.owner.fetch(
        "select entry_id, reason from ledgerdb.entries where reason is not null"
    )
    assert [tuple(row) for row in reasons] == [
        (len(captures), "the amount is negative: -500 minor units of usd")
    ]
    assert (await ledger_rebuild.verify(upgraded.log, upgraded.owner)).first_id is None
