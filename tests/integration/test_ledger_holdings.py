"""What the books hold of a charge bounds what goes back, whether it was booked a moment or a batch ago."""

from collections.abc import AsyncIterator

import pytest

from fincore.domain.events import ChargeEvent
from fincore.domain.ids import MerchantId
from fincore.postgres.pool import Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledgerdb.balance_queries import BalanceFilters, BalanceQueries
from fixtures.books import Books, lives
from fixtures.money_events import (
    FAILOVER,
    USD,
    attempt_captured,
    attempt_reversed,
    captured,
    held,
    refund_failed,
    refunded,
    released,
    withdrawn,
)
from fixtures.traffic import store_pool

SENSIBLE = (
    captured(),
    attempt_captured(),
    held(amount_minor=5_000),
    withdrawn(),
    refunded(amount_minor=9_000, fee_minor=300, fee_currency=USD),
    refund_failed(amount_minor=9_000, fee_minor=300, fee_currency=USD),
    refunded(amount_minor=10_000, fee_minor=320, fee_currency=USD),
    released(amount_minor=4_999),
    released(amount_minor=1),
    attempt_reversed(fee_minor=320),
)
FEE = "the fee given back of 1 is more than the 0 the PSP took and has not given back"
BEYOND: list[tuple[ChargeEvent, str]] = [
    (refunded(amount_minor=1), "the refund of 1 is more than the 0 captured and not refunded yet"),
    (
        refunded(amount_minor=0, fee_minor=1, fee_currency=USD),
        FEE,
    ),
    (released(amount_minor=1), "the release of 1 is more than the 0 held for disputes"),
    (
        attempt_reversed(amount_minor=1, fee_minor=1),
        f"the reversal of 1 is more than the 0 taken by abandoned attempts and not given back yet; {FEE}",
    ),
]


@pytest.fixture
async def books(dsn: str, owner_pool: Pool) -> AsyncIterator[Books]:
    async with store_pool(dsn, "ledgerdb") as pool:
        yield Books(pool, owner_pool, LedgerService())


@pytest.mark.parametrize("batch", [1, 3, 100])
async def test_more_given_back_is_seen_in_any_batch_size(books: Books, batch: int) -> None:
    life = (*SENSIBLE, *(event for event, _ in BEYOND))
    events = lives(life)
    for first in range(0, len(events), batch):
        await books.book(events[first : first + batch])
    reasons = await books.pool.fetch("select reason from entries order by entry_id")
    assert [row["reason"] for row in reasons] == [
        *(None for _ in SENSIBLE),
        *(reason for _, reason in BEYOND),
    ]


async def test_holdings_of_other_charges_do_not_count(books: Books) -> None:
    await books.book(lives(SENSIBLE[:3], (released(),), (attempt_reversed(),)))
    suspended = await books.pool.fetch("select kind from entries where reason is not null order by entry_id")
    assert [row["kind"] for row in suspended] == ["dispute.funds_released", "charge.attempt_reversed"]


async def test_merchant_sees_nothing_of_an_abandoned_attempt(books: Books) -> None:
    await books.book(lives(tuple(event for _, event in FAILOVER)))
    queries, merchant = BalanceQueries(books.pool), MerchantId("mer_books")
    page = await queries.list_transactions(BalanceFilters(merchant_id=merchant, livemode=False), limit=100)
    assert [(one.type, one.gross_minor, one.fee_minor) for one in page.transactions] == [
        ("dispute", -6_000, 2_000),
        ("refund", -4_000, 0),
        ("charge", 10_000, 150),
    ]
    assert (await queries.payable(merchant, livemode=False)).amounts_minor == {USD: -2_150}
    moves = await books.pool.fetch("select kind from merchant_moves order by entry_id")
    assert [row["kind"] for row in moves] == ["refund.succeeded", "dispute.funds_withdrawn"]
