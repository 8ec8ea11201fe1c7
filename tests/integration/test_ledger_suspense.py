"""Suspense: what makes no sense waits there, is seen, and leaves it once, by a person who says why."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
import structlog.testing
from prometheus_client import REGISTRY

from fincore.cli.ledger_tables import journal_table, trial_balance_table
from fincore.domain.ids import ChargeId, charge_of
from fincore.postgres.pool import Pool
from fincore.read.ledger.accounts import parse_account
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledger.suspense import NotCleared, clear_suspense, measure_suspense, open_suspense
from fincore.read.ledgerdb.queries import LedgerQueries
from fincore.read.ledgerdb.sealer import Sealer
from fincore.read.ledgerdb.verification import verify
from fixtures.books import Books, lives
from fixtures.cases import on_one_installation
from fixtures.money_events import captured, refund_failed, refunded
from fixtures.traffic import store_pool

PAYABLE = parse_account("merchant:mer_books:payable:usd")


@pytest.fixture
async def books(dsn: str, owner_pool: Pool) -> AsyncIterator[Books]:
    """100.00 captured and 40.00 refunded, then 70.00 refunded at the PSP: more than was left."""
    async with store_pool(dsn, "ledgerdb") as pool:
        books = Books(pool, owner_pool, LedgerService())
        life = captured(platform_fee_minor=0, fee_minor=0), refunded(), refunded(amount_minor=7_000)
        with structlog.testing.capture_logs() as logs:
            await books.book(lives(life))
        assert [(line["event"], line["entry_id"], line["kind"]) for line in logs] == [
            ("ledger.suspended", 3, "refund.succeeded")
        ]
        yield books


async def test_open_suspense_is_listed_with_reason(books: Books) -> None:
    (waiting,) = await open_suspense(books.pool)
    assert (waiting.entry_id, waiting.currency, waiting.debit_minor) == (3, "usd", 7_000)
    await measure_suspense(books.pool)
    labels = {"mode": "test", "account": "suspense:usd"}
    assert REGISTRY.get_sample_value("fincore_ledger_suspense_minor", labels) == 7_000
    assert waiting.reason == "the refund of 7000 is more than the 6000 captured and not refunded yet"


async def test_suspense_is_read_by_mode_from_a_place_to_a_bound(books: Books) -> None:
    await books.book(
        lives((captured(platform_fee_minor=0, fee_minor=0), refunded(), refunded(amount_minor=9_000)))
    )
    first, second = await open_suspense(books.pool)
    assert await open_suspense(books.pool, livemode=False, limit=1) == [first]
    place = (first.entry_id, first.currency)
    assert await open_suspense(books.pool, livemode=False, after=place, limit=2) == [second]
    assert await open_suspense(books.pool, after=(second.entry_id, second.currency)) == []
    assert await open_suspense(books.pool, livemode=True) == []


async def test_cleared_suspense_entry_records_author_and_reason(books: Books) -> None:
    assert await clear_suspense(books.pool, 3, PAYABLE, reason="agreed with the shop", by="ada") == 4
    assert await open_suspense(books.pool) == []
    row = await books.pool.fetchrow("select * from entries where entry_id = 4")
    assert row is not None
    assert (row["source"], row["booked_by"], row["reason"], row["clears_entry_id"]) == (
        "operator",
        "ada",
        "agreed with the shop",
        3,
    )
    charge_id: ChargeId = charge_of(row["stream_id"])
    cleared = journal_table((await LedgerQueries(books.pool).entries_of(charge_id))[-1:])
    assert cleared.splitlines()[2:] == [
        "  merchant:mer_books:payable:usd       70.00 USD                -10.00 USD",
        "    suspense:usd                                  70.00 USD       0.00 USD",
    ]
    trial = trial_balance_table(await LedgerQueries(books.pool).trial_balance(livemode=False))
    assert "suspense:usd 70.00 USD 70.00 USD 0.00 USD" in " ".join(trial.split())
    assert trial.endswith("usd: balanced")


async def test_an_entry_is_cleared_once(books: Books) -> None:
    await clear_suspense(books.pool, 3, PAYABLE, reason="agreed", by="ada")
    with pytest.raises(NotCleared, match="entry 3 has nothing in suspense in usd"):
        await clear_suspense(books.pool, 3, PAYABLE, reason="agreed", by="grace")
    # Its id follows from what it clears: not even the owner books it twice.
    event_id = await books.pool.fetchval("select event_id from entries where entry_id = 4")
    with pytest.raises(asyncpg.UniqueViolationError):
        await books.owner.execute(
            "insert into ledgerdb.entries (entry_id, event_id, livemode, kind, stream_id, effective_at, description,"
            " source, booked_by, reason) values (5, $1, false, 'x', $1, now(), '', 'operator', 'eve', 'again')",
            event_id,
        )


@on_one_installation(
    ("entry_id", "account", "reason", "by", "says"),
    [
        (1, "merchant:mer_books:payable:usd", "r", "ada", "has nothing in suspense"),
        (99, "merchant:mer_books:payable:usd", "r", "ada", "has nothing in suspense"),
        (3, "merchant:mer_books:payable:eur", "r", "ada", "has nothing in suspense in eur"),
        (3, "merchant:mer_typo:payable:usd", "r", "ada", "there is no account merchant:mer_typo"),
        (3, "suspense:usd", "r", "ada", "not to itself"),
        (3, "merchant:mer_books:payable:usd", " ", "ada", "give a reason"),
        (3, "merchant:mer_books:payable:usd", "r", "", "give a name"),
    ],
)
async def test_a_clearing_that_cannot_be_is_refused(  # noqa: PLR0917 -- a row of the table above
    books: Books, entry_id: int, account: str, reason: str, by: str, says: str
) -> None:
    with pytest.raises(NotCleared, match=says):
        await clear_suspense(books.pool, entry_id, parse_account(account), reason=reason, by=by)
    assert len(await open_suspense(books.pool)) == 1


async def test_the_service_goes_on_after_an_operator_booked(books: Books) -> None:
    await clear_suspense(books.pool, 3, parse_account("revenue:platform_fees:usd"), reason="ours", by="ada")
    await books.book(lives((captured(fee_minor=0),)))
    assert await books.pool.fetchval("select max(entry_id) from entries") == 5
    fees = "select balance_minor from accounts where name = 'revenue:platform_fees:usd'"
    assert await books.pool.fetchval(fees) == 150 - 7_000
    await Sealer(books.pool).seal()
    assert (await verify(books.pool)).holds


async def test_refund_in_suspense_that_failed_leaves_payable_unchanged(
    books: Books,
) -> None:
    stream_id = await books.pool.fetchval("select stream_id from entries where entry_id = 3")
    returned = lives((refund_failed(amount_minor=7_000),))[0]._replace(stream_id=stream_id)
    await books.book([returned])
    await clear_suspense(books.pool, 3, PAYABLE, reason="it came back", by="ada")
    assert (
        await books.pool.fetchval(
            "select balance_minor from accounts where name = 'merchant:mer_books:payable:usd'"
        )
        == 6_000
    )
