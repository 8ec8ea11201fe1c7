"""What Prometheus is told of reconciliation, so that neither its death nor what it finds stays silent."""

from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY

from fincore.postgres.pool import Pool
from fincore.reconciliation.breaks.listing import measure_breaks
from fincore.reconciliation.sources import Sources, measure_sources
from fixtures.settlement_account import Settlement, line, settlement
from fixtures.traffic import store_pool


@pytest.fixture
async def account(dsn: str, pool: Pool) -> AsyncIterator[Settlement]:
    async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
        yield one


async def waiting_seconds(account: Settlement) -> float:
    await measure_sources(account.ledgerdb)
    (file,) = await account.rows("select source from reconciliation.files")
    found = REGISTRY.get_sample_value("fincore_settlement_file_waiting_seconds", {"source": file["source"]})
    assert found is not None
    return found


async def died(*_: object) -> None:
    raise ConnectionError


async def dies(account: Settlement, target: object, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(target, name, died)
        with pytest.raises(ConnectionError):
            await account.reconciliation.run()


async def test_file_waits_until_a_run_that_took_it_up_ends(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    await account.fetched([line("account_fee", -100)])
    assert await waiting_seconds(account) > 0
    one = account.reconciliation
    monkeypatch.setattr(type(account), "reconciliation", one)
    for target, name, status in (
        (one._booker, "waiting", "read"),
        (one._matcher, "match", "booked"),
        (one._matcher, "finish", "booked"),
    ):
        await dies(account, target, name, monkeypatch)
        (file,) = await account.rows("select status from reconciliation.files")
        assert file["status"] == status
        assert await waiting_seconds(account) > 0, name
    await one.run()
    assert await waiting_seconds(account) == 0


async def test_refused_file_does_not_wait(account: Settlement) -> None:
    await account.fetched([line("account_fee", -100)], refused_at=1)
    await account.reconciliation.run()
    assert await waiting_seconds(account) == 0


async def gaps(account: Settlement) -> list[str]:
    return [gap.gap for gap in await Sources(account.ledgerdb).gaps()]


async def test_only_a_stated_period_leaves_a_gap(account: Settlement) -> None:
    """The lines of a payout lie days after those of the one before."""
    told = [line("account_fee", -100)]
    for day in (0, 1):
        await account.fetched(told, day=day, states_period=False)
        await account.fetched(told, day=day)
    await account.reconciliation.run()
    assert await gaps(account) == []
    await account.fetched(told, day=3)
    await account.reconciliation.run()
    assert await gaps(account) == ["period"]


async def test_report_that_goes_on_in_no_file_is_a_gap(account: Settlement) -> None:
    await account.fetched([line("account_fee", -100)], continued=True)
    await account.reconciliation.run()
    assert await gaps(account) == ["sequence"]


async def test_open_breaks_are_counted_by_class_and_mode(account: Settlement) -> None:
    def counted(mode: str) -> float | None:
        return REGISTRY.get_sample_value("fincore_breaks_open", {"class": "file_refused", "mode": mode})

    for number in (1, 2):
        await account.fetched([line("account_fee", -number)], name=f"{number}", refused_at=1)
    await account.reconciliation.run()
    await measure_breaks(account.ledgerdb)
    assert (counted("test"), counted("live")) == (2, None)
