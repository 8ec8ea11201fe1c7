"""The ledger built again from the log: the same, row for row; an altered row is found or put right."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from fincore.backoffice.rebuilds import rebuild_ledgerdb
from fincore.cli.rebuild import ledger_rebuild_text
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.domain.ids import EventId, StreamId, charge_of
from fincore.eventstore.inapplicable_events import readable
from fincore.eventstore.log import EventLog, LoggedEvent
from fincore.postgres.pool import Pool
from fincore.read.ledger.accounts import parse_account
from fincore.read.ledger.comparison import Rebuilt
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledger.rebuild import LedgerInUse, SealedDiffers, rebuild, verify
from fincore.read.ledger.suspense import clear_suspense
from fincore.read.ledgerdb.closing import close_period
from fincore.read.ledgerdb.sealer import Sealer
from fincore.read.ledgerdb.verification import verify as verify_seals
from fixtures.books import Books
from fixtures.commits import created
from fixtures.databases import prepared_database
from fixtures.money_events import captured, refund_failed, refunded, withdrawn
from fixtures.traffic import aftermaths, failovers, fates, follow, live, running_writer, store_pool

ROWS = """
    select e.entry_id, e.event_id, e.kind, e.booked_at, e.late_for, e.source, e.clears_entry_id, p.leg, a.name, p.side,
        p.amount_minor, p.currency, p.balance_after_minor, p.account_version
    from ledgerdb.entries e join ledgerdb.postings p using (entry_id) join ledgerdb.accounts a using (account_id)
    order by e.entry_id, p.leg
"""

MOVES = """
    select a.name, a.livemode, m.kind, m.entry_id
    from ledgerdb.merchant_moves m join ledgerdb.accounts a using (account_id)
    order by 1, 2, 3, 4
"""
MOVES_OF_ENTRIES = """
    select distinct a.name, a.livemode, case e.source when 'operator' then 'operator' else e.kind end as kind, e.entry_id
    from ledgerdb.entries e join ledgerdb.postings p using (entry_id) join ledgerdb.accounts a using (account_id)
    where a.owner like 'mer_%' and (e.kind <> 'charge.captured' or e.source = 'operator')
    order by 1, 2, 3, 4
"""
DAYS = "select * from ledgerdb.account_days order by account_id, day"
HOURS = "select * from ledgerdb.account_hours order by account_id, hour"


class Scene(Books):
    """A ledger that has followed a log."""

    @property
    def log(self) -> EventLog[ChargeEvent]:
        return EventLog(self.owner, CHARGE_EVENTS)

    async def follow(self) -> None:
        await follow(self.log, self.pool, self.service, batch_events_max=7)

    async def rows(self) -> list[tuple[object, ...]]:
        return [tuple(row) for row in await self.owner.fetch(ROWS)]

    async def assert_moves_follow_from_entries(self) -> None:
        moves = await self.owner.fetch(MOVES)
        assert moves == await self.owner.fetch(MOVES_OF_ENTRIES)
        assert {row["kind"] for row in moves} >= {"refund.succeeded", "operator"}

    async def tamper(self, *statements: str) -> None:
        async with self.tampering() as connection:
            for statement in statements:
                await connection.execute(statement)


LIVES = [
    (created(10_000), captured(), refunded(), refund_failed()),
    (created(10_000), captured(currency="eur", fee_currency="eur"), withdrawn(currency="eur")),
    (created(10_000), captured(livemode=True)),
    (created(10_000), captured(platform_fee_minor=0), refunded(amount_minor=12_345)),
]


@pytest.fixture(scope="module")
def template_database(postgres_dsn: str, template_database: str) -> Iterator[str]:
    """Charges of all fates, one refund in suspense that an operator cleared, and more events after that."""

    async def booked(dsn: str) -> None:
        async with (
            store_pool(dsn, "ledgerdb") as target,
            store_pool(dsn, "eventstore", role=None) as owner,
            running_writer(owner) as writer,
        ):
            scene = Scene(target, owner, LedgerService())
            await live(writer, [*LIVES, *fates(), *aftermaths(), *failovers()])
            await scene.follow()
            (waiting,) = await target.fetch("select entry_id from entries where reason is not null")
            payable = parse_account("merchant:mer_books:payable:usd")
            await clear_suspense(target, waiting["entry_id"], payable, reason="agreed", by="ada")
            await live(writer, LIVES[:2])
            await scene.follow()

    with prepared_database(postgres_dsn, booked, template=template_database) as (name, _):
        yield name


@pytest.fixture
async def scene(dsn: str, owner_pool: Pool) -> AsyncIterator[Scene]:
    """A ledger of its own with these books."""
    async with store_pool(dsn, "ledgerdb") as target:
        yield Scene(target, owner_pool, LedgerService())


def is_equal(found: Rebuilt) -> bool:
    return (found.first_id, found.differences, list(found.named)) == (None, 0, [])


async def test_the_log_makes_the_ledger_there_is_row_for_row(scene: Scene) -> None:
    before = await scene.rows()
    found = await verify(scene.log, scene.owner)
    assert is_equal(found), found
    assert found.entries == await scene.pool.fetchval("select count(*) from entries")
    assert found.postings == len(before)
    assert is_equal(await rebuild(scene.log, scene.owner))
    assert await scene.rows() == before
    assert await scene.owner.fetchval("select to_regnamespace('ledgerdb_next') is null")


async def test_unbooked_events_are_no_difference(scene: Scene, pool: Pool) -> None:
    async with running_writer(pool) as writer:
        await live(writer, LIVES)
    assert is_equal(await verify(scene.log, scene.owner))


async def test_late_entries_and_sealed_days_are_rebuilt_as_they_are(scene: Scene, pool: Pool) -> None:
    last_month = (datetime.now(UTC).replace(day=1) - timedelta(days=1)).date().replace(day=1)
    await close_period(scene.pool, last_month, by="ada")
    async with running_writer(pool) as writer:
        await live(writer, LIVES)
    await scene.follow()
    await Sealer(scene.pool).seal()
    assert await scene.pool.fetchval("select count(*) from entries where late_for is not null") > 0
    assert is_equal(await rebuild(scene.log, scene.owner))


ALTERED = {
    "amounts": "update ledgerdb.postings set amount_minor = amount_minor + 1 where entry_id = 3",
    "account": "update ledgerdb.postings set account_id = 1 where entry_id = 3 and leg = 2",
    "head": "update ledgerdb.entries set description = 'altered' where entry_id = 3",
    "running balance": "update ledgerdb.postings set balance_after_minor = balance_after_minor + 1 where entry_id = 3",
    "deleted": "delete from ledgerdb.entries where entry_id = 3",
    "deleted with postings": (
        "with p as (delete from ledgerdb.postings where entry_id = 3) delete from ledgerdb.entries where entry_id = 3"
    ),
    "foreign event": "update ledgerdb.entries set event_id = gen_random_uuid() where entry_id = 3",
}


@pytest.mark.parametrize("name", ALTERED)
async def test_altered_entry_is_reported_and_rebuilt(scene: Scene, name: str) -> None:
    await Sealer(scene.pool).seal_batch()
    before = await scene.rows()
    accounts = await scene.owner.fetch("select * from ledgerdb.accounts order by account_id")
    await scene.tamper(ALTERED[name])
    found = await verify(scene.log, scene.owner)
    assert found.first_id == 3
    # What is missing is named by its event, under the number it will get; its own number is not given twice.
    is_gone = name.startswith("deleted") or name == "foreign event"
    assert any(one.what == "the log has it, the ledger does not" for one in found.named) == is_gone
    assert is_gone or found.named[0].entry_id == 3
    mended = await rebuild(scene.log, scene.owner)
    assert mended.is_replaced
    assert is_equal(await verify(scene.log, scene.owner))
    after = await scene.rows()
    if not is_gone:
        assert after == before
        assert await scene.owner.fetch("select * from ledgerdb.accounts order by account_id") == accounts
    assert {(row[1], *row[7:12]) for row in after} == {(row[1], *row[7:12]) for row in before}
    await scene.assert_moves_follow_from_entries()
    await Sealer(scene.pool).seal()
    assert (await verify_seals(scene.pool)).holds


async def test_altered_account_balance_is_found_and_rebuilt(scene: Scene) -> None:
    before = await scene.rows()
    await scene.tamper("update ledgerdb.accounts set balance_minor = 1 where account_id = 2")
    name = await scene.pool.fetchval("select name from accounts where account_id = 2")
    found = await verify(scene.log, scene.owner)
    assert [one.where for one in found.named] == [f"account {name}"]
    assert (await rebuild(scene.log, scene.owner)).is_replaced
    assert is_equal(await verify(scene.log, scene.owner))
    assert await scene.rows() == before


ONE_MOVE = """
    select m.account_id, m.entry_id, a.name from ledgerdb.merchant_moves m join ledgerdb.accounts a using (account_id)
    where m.kind = 'refund.succeeded' order by m.entry_id limit 1
"""
ONE_DAY = """
    select d.account_id, d.day, a.name from ledgerdb.account_days d join ledgerdb.accounts a using (account_id)
    where d.last_entry_id > d.first_entry_id order by a.name, d.day limit 1
"""
ONE_HOUR = """
    select h.account_id, to_char(h.hour at time zone 'UTC', 'YYYY-MM-DD HH24:00') as hour, a.name
    from ledgerdb.account_hours h join ledgerdb.accounts a using (account_id) order by a.name, h.hour limit 1
"""
DERIVED = {
    "move missing": (
        ONE_MOVE,
        "delete from ledgerdb.merchant_moves where entry_id = {entry_id}",
        "account {name}, refund.succeeded of entry {entry_id}",
        "is missing in merchant_moves",
    ),
    "move too many": (
        ONE_MOVE,
        "insert into ledgerdb.merchant_moves values ({account_id}, 'refund.failed', {entry_id})",
        "account {name}, refund.failed of entry {entry_id}",
        "is in merchant_moves, and no entry makes it",
    ),
    "day with another close": (
        ONE_DAY,
        "update ledgerdb.account_days set closing_minor = closing_minor + 1 where account_id = {account_id} and day = '{day}'",
        "account {name}, {day}",
        "differs in account_days from what its postings make",
    ),
    "day between other entries": (
        ONE_DAY,
        "update ledgerdb.account_days set last_entry_id = first_entry_id where account_id = {account_id} and day = '{day}'",
        "account {name}, {day}",
        "differs in account_days from what its postings make",
    ),
    "day missing": (
        ONE_DAY,
        "delete from ledgerdb.account_days where account_id = {account_id} and day = '{day}'",
        "account {name}, {day}",
        "is missing in account_days",
    ),
    "hour of another sum": (
        ONE_HOUR,
        "update ledgerdb.account_hours set net_minor = 0 where account_id = {account_id} and hour = '{hour}Z'",
        "account {name}, {hour}",
        "differs in account_hours from what its postings make",
    ),
    "hour missing": (
        ONE_HOUR,
        "delete from ledgerdb.account_hours where account_id = {account_id} and hour = '{hour}Z'",
        "account {name}, {hour}",
        "is missing in account_hours",
    ),
    "hour too many": (
        ONE_HOUR,
        "insert into ledgerdb.account_hours values ({account_id}, '2020-01-01 00:00Z', 1, 1, 1)",
        "account {name}, 2020-01-01 00:00",
        "is in account_hours, and no sealed entry makes it",
    ),
}


@pytest.mark.parametrize("name", DERIVED)
async def test_altered_derived_table_is_found_and_rebuilt(scene: Scene, name: str) -> None:
    await Sealer(scene.pool).seal_batch(entries_max=20)
    rows, days, hours = await scene.rows(), await scene.owner.fetch(DAYS), await scene.owner.fetch(HOURS)
    chosen, altered, where, what = DERIVED[name]
    place = dict(await scene.owner.fetchrow(chosen) or {})
    await scene.tamper(altered.format(**place))
    found = await verify(scene.log, scene.owner)
    assert [(one.where, one.what) for one in found.named] == [(where.format(**place), what)]
    assert (found.first_id, found.differences) == (found.entries + 1, 1)
    assert (await rebuild(scene.log, scene.owner)).is_replaced
    assert is_equal(await verify(scene.log, scene.owner))
    await scene.assert_moves_follow_from_entries()
    assert await scene.owner.fetch(DAYS) == days
    assert await scene.owner.fetch(HOURS) == hours
    assert await scene.rows() == rows


class BusyLog(EventLog[ChargeEvent]):
    """A log in which the first reader is overtaken by others."""

    def __init__(self, pool: Pool, meanwhile: Callable[[], Awaitable[object]]) -> None:
        super().__init__(pool, CHARGE_EVENTS)
        self._meanwhile: Callable[[], Awaitable[object]] | None = meanwhile

    async def load_events(self, event_ids: Iterable[EventId]) -> list[LoggedEvent[ChargeEvent]]:
        if self._meanwhile is not None:
            meanwhile, self._meanwhile = self._meanwhile, None
            await meanwhile()
        return await super().load_events(event_ids)


async def test_entries_booked_during_comparison_are_no_difference(scene: Scene, pool: Pool) -> None:
    await Sealer(scene.pool).seal_batch(entries_max=5)
    entries = await scene.pool.fetchval("select count(*) from entries")

    async def meanwhile() -> None:
        async with running_writer(pool) as writer:
            await live(writer, LIVES)
        await scene.follow()
        await Sealer(scene.pool).seal()

    found = await verify(BusyLog(scene.owner, meanwhile), scene.owner)
    assert is_equal(found), found
    assert found.entries == entries
    assert await scene.pool.fetchval("select max(entry_id) from seals") > entries


async def test_sealed_entries_are_never_replaced(scene: Scene) -> None:
    entries = await scene.pool.fetchval("select count(*) from entries")
    await scene.backdate(*[datetime.now(UTC) - timedelta(days=2)] * entries)
    await Sealer(scene.pool).seal()
    await scene.tamper(ALTERED["amounts"])
    before = await scene.rows()
    with pytest.raises(SealedDiffers, match=f"entry 3 differs .*sealed up to {entries}"):
        await rebuild(scene.log, scene.owner)
    assert await scene.rows() == before
    assert await scene.owner.fetchval("select to_regnamespace('ledgerdb_next') is null")


HOLDS = {
    "who books": "select from ledgerdb.checkpoints where consumer = 'ledger' for update",
    "who seals": "select pg_advisory_xact_lock(1936023916)",
    "who vacuums": "lock table ledgerdb.seals in share update exclusive mode",
}


@pytest.mark.parametrize("name", HOLDS)
async def test_ledger_in_use_is_not_replaced(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("fincore.read.ledger.rebuild.LOCK_TIMEOUT_SECONDS", 0.05)
    await scene.tamper(ALTERED["amounts"])
    before = await scene.rows()
    async with scene.owner.acquire() as other, other.transaction():
        await other.execute(HOLDS[name])
        with pytest.raises(LedgerInUse, match=r"for longer than 0.05 s: .*nothing was replaced"):
            await rebuild(scene.log, scene.owner)
    assert await scene.rows() == before
    assert (await rebuild(scene.log, scene.owner)).is_replaced


async def test_booking_after_rebuild_keeps_triggers_enabled(scene: Scene, pool: Pool) -> None:
    await scene.tamper(ALTERED["amounts"])
    await rebuild(scene.log, scene.owner)
    async with running_writer(pool) as writer:
        await live(writer, LIVES)
    # The service remembers balances of before; it finds that they are not the last any more.
    await scene.follow()
    assert is_equal(await verify(scene.log, scene.owner))
    disabled = (
        "select tgname from pg_trigger where tgenabled = 'D' and tgrelid::regclass::text like 'ledgerdb.%'"
    )
    assert await scene.owner.fetch(disabled) == []


async def test_entries_of_unparked_charge_keep_their_order_in_rebuild(scene: Scene) -> None:
    stream_id = StreamId(await scene.pool.fetchval("select stream_id from entries where entry_id = 1"))
    assert charge_of(stream_id)
    # As if the first charge had been parked and taken up at the end: its entries come last.
    await scene.tamper(
        "delete from ledgerdb.entries",
        "delete from ledgerdb.postings",
        "delete from ledgerdb.accounts",
        "delete from ledgerdb.merchant_moves",
        "delete from ledgerdb.clearing_items",
    )
    others = [
        event
        for event in readable(await scene.log.read_after(0, 0, limit=1_000))
        if event.stream_id != stream_id
    ]
    scene.service._last = None
    await scene.book(others)
    await scene.book(await scene.log.load(stream_id))
    assert is_equal(await verify(scene.log, scene.owner))


async def test_rebuild_command_reports_comparison_and_replacement(scene: Scene) -> None:
    same = await rebuild_ledgerdb(scene.log, scene.owner, verify_only=True)
    assert same.is_right
    entries = await scene.pool.fetchval("select count(*) from entries")
    assert ledger_rebuild_text(same).startswith(f"ledgerdb compared with the log: {entries} entries, ")
    assert ledger_rebuild_text(same).endswith(" entries/s, 0 differences")
    await scene.tamper(ALTERED["amounts"])
    different = await rebuild_ledgerdb(scene.log, scene.owner, verify_only=True)
    assert not different.is_right
    assert "  entry 3 of event evt_" in ledger_rebuild_text(different)
    mended = await rebuild_ledgerdb(scene.log, scene.owner, verify_only=False)
    assert mended.is_right
    assert ledger_rebuild_text(mended).splitlines()[-1] == "replaced from entry 3 on"
