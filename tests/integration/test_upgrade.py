"""A database that an earlier version filled, brought up to date: nothing is lost, and everything of today holds for it."""

import contextlib
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

import asyncpg
import pytest
from yoyo import read_migrations
from yoyo.migrations import MigrationList

from fincore.audit.invariants import check_all
from fincore.bootstrap.databases import Databases, Stores, open_stores
from fincore.bootstrap.schemas import migrate_databases
from fincore.cli.ledger_tables import statement_table
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool, create_pool
from fincore.read.ledger import rebuild as ledger_rebuild
from fincore.read.ledger.accounts import parse_account
from fincore.read.ledger.entry import Entry, entry_of
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledger.suspense import NotCleared, clear_suspense
from fincore.read.ledgerdb.balances import Balances, TimeKind
from fincore.read.ledgerdb.export import LedgerExport
from fincore.read.ledgerdb.export_formats import FORMATS
from fincore.read.ledgerdb.sealer import Sealer, sealed_days
from fincore.read.ledgerdb.verification import verify as verify_seals
from fincore.read.projectionist import rebuild as view_rebuild
from fincore.read.projectionist.projectionist import Projectionist
from fincore.reconciliation.uncleared import uncleared_by_age
from fixtures.books import Books, recorded
from fixtures.commits import NOON, created
from fixtures.databases import Administrator, database_copy, prepared_database
from fixtures.money_events import USD, captured, fee_assessed, refunded, withdrawn
from fixtures.traffic import aftermaths, disputed, failovers, follow, live, refunding, running_writer

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

MODES: Final = 2
RECLASSIFIED: Final = "each account at a PSP has accounts of its own from here on"
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
    of_merchant = {
        "merchant_id": "mer_before",
        "livemode": capture.livemode,
        "psp": "stripe",
        "currency": "usd",
    }
    created = {
        **of_merchant,
        "amount_minor": max(capture.amount_minor, 1),
        "capture_method": "automatic",
        "payment_method": "pm_card_visa",
        "psp_account": "test",
        "created_at": "2026-01-02T11:59:00Z",
        "metadata": {},
    }
    paid = {
        **of_merchant,
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


def all_in(dsn: str) -> Databases:
    """The three stores in one database."""
    return Databases(eventstore=dsn, paymentdb=dsn, ledgerdb=dsn)


def migrations_before(folder: str) -> MigrationList:
    """Those of a folder that there were."""
    return MigrationList(found for found in read_migrations(folder) if found.id in BEFORE)


@pytest.fixture(scope="module")
def before(postgres_dsn: str) -> Iterator[str]:
    """The name of a database as the version before had it, empty."""
    with prepared_database(postgres_dsn, migrated_before) as (name, _):
        yield name


async def migrated_before(dsn: str) -> None:
    """Make the schemas of that version."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fincore.postgres.migrations.read_migrations", migrations_before)
        assert {one.name for one in await migrate_databases(all_in(dsn))} >= BEFORE


@pytest.fixture(scope="module")
def prepared_upgrade(
    postgres_dsn: str, before: str, request: pytest.FixtureRequest
) -> Iterator[tuple[str, Sequence[Capture]]]:
    """The name of a database with the captures that a test names, migrated, and the captures."""
    captures: Sequence[Capture] = request.param

    async def used_and_migrated(dsn: str) -> None:
        await use_before(dsn, captures)
        assert not BEFORE & {one.name for one in await migrate_databases(all_in(dsn))}

    with prepared_database(postgres_dsn, used_and_migrated, template=before) as (name, _):
        yield name, captures


async def use_before(dsn: str, captures: Sequence[Capture]) -> None:
    """Write what an earlier version wrote about some captures."""
    connection = await asyncpg.connect(dsn)
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


@pytest.fixture
def captures(prepared_upgrade: tuple[str, Sequence[Capture]]) -> Sequence[Capture]:
    """The captures that the earlier version knew."""
    return prepared_upgrade[1]


@pytest.fixture
async def upgraded(
    administrator: Administrator, prepared_upgrade: tuple[str, Sequence[Capture]]
) -> AsyncIterator[Upgraded]:
    """A system of today on what an earlier version wrote; no consumer has followed the log since."""
    with database_copy(administrator, prepared_upgrade[0]) as dsn:
        async with opened(all_in(dsn)) as system:
            yield system


POSITIVE = [a_capture(1_000 + n, livemode=n % 3 == 0) for n in range(12)]


@pytest.mark.parametrize("prepared_upgrade", [POSITIVE], ids=["captures"], indirect=True)
async def test_upgraded_ledger_continues_under_each_invariant(
    upgraded: Upgraded, captures: Sequence[Capture]
) -> None:
    before = await upgraded.owner.fetch(
        "select event_id, leg, amount_minor, balance_after_minor, account_version"
        " from ledgerdb.entries join ledgerdb.postings using (entry_id) order by entry_id, leg"
    )
    # One entry a mode moves what the accounts of before hold.
    assert len(before) == 2 * len(captures) + 2 * MODES
    numbers = await upgraded.owner.fetch("select entry_id from ledgerdb.entries order by entry_id")
    assert [row["entry_id"] for row in numbers] == list(range(1, len(captures) + MODES + 1))
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


@pytest.mark.parametrize("prepared_upgrade", [POSITIVE], ids=["captures"], indirect=True)
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
    assert (compared.entries, compared.first_id, list(compared.named)) == (entries + MODES, None, [])
    view, differences = await view_rebuild.verify(upgraded.log, upgraded.owner)
    assert (view.events, differences) == (2 * entries, [])


@pytest.mark.long
@pytest.mark.parametrize(
    "prepared_upgrade", [[*POSITIVE[:4], a_capture(-500)]], ids=["negative"], indirect=True
)
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
        (len(captures), "the amount is negative: -500 minor units of usd"),
        *((len(captures) + mode, RECLASSIFIED) for mode in range(1, MODES + 1)),
    ]
    assert (await ledger_rebuild.verify(upgraded.log, upgraded.owner)).first_id is None


# The books of 0.2.0, in which all accounts at a PSP shared the accounts of the ledger

CHART_CHANGE: Final = "0011.psp_accounts"
LATER: Final = (
    CHART_CHANGE,
    "0012.settlement",
    "0013.adjustments",
    "0014.returned_fees",
    "0015.sums_of_days",
)
REFUND: Final = refunding(4_000, merchant_id="mer_books")
DISPUTE: Final = disputed(amount_minor=12_000, currency="eur")
LIVES_OF_0_2_0: Final = [
    (created(10_000), captured(), REFUND, refunded(refund_id=REFUND.refund_id)),
    (created(10_000), captured(fee_minor=0, fee_currency=None), fee_assessed(currency="eur")),
    (
        created(10_000, currency="eur"),
        captured(currency="eur", fee_minor=0),
        DISPUTE,
        withdrawn(dispute_id=DISPUTE.dispute_id, currency="eur", amount_minor=12_000),
    ),
    (created(10_000, livemode=True), captured(livemode=True)),
    (
        created(10_000, livemode=True, currency="jpy"),
        captured(livemode=True, currency="jpy", fee_currency="jpy"),
    ),
    (created(10_000), captured(fee_currency=None)),
]
"""Charges in both modes and several currencies: a clearing account below zero, and a fee without a currency in suspense."""
UNKNOWN_TO_0_2_0: Final = """
    create table ledgerdb.clearing_items (
        account_id bigint, psp_reference text, entry_id bigint, kind text, stream_id uuid, refund_id text, gross_minor bigint,
        fee_minor bigint, effective_at timestamptz
    );
    grant insert on ledgerdb.clearing_items to fincore_service;
"""
BOOKED: Final = "select entry_id, event_id, kind, effective_at, booked_at, description, source, reason from ledgerdb.entries"
POSTED: Final = "select p.*, a.name from ledgerdb.postings p join ledgerdb.accounts a using (account_id)"


def migrations_of_0_2_0(folder: str) -> MigrationList:
    """Those of a folder that come before the change of the chart."""
    return MigrationList(found for found in read_migrations(folder) if found.id not in LATER)


def entry_of_0_2_0(*arguments: Any, **named: Any) -> Entry | None:
    """The entry that 0.2.0 booked: on accounts that name no account at the PSP."""
    entry = entry_of(*arguments, **named)
    return None if entry is None else ledger_rebuild.on_retired_accounts(entry)


class OldBooks(NamedTuple):
    """What the books of 0.2.0 said before the upgrade."""

    entries: list[asyncpg.Record]
    postings: list[asyncpg.Record]
    balances: dict[tuple[bool, str], int]
    manifests: dict[Any, str]


async def balances_of(owner: Pool) -> dict[tuple[bool, str], int]:
    rows = await owner.fetch("select livemode, name, balance_minor from ledgerdb.accounts")
    return {(row["livemode"], row["name"]): row["balance_minor"] for row in rows}


@contextlib.asynccontextmanager
async def opened(databases: Databases) -> AsyncIterator[Upgraded]:
    owner = await create_pool(databases.ledgerdb, application_name="tests-owner")
    try:
        async with open_stores(databases, application_name="tests-upgrade") as stores:
            yield Upgraded(stores, owner)
    finally:
        owner.terminate()


async def books_of_0_2_0(dsn: str) -> OldBooks:
    """Make an installation of 0.2.0 with a past: two sealed days, sealed entries of today, and one that no seal vouches for yet."""
    databases = all_in(dsn)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fincore.postgres.migrations.read_migrations", migrations_of_0_2_0)
        assert CHART_CHANGE not in {one.name for one in await migrate_databases(databases)}
        patch.setattr("fincore.read.ledger.holdings.entry_of", entry_of_0_2_0)
        async with opened(databases) as system:
            # Today's service notes what 0.2.0 did not; nothing of that is left for the upgrade.
            await system.owner.execute(UNKNOWN_TO_0_2_0)
            books = Books(system.stores.ledgerdb, system.owner, LedgerService())
            async with running_writer(system.stores.eventstore) as writer:
                await live(writer, LIVES_OF_0_2_0)
                await follow(system.log, system.stores.ledgerdb, books.service)
                await books.backdate(NOON, NOON, NOON + timedelta(days=1))
                await live(writer, aftermaths())
                await system.follow()
                await live(writer, [(created(), captured(amount_minor=700, platform_fee_minor=0))])
                await follow(system.log, system.stores.ledgerdb, books.service)
            await system.owner.execute("drop table ledgerdb.clearing_items")
            # As 0.2.0 wrote them: its events named no account.
            async with books.tampering() as connection:
                await connection.execute(
                    "update eventstore.events set data = data - 'psp_account', schema_version = 1"
                    " where schema_version = 2 and type <> 'charge.created'"
                )
            return OldBooks(
                await system.owner.fetch(f"{BOOKED} order by entry_id"),
                await system.owner.fetch(f"{POSTED} order by entry_id, leg"),
                await balances_of(system.owner),
                {one.day: one.manifest_hash.hex() for one in await sealed_days(system.stores.ledgerdb)},
            )


async def upgraded_from_0_2_0(dsn: str) -> None:
    """Migrate it."""
    applied = await migrate_databases(all_in(dsn))
    assert CHART_CHANGE in {one.name for one in applied}


@pytest.fixture(scope="module")
def prepared_books(postgres_dsn: str) -> Iterator[tuple[str, OldBooks]]:
    """The name of a database of 0.2.0 that was upgraded, and what its books said before."""
    with (
        prepared_database(postgres_dsn, books_of_0_2_0) as (before, books),
        prepared_database(postgres_dsn, upgraded_from_0_2_0, template=before) as (name, _),
    ):
        yield name, books


@pytest.fixture
def old_books(prepared_books: tuple[str, OldBooks]) -> OldBooks:
    """What the books of 0.2.0 said before the upgrade."""
    return prepared_books[1]


@pytest.fixture
async def parted(
    administrator: Administrator, prepared_books: tuple[str, OldBooks]
) -> AsyncIterator[Upgraded]:
    """A system of today on the books of 0.2.0 after the upgrade."""
    with database_copy(administrator, prepared_books[0]) as dsn:
        async with opened(all_in(dsn)) as system:
            yield system


def with_account(account: tuple[bool, str]) -> str:
    """The name of today for an account of 0.2.0, given as its mode and name."""
    livemode, name = account
    words, mode = name.split(":"), "live" if livemode else "test"
    if words[0] == "psp":
        return ":".join((*words[:2], mode, *words[2:]))
    return ":".join((*words[:3], mode, *words[3:])) if words[:2] == ["expense", "psp_fees"] else name


async def test_upgrade_moves_balances_and_keeps_entries(parted: Upgraded, old_books: OldBooks) -> None:
    last = len(old_books.entries)
    assert (
        await parted.owner.fetch(f"{BOOKED} where entry_id <= {last} order by entry_id") == old_books.entries
    )
    posted = f"{POSTED} where entry_id <= {last} order by entry_id, leg"
    assert await parted.owner.fetch(posted) == old_books.postings

    retired = {key: minor for key, minor in old_books.balances.items() if with_account(key) != key[1]}
    below_zero = {name for (_, name), minor in retired.items() if minor < 0}
    assert below_zero == {"psp:stripe:clearing:eur", "psp:stripe:clearing:xxx"}
    assert {with_account(key).rsplit(":", 1)[0] for key, minor in retired.items() if minor} == {
        "psp:stripe:test:clearing",
        "psp:stripe:live:clearing",
        "expense:psp_fees:stripe:test",
        "expense:psp_fees:stripe:live",
    }
    by_new_name = {(key[0], with_account(key)): minor for key, minor in old_books.balances.items()}
    held = {key: minor for key, minor in (await balances_of(parted.owner)).items() if key not in retired}
    assert held == by_new_name
    flagged = await parted.owner.fetch(
        "select livemode, name, balance_minor from ledgerdb.accounts where is_retired"
    )
    assert {(row["livemode"], row["name"]): row["balance_minor"] for row in flagged} == dict.fromkeys(
        retired, 0
    )

    moves = await parted.owner.fetch(f"{BOOKED} where entry_id > {last} order by entry_id")
    places = {(livemode, parse_account(name)[1:3]) for livemode, name in retired}
    assert len(moves) == len(places) == 5
    assert {(row["kind"], row["source"], row["reason"]) for row in moves} == {
        ("accounts.reclassified", "upgrade", RECLASSIFIED)
    }


async def test_upgraded_chain_log_and_invariants_agree(parted: Upgraded, old_books: OldBooks) -> None:
    assert len(old_books.manifests) == 2
    for _ in ("as upgraded", "after more traffic"):
        await parted.follow()
        verified = await verify_seals(parted.stores.ledgerdb, expected=old_books.manifests)
        assert verified.findings == ()
        assert verified.unsealed == 0
        compared = await ledger_rebuild.verify(parted.log, parted.owner)
        assert (compared.first_id, list(compared.named)) == (None, [])
        suspense = [one for one in await parted.broken() if "nothing_waits_in_suspense" not in one]
        assert suspense == []
        async with running_writer(parted.stores.eventstore) as writer:
            await live(writer, [*aftermaths(), *failovers(), *LIVES_OF_0_2_0[3:5]])
    before = await balances_of(parted.owner)
    assert not (await ledger_rebuild.rebuild(parted.log, parted.owner)).is_replaced
    assert await balances_of(parted.owner) == before


async def test_refund_of_old_capture_gives_fee_back(parted: Upgraded) -> None:
    """The fee of a capture was booked on the retired account, what comes back of it goes to the account's own."""
    stream_id = await parted.owner.fetchval(
        "select stream_id from ledgerdb.entries join ledgerdb.postings using (entry_id)"
        " where kind = 'charge.captured' and not livemode and currency = 'usd' and leg = 6 and amount_minor = 320"
    )
    given_back = refunded(amount_minor=100, fee_minor=3, fee_currency=USD)
    books = Books(parted.stores.ledgerdb, parted.owner, LedgerService())
    await books.book([recorded(given_back, stream_id=stream_id)])
    last = await parted.owner.fetchrow(f"{BOOKED} order by entry_id desc limit 1")
    assert last is not None
    assert (last["kind"], last["reason"]) == ("refund.succeeded", None)


async def test_rebuild_corrects_what_reclassification_moved(old_books: OldBooks, parted: Upgraded) -> None:
    """The last old entry, which has no seal, was altered before the upgrade: a rebuild makes it and what follows right."""
    before = await balances_of(parted.owner)
    books = Books(parted.stores.ledgerdb, parted.owner, LedgerService())
    last = len(old_books.entries)
    async with books.tampering() as connection:
        await connection.execute(
            "update ledgerdb.postings p set amount_minor = amount_minor + 9,"
            " balance_after_minor = balance_after_minor + case p.side when a.normal_side then 9 else -9 end"
            " from ledgerdb.accounts a where a.account_id = p.account_id and p.entry_id = $1 and p.leg <= 2",
            last,
        )
        await connection.execute(
            "update ledgerdb.postings p set amount_minor = amount_minor + 9, balance_after_minor ="
            " case balance_after_minor when 0 then 0 else balance_after_minor + 9 end"
            " from ledgerdb.entries e, ledgerdb.accounts a where e.entry_id = p.entry_id and e.source = 'upgrade'"
            " and a.account_id = p.account_id and a.name like 'psp:%:usd' and not e.livemode"
        )
    assert (await ledger_rebuild.verify(parted.log, parted.owner)).first_id == last
    assert (await ledger_rebuild.rebuild(parted.log, parted.owner)).is_replaced
    assert await balances_of(parted.owner) == before
    await parted.follow()
    assert (await ledger_rebuild.verify(parted.log, parted.owner)).first_id is None
    assert (await verify_seals(parted.stores.ledgerdb, expected=old_books.manifests)).holds


async def test_rebuild_of_fewer_old_entries_keeps_the_change(old_books: OldBooks, parted: Upgraded) -> None:
    """An entry that the log does not tell of is left out, and all after it, the change of the chart too, come one earlier."""
    last = len(old_books.entries)
    async with Books(parted.stores.ledgerdb, parted.owner, LedgerService()).tampering() as connection:
        await connection.execute(
            "update ledgerdb.entries set event_id = gen_random_uuid() where entry_id = $1", last
        )
        await connection.execute(
            "delete from eventstore.events where event_id = $1", old_books.entries[-1]["event_id"]
        )
    assert (await ledger_rebuild.rebuild(parted.log, parted.owner)).is_replaced
    change = "select last_entry_id from ledgerdb.chart_changes where change = 'psp_accounts'"
    assert await parted.owner.fetchval(change) == last - 1
    async with running_writer(parted.stores.eventstore) as writer:
        await live(writer, aftermaths())
    await parted.follow()
    assert (await ledger_rebuild.verify(parted.log, parted.owner)).first_id is None


async def test_retired_account_takes_no_posting(parted: Upgraded, monkeypatch: pytest.MonkeyPatch) -> None:
    books = Books(parted.stores.ledgerdb, parted.owner, LedgerService())
    with monkeypatch.context() as patch:
        patch.setattr("fincore.read.ledger.holdings.entry_of", entry_of_0_2_0)
        with pytest.raises(asyncpg.RestrictViolationError, match="psp:stripe:clearing:usd is retired"):
            await books.book([recorded(captured(fee_minor=0))])
        with pytest.raises(asyncpg.RestrictViolationError, match="names no account at the PSP"):
            await books.book([recorded(captured(currency="kwd", fee_minor=0))])
    with pytest.raises(asyncpg.RestrictViolationError, match="is retired"):
        await parted.owner.execute("update ledgerdb.accounts set is_retired = false where is_retired")
    waiting = await parted.owner.fetchval(
        "select entry_id from ledgerdb.entries where kind = 'charge.captured' and reason is not null"
    )
    with pytest.raises(NotCleared, match="psp:stripe:clearing:xxx is retired"):
        await clear_suspense(
            parted.stores.ledgerdb, waiting, parse_account("psp:stripe:clearing:xxx"), reason="seen", by="ada"
        )
    ours = parse_account("revenue:platform_fees:xxx")
    assert await clear_suspense(parted.stores.ledgerdb, waiting, ours, reason="seen", by="ada")


async def test_statement_and_export_show_reclassification(parted: Upgraded, old_books: OldBooks) -> None:
    today = await parted.owner.fetchval("select changed_at from ledgerdb.chart_changes")
    balances = Balances(parted.stores.ledgerdb)
    name = "psp:stripe:clearing:usd"
    old_minor = old_books.balances[False, name]
    assert (
        await balances.as_of(name, livemode=False, at=today - timedelta(microseconds=1), by="booked")
        == old_minor
    )
    assert await balances.as_of(name, livemode=False, at=today, by="booked") == 0
    of_account = await balances.statement(
        with_account((False, name)), livemode=False, first_day=today.date(), last_day=today.date()
    )
    line = of_account.lines[0]
    assert (line.kind, line.subject, line.amount_minor) == ("accounts.reclassified", None, old_minor)
    assert "  reclassified  " in statement_table(of_account, {})
    for file_format in FORMATS:
        export = LedgerExport(parted.stores.ledgerdb, livemode=False)
        text = "".join([piece async for piece in export.pieces(FORMATS[file_format])])
        assert with_account((False, name)) in text or "Assets:Psp:Stripe:Test:Clearing:USD" in text
        assert "accounts.reclassified" in text


async def test_money_moved_by_upgrade_is_as_old_as_before(parted: Upgraded) -> None:
    changed_at = await parted.owner.fetchval("select changed_at from ledgerdb.chart_changes")
    amounts = await uncleared_by_age(parted.stores.ledgerdb, changed_at)
    live_usd = [one for one in amounts if (one.livemode, one.psp, one.currency) == (True, "stripe", "usd")]
    assert sum(one.amount_minor for one in live_usd) == 10_000 - 320
    assert {one.psp_account for one in live_usd} == {"live"}
    assert min(one.oldest_at for one in live_usd) == NOON
    assert all(one.oldest_at < changed_at for one in amounts)


async def test_new_installation_has_nothing_to_reclassify(databases: Databases) -> None:
    async with opened(databases) as system:
        (change,) = await system.owner.fetch("select change, last_entry_id from ledgerdb.chart_changes")
        assert tuple(change) == ("psp_accounts", 0)
        assert await system.owner.fetchval("select count(*) from ledgerdb.entries") == 0


async def assert_items_are_where_clearing_is(owner: Pool) -> None:
    rows = await owner.fetch(
        "select a.is_retired, i.kind, i.psp_reference from ledgerdb.clearing_items i"
        " join ledgerdb.accounts a using (account_id)"
    )
    assert {row["kind"] for row in rows} >= {"payment", "refund", "fee", "dispute"}
    assert {row["is_retired"] for row in rows} == {False}
    assert {row["psp_reference"].split("_")[0] for row in rows} <= {"pi", "re", "du", ""}
    wrong = await owner.fetch(
        "select a.name from ledgerdb.accounts a left join ledgerdb.clearing_items i using (account_id)"
        " where a.name ~ '^psp:[^:]+:[^:]+:clearing:' group by a.account_id"
        " having a.balance_minor <> coalesce(sum(i.gross_minor + i.fee_minor), 0)"
    )
    assert wrong == []


async def test_upgrade_makes_items_of_what_was_booked_before(parted: Upgraded) -> None:
    """They are on the accounts that took over, named as the PSP names them, and sum up to what those hold; built again, too."""
    await assert_items_are_where_clearing_is(parted.owner)
    assert (await ledger_rebuild.verify(parted.log, parted.owner)).differences == 0
    async with Books(parted.stores.ledgerdb, parted.owner, LedgerService()).tampering() as connection:
        await connection.execute("delete from ledgerdb.clearing_items where entry_id = 1")
    assert (await ledger_rebuild.rebuild(parted.log, parted.owner)).is_replaced
    await assert_items_are_where_clearing_is(parted.owner)
