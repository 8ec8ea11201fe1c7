"""What becomes of refused files: a later parser reads them, unless their movements are in the books by another way."""

from collections.abc import AsyncIterator

import pytest

from fincore.postgres.pool import Pool
from fixtures.settlement_account import FoundBreak, Settlement, line, settlement
from fixtures.traffic import store_pool

FEE = line("account_fee", -100)


@pytest.fixture
async def account(dsn: str, pool: Pool) -> AsyncIterator[Settlement]:
    async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
        yield one


async def statuses(account: Settlement) -> list[str]:
    """By the time at which the files came."""
    rows = await account.rows("select status from reconciliation.files order by fetched_at")
    return [row["status"] for row in rows]


async def test_refused_file_is_read_by_another_parser_alone(account: Settlement) -> None:
    await account.fetched([FEE], refused_at=1)
    await account.reconciliation.run()
    account.understood(parser_version=1)
    await account.reconciliation.run()
    assert await statuses(account) == ["refused"]
    account.understood(parser_version=2)
    await account.reconciliation.run()
    (file,) = await account.rows(
        "select status, refusal, refusal_line, parser_version from reconciliation.files"
    )
    assert tuple(file) == ("booked", None, None, "2")
    await account.book()
    assert (await account.balances())["balance usd"] == -100
    assert FoundBreak("file_refused", None, None) not in await account.breaks()


async def test_file_refused_again_has_its_new_reason(account: Settlement) -> None:
    await account.fetched([FEE, FEE], refused_at=1)
    await account.reconciliation.run()
    (content,) = account.file_format.files
    account.file_format.files[content] = account.file_format.files[content]._replace(refused_at=2)
    account.file_format.parser_version = 2
    for problems in (1, 0):
        result = await account.reconciliation.run()
        assert result is not None
        assert len(result.problems) == problems
    (file,) = await account.rows("select status, refusal_line, parser_version from reconciliation.files")
    assert tuple(file) == ("refused", 2, "2")


async def test_refused_file_that_was_replaced_is_left(account: Settlement) -> None:
    first = await account.fetched([FEE], refused_at=1, name="STL-1.CSV")
    await account.reconciliation.run()
    assert await account.breaks() == [FoundBreak("file_refused", None, None)]
    await account.fetched([FEE], name="STL-1.CSV", replaces=first)
    await account.reconciliation.run()
    assert FoundBreak("file_refused", None, None) not in await account.breaks()
    account.understood(parser_version=2)
    await account.reconciliation.run()
    assert await statuses(account) == ["refused", "booked"]
    await account.book()
    assert (await account.balances())["balance usd"] == -100


async def test_refused_file_within_a_later_opening_is_left(account: Settlement) -> None:
    """The beginning balance of the second file holds what the first one moved."""
    await account.fetched([FEE], refused_at=1)
    await account.fetched([FEE], day=1, beginning_minor={"usd": -100})
    await account.reconciliation.run()
    account.understood(parser_version=2)
    await account.reconciliation.run()
    assert await statuses(account) == ["refused", "booked"]
    await account.book()
    assert (await account.balances())["balance usd"] == -200
