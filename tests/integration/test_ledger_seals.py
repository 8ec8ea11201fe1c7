"""Seals: what is booked is chained and days are closed off, and a row altered past the schema is found."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest
import structlog.testing
from prometheus_client import REGISTRY

from fincore.postgres.pool import Connection
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledgerdb import day_verification
from fincore.read.ledgerdb.day_verification import DayTooLong, verify_day
from fincore.read.ledgerdb.sealer import Sealer
from fincore.read.ledgerdb.verification import Verification, measure_altered, verify
from fixtures.books import Books, lives
from fixtures.databases import Administrator, database_copy, prepared_database
from fixtures.money_events import captured, refund_failed, refunded, withdrawn
from fixtures.traffic import store_pool

TODAY = datetime.now(UTC).replace(hour=12)
FIRST_DAY, SECOND_DAY = (TODAY - timedelta(days=days) for days in (3, 1))


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[Books]:
    async with store_pool(dsn, "ledgerdb") as pool, store_pool(dsn, "ledgerdb", role=None) as owner:
        yield Books(pool, owner, LedgerService())


@pytest.fixture(scope="module")
def booked_database(postgres_dsn: str, template_database: str) -> Iterator[str]:
    """Seven entries: three booked on a day that is over, two on another, two today; nothing is sealed yet."""

    async def booked(dsn: str) -> None:
        async with opened(dsn) as books:
            await books.book(
                lives(
                    (captured(), refunded(), refund_failed()),
                    (captured(livemode=True),),
                    (captured(currency="eur"),),
                )
            )
            await books.book(lives((captured(), withdrawn())))
            await books.backdate(FIRST_DAY, FIRST_DAY, FIRST_DAY, SECOND_DAY, SECOND_DAY)

    with prepared_database(postgres_dsn, booked, template=template_database) as (name, _):
        yield name


@pytest.fixture
async def books(administrator: Administrator, booked_database: str) -> AsyncIterator[Books]:
    """A copy of these books for each test."""
    with database_copy(administrator, booked_database) as dsn:
        async with opened(dsn) as books:
            yield books


@pytest.fixture
async def sealed(books: Books) -> Books:
    assert await Sealer(books.pool).seal() == 7
    return books


async def found(books: Books) -> list[tuple[str, str]]:
    return [(where, what) for where, what in (await verify(books.pool, all_findings=True)).findings]


async def test_sealed_ledger_verifies_completely(sealed: Books) -> None:
    verification = await verify(sealed.pool)
    assert verification.holds
    assert (verification.entries, verification.seals, verification.unsealed) == (7, 7, 0)
    assert verification.postings == await sealed.pool.fetchval("select count(*) from postings")
    assert verification.rows_per_second > 0
    days = await sealed.pool.fetch("select day, first_entry_id, last_entry_id from sealed_days order by day")
    assert [tuple(day) for day in days] == [(FIRST_DAY.date(), 1, 3), (SECOND_DAY.date(), 4, 5)]
    assert verification.days == 2


async def test_the_chain_does_not_depend_on_how_it_was_cut(books: Books) -> None:
    sealer = Sealer(books.pool)
    batches = []
    while batch := await sealer.seal_batch(entries_max=2):
        batches.append(batch)
    assert batches == [2, 2, 2, 1]
    assert (await verify(books.pool)).holds
    assert await sealer.seal() == 0
    assert (await verify(books.pool)).days == 2


async def test_two_sealers_seal_each_entry_once(books: Books) -> None:
    counts = await asyncio.gather(*(Sealer(books.pool).seal() for _ in range(3)))
    assert sum(counts) == 7
    assert (await verify(books.pool)).holds


async def test_unsealed_entries_are_counted_as_unsealed(sealed: Books) -> None:
    await sealed.book(lives((captured(),)))
    verification = await verify(sealed.pool)
    assert verification.holds
    assert (verification.entries, verification.unsealed) == (8, 1)


async def test_an_empty_ledger_verifies(dsn: str) -> None:
    async with store_pool(dsn, "ledgerdb") as pool:
        assert await Sealer(pool).seal() == 0
        assert (await verify(pool)).holds


async def test_a_sealed_day_takes_no_entry(sealed: Books) -> None:
    row = await sealed.pool.fetchrow("select * from accounts where account_id = 1")
    assert row is not None
    with pytest.raises(asyncpg.RestrictViolationError, match=r"booked on a sealed day|booked before the one"):
        await sealed.owner.execute(
            "insert into ledgerdb.entries (entry_id, event_id, livemode, kind, stream_id, effective_at, booked_at,"
            " description) values (8, gen_random_uuid(), false, 'x', gen_random_uuid(), $1, $1, '')",
            SECOND_DAY,
        )


async def test_booking_continues_when_clock_goes_behind_sealed_day(books: Books) -> None:
    tomorrow = TODAY + timedelta(days=1)
    await Sealer(books.pool).seal()
    async with books.tampering() as connection:
        await connection.execute(
            "insert into ledgerdb.sealed_days select $1, 6, 7, 2, 10, '[]', root_hash, previous_hash, manifest_hash"
            " from ledgerdb.sealed_days limit 1",
            tomorrow.date(),
        )
    await books.book(lives((captured(),)))
    booked_at = await books.pool.fetchval("select booked_at from entries where entry_id = 8")
    assert booked_at == datetime.combine(tomorrow.date() + timedelta(days=1), datetime.min.time(), UTC)


Tamper = Callable[[Connection], Awaitable[object]]


def altered(statement: str) -> Tamper:
    return lambda connection: connection.execute(statement)


async def swapped(connection: Connection) -> None:
    """Entries 2 and 4 change places, with their postings."""
    for table in ("entries", "postings"):
        for before, after in ((2, -1), (4, 2), (-1, 4)):
            await connection.execute(
                f"update ledgerdb.{table} set entry_id = $2 where entry_id = $1",  # noqa: S608 -- our own words
                before,
                after,
            )


async def inserted(connection: Connection) -> None:
    """A balanced entry of the attacker's own, inserted between others; all later ones move up."""
    for table in ("entries", "postings"):
        # In two steps, so that no two rows have one number in between.
        for shift in ("entry_id + 100 where entry_id >= 3", "entry_id - 99 where entry_id >= 100"):
            await connection.execute(f"update ledgerdb.{table} set entry_id = {shift}")  # noqa: S608 -- our own words
        columns = await connection.fetchval(
            "select string_agg(quote_ident(column_name::text), ', ') from information_schema.columns"
            " where table_schema = 'ledgerdb' and table_name = $1 and column_name not in ('entry_id', 'event_id')",
            table,
        )
        own_id = ", event_id" if table == "entries" else ""
        value = ", gen_random_uuid()" if table == "entries" else ""
        await connection.execute(
            f"insert into ledgerdb.{table} (entry_id, {columns}{own_id})"  # noqa: S608 -- our own words
            f" select 3, {columns}{value} from ledgerdb.{table} where entry_id = 2"
        )


VALUE = "is not what was sealed: a value of the entry or of a posting was altered"
ON_FIRST_DAY = f"where day = '{FIRST_DAY.date()}'"
LIVE_SUM = '["live","usd",10470],'
SECOND_DAY_SUMS = f'[{LIVE_SUM}["test","eur",10150],["test","usd",320]]'
TAMPERING: dict[str, tuple[Tamper, list[tuple[str, str]]]] = {
    "amounts": (
        altered("update ledgerdb.postings set amount_minor = amount_minor + 1 where entry_id = 2"),
        [
            ("entry 2", VALUE),
            (
                f"manifest of {FIRST_DAY.date()}",
                'says [["test","usd",18470]], its entries make [["test","usd",18471]]',
            ),
        ],
    ),
    "account": (
        altered("update ledgerdb.postings set account_id = 1 where entry_id = 5 and leg = 2"),
        [("entry 5", VALUE)],
    ),
    "account name": (
        altered(
            "update ledgerdb.accounts set name = 'merchant:eve:payable:eur' where name like 'merchant:%:eur'"
        ),
        [("entry 5", VALUE)],
    ),
    "effective time": (
        altered(
            "update ledgerdb.entries set effective_at = effective_at + interval '1 microsecond' where entry_id = 6"
        ),
        [("entry 6", VALUE)],
    ),
    "booking time": (
        altered(
            "update ledgerdb.entries set booked_at = booked_at + interval '1 microsecond' where entry_id = 3"
        ),
        [("entry 3", VALUE)],
    ),
    "event": (
        altered("update ledgerdb.entries set event_id = gen_random_uuid() where entry_id = 1"),
        [("entry 1", VALUE)],
    ),
    "words": (
        altered("update ledgerdb.entries set description = description || ' ' where entry_id = 1"),
        [("entry 1", VALUE)],
    ),
    "deleted posting": (
        altered("delete from ledgerdb.postings where entry_id = 7 and leg = 7"),
        [("entry 7", "was sealed with 4 postings and has 3")],
    ),
    "deleted entry": (
        altered(
            "with p as (delete from ledgerdb.postings where entry_id = 4)"
            " delete from ledgerdb.entries where entry_id = 4"
        ),
        [
            ("entry 4", "is missing with its postings: it was sealed"),
            (
                f"manifest of {SECOND_DAY.date()}",
                f"says {SECOND_DAY_SUMS}, its entries make {SECOND_DAY_SUMS.replace(LIVE_SUM, '')}",
            ),
        ],
    ),
    "deleted head": (
        altered("delete from ledgerdb.entries where entry_id = 6"),
        [("entry 6", "has postings and no head: the row of the entry is missing")],
    ),
    "deleted seal": (
        altered("delete from ledgerdb.seals where entry_id = 6"),
        [
            ("entry 6", "was inserted, or its seal was taken away: it has none, and later entries do"),
            (
                "entry 7",
                "its seal does not follow from the one before: seals were altered, added or taken away",
            ),
        ],
    ),
    "altered seal": (
        altered("update ledgerdb.seals set content_hash = sha256('x') where entry_id = 6"),
        [
            (
                "entry 6",
                "its seal does not follow from the one before: seals were altered, added or taken away",
            ),
            ("entry 6", VALUE),
        ],
    ),
    "altered manifest": (
        altered(f"update ledgerdb.sealed_days set postings = postings + 1 {ON_FIRST_DAY}"),  # noqa: S608 -- our own words
        [
            (f"manifest of {FIRST_DAY.date()}", "was altered: its hash is not that of what it says"),
            (f"manifest of {FIRST_DAY.date()}", "says 11 postings, its entries have 10"),
        ],
    ),
    "deleted manifest": (
        altered(f"delete from ledgerdb.sealed_days {ON_FIRST_DAY}"),  # noqa: S608 -- our own words
        [
            (
                f"manifest of {SECOND_DAY.date()}",
                "does not follow from the day before: a manifest was altered or taken away",
            ),
            (f"manifest of {FIRST_DAY.date()}", "is missing, and a later day has one"),
        ],
    ),
}


@pytest.mark.parametrize("name", TAMPERING)
async def test_tampering_by_superuser_is_reported(sealed: Books, name: str) -> None:
    tamper, expected = TAMPERING[name]
    async with sealed.tampering() as connection:
        await tamper(connection)
    assert await found(sealed) == expected
    first = await verify(sealed.pool)
    assert [tuple(finding) for finding in first.findings] == expected[:1]


async def test_swapped_entries_are_named_with_the_place_they_belong_to(sealed: Books) -> None:
    async with sealed.tampering() as connection:
        await swapped(connection)
    assert (await found(sealed))[:2] == [
        ("entry 2", "stands in the place of another: it was sealed as entry 4"),
        ("entry 4", "stands in the place of another: it was sealed as entry 2"),
    ]


async def test_inserted_entry_is_reported_first(sealed: Books) -> None:
    async with sealed.tampering() as connection:
        await inserted(connection)
    findings = await found(sealed)
    assert findings[0] == ("entry 3", VALUE)
    assert findings[1] == ("entry 4", "stands in the place of another: it was sealed as entry 3")


async def test_entry_with_far_number_is_reported_as_one_hole(sealed: Books) -> None:
    async with sealed.tampering() as connection:
        await connection.execute("update ledgerdb.entries set entry_id = 9000000000000 where entry_id = 7")
        await connection.execute("update ledgerdb.postings set entry_id = 9000000000000 where entry_id = 7")
    assert await found(sealed) == [
        ("entry 7", "is missing with its postings: it was sealed"),
        ("entry 8", "to entry 8999999999999 are missing: the numbers have a hole here"),
    ]


async def forge(books: Books) -> dict[date, str]:
    """Alter an entry and then every seal and manifest, as one who knows how; return what the manifests were before."""
    kept = {
        row["day"]: bytes(row["manifest_hash"]).hex()
        for row in await books.pool.fetch("select day, manifest_hash from sealed_days")
    }
    async with books.tampering() as connection:
        await connection.execute("update ledgerdb.entries set description = 'forged' where entry_id = 1")
        await connection.execute("truncate ledgerdb.seals, ledgerdb.sealed_days, ledgerdb.account_days")
    await Sealer(books.pool).seal()
    return kept


async def test_manifest_kept_elsewhere_reveals_forged_ledger(sealed: Books) -> None:
    """A forger who replaces every seal passes the check of the seals alone."""
    kept = await forge(sealed)
    assert (await verify(sealed.pool)).holds
    verification: Verification = await verify(sealed.pool, all_findings=True, expected=kept)
    assert [finding.where for finding in verification.findings] == [
        f"manifest of {FIRST_DAY.date()}",
        f"manifest of {SECOND_DAY.date()}",
    ]
    assert kept[FIRST_DAY.date()] in verification.findings[0].what


async def test_the_service_may_add_seals_and_not_change_them(sealed: Books) -> None:
    for statement in (
        "update seals set postings = 1",
        "delete from seals",
        "truncate seals",
        "update sealed_days set postings = 1",
        "delete from sealed_days",
        "delete from account_days",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await sealed.pool.execute(statement)
    for statement in ("update ledgerdb.seals set postings = 1", "delete from ledgerdb.sealed_days"):
        with pytest.raises(asyncpg.RestrictViolationError, match="never rewritten"):
            await sealed.owner.execute(statement)


async def test_the_auditor_shows_how_many_rows_were_altered(sealed: Books) -> None:
    def shown() -> float | None:
        return REGISTRY.get_sample_value("fincore_ledger_altered_rows")

    await measure_altered(sealed.pool)
    assert shown() == 0
    async with sealed.tampering() as connection:
        await connection.execute("update ledgerdb.entries set livemode = true where entry_id in (2, 3)")
    with structlog.testing.capture_logs() as logs:
        await measure_altered(sealed.pool)
    assert (shown() or 0) >= 2
    assert [line["where"] for line in logs if line["event"] == "ledger.altered"][:2] == ["entry 2", "entry 3"]


async def test_sealed_day_verifies_alone(sealed: Books) -> None:
    found = await verify_day(sealed.pool, SECOND_DAY.date())
    assert found is not None
    assert found.holds
    assert found.entries == 2
    kept = found.manifest_hash.hex()
    assert (await verify_day(sealed.pool, SECOND_DAY.date(), expected=kept)) == found
    other = await verify_day(sealed.pool, SECOND_DAY.date(), expected="00" * 32)
    assert other is not None
    assert [one.where for one in other.findings] == [f"manifest of {SECOND_DAY.date()}"]
    assert await verify_day(sealed.pool, TODAY.date()) is None


@pytest.mark.parametrize(
    ("statement", "day"),
    [
        ("update ledgerdb.entries set description = 'x' where entry_id = 2", FIRST_DAY),
        ("update ledgerdb.postings set amount_minor = amount_minor + 1 where entry_id = 4", SECOND_DAY),
        ("delete from ledgerdb.postings where entry_id = 5", SECOND_DAY),
        ("delete from ledgerdb.seals where entry_id = 5", SECOND_DAY),
        ("update ledgerdb.sealed_days set entries = entries where false", None),
        ("update ledgerdb.sealed_days set previous_hash = sha256('x') where first_entry_id = 4", SECOND_DAY),
    ],
)
async def test_altered_day_is_found_and_the_other_holds(
    sealed: Books, statement: str, day: datetime | None
) -> None:
    async with sealed.tampering() as connection:
        await connection.execute(statement)
    for one in (FIRST_DAY, SECOND_DAY):
        found = await verify_day(sealed.pool, one.date())
        assert found is not None
        assert found.holds == (one != day), found.findings


async def test_day_of_too_many_entries_is_refused(sealed: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(day_verification, "DAY_ENTRIES_MAX", 2)
    with pytest.raises(DayTooLong, match="fincore ledger verify"):
        await verify_day(sealed.pool, FIRST_DAY.date())
    assert await verify_day(sealed.pool, SECOND_DAY.date()) is not None
