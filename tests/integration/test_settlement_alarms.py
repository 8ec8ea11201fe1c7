"""What Prometheus is told of reconciliation, so that neither its death nor what it finds stays silent."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

import msgspec
import pytest
from prometheus_client import REGISTRY

from fincore.postgres.pool import Pool
from fincore.reconciliation.breaks.listing import measure_breaks
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.sources import Sources, measure_sources
from fincore.reconciliation.uncleared import measure_uncleared
from fixtures.sampling import first_rows_of
from fixtures.settlement_account import DAY, Settlement, line, settlement
from fixtures.settlement_falsified import WHEN, Payment, live
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


PLAIN: Final = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")


def figure(account: Settlement, name: str, **labels: str) -> float | None:
    of_account = {"mode": "test", "psp": account.psp, "psp_account": account.psp_account, "currency": "usd"}
    return REGISTRY.get_sample_value(f"fincore_uncleared_{name}", of_account | labels)


async def measured(account: Settlement, now: datetime) -> dict[str, float]:
    """The items and sums of each age, by the age."""
    await measure_uncleared(account.ledgerdb, now)
    return {
        days: items
        for days in ("0-1", "2-3", "4-7", "8-30", "over 30")
        if (items := figure(account, "items", days=days)) is not None
    }


async def paid(account: Settlement, *days: int) -> list[list[SettlementLine]]:
    """Payments of so many days after the first day; the lines of each."""
    lines: list[list[SettlementLine]] = []
    for day in days:
        one = live(PLAIN, account.psp, account.psp_account)
        moved = [
            msgspec.structs.replace(event, occurred_at=WHEN + timedelta(days=day))
            if "occurred_at" in event.__struct_fields__
            else event
            for event in one.events
        ]
        await account.happen(one.stream_id, *moved)
        lines.append(list(one.lines))
    await account.book()
    return lines


@pytest.mark.parametrize(
    ("told", "left", "oldest_days"),
    first_rows_of([(2, {"8-30": 2}, 10), (0, {"2-3": 1, "8-30": 1}, 9)]),
)
async def test_uncleared_is_measured_by_the_items_without_a_match(
    account: Settlement, told: int, left: dict[str, int], oldest_days: int
) -> None:
    """A line clears the very payment that it names, which need not be the oldest one."""
    lines = await paid(account, 0, 1, 8)
    now = WHEN + timedelta(days=10)
    assert await measured(account, now) == {"2-3": 1, "8-30": 2}
    assert figure(account, "minor", days="8-30") == 2 * 9_680
    assert figure(account, "age_seconds") == 10 * 86_400
    await account.fetched(lines[told])
    await account.reconciliation.run()
    assert await measured(account, now) == left
    assert figure(account, "age_seconds") == oldest_days * 86_400


async def test_account_of_which_all_is_matched_is_no_longer_shown(account: Settlement) -> None:
    (lines,) = await paid(account, 0)
    await account.fetched(lines)
    await account.reconciliation.run()
    assert await measured(account, WHEN) == {}
    assert figure(account, "age_seconds") is None


async def overdue(account: Settlement, now: datetime) -> float | None:
    await measured(account, now)
    return figure(account, "overdue_items")


async def test_items_without_a_statement_are_overdue_with_no_run(account: Settlement) -> None:
    """The role `reconciliation` is down: the auditor alone looks."""
    await paid(account, 0)
    late = WHEN + timedelta(days=2, hours=3)
    assert await overdue(account, late + timedelta(days=1_000)) == 0
    await account.fetched([line("account_fee", -100)])
    await account.ledgerdb.execute(
        "update reconciliation.sources set declared_at = $1 where psp_account = $2", DAY, account.psp_account
    )
    assert await overdue(account, late) == 0
    assert await overdue(account, late + timedelta(seconds=1)) == 1
    await account.ledgerdb.execute(
        "update reconciliation.sources set withdrawn_at = $1 where psp_account = $2", DAY, account.psp_account
    )
    assert await overdue(account, late + timedelta(seconds=1)) == 0


async def test_items_of_before_the_first_statement_are_not_overdue(account: Settlement) -> None:
    await paid(account, -1, 0)
    await account.fetched([line("account_fee", -100)])
    await account.reconciliation.run()
    assert await overdue(account, WHEN + timedelta(days=30)) == 1


async def test_last_good_look_and_run_of_a_source_are_told(account: Settlement) -> None:
    await account.fetched([line("account_fee", -100)])
    (row,) = await account.rows("select source from reconciliation.sources")
    source = row["source"]

    def good_at(step: str) -> float | None:
        return REGISTRY.get_sample_value(
            "fincore_settlement_good_timestamp_seconds", {"source": source, "step": step}
        )

    await measure_sources(account.ledgerdb)
    finished = "fincore_reconciliation_finished_timestamp_seconds"
    assert (good_at("fetched"), good_at("reconciled"), REGISTRY.get_sample_value(finished)) == (0, 0, 0)
    sources, process = Sources(account.ledgerdb), uuid4()
    assert await sources.claim(source, process)
    await sources.finish(source, process, None)
    await account.reconciliation.run()
    await measure_sources(account.ledgerdb)
    (stored,) = await account.rows(
        "select s.fetched_at, r.finished_at from reconciliation.sources s, reconciliation.runs r"
    )
    assert good_at("fetched") == stored["fetched_at"].timestamp()
    assert good_at("reconciled") == REGISTRY.get_sample_value(finished) == stored["finished_at"].timestamp()
    await account.reconciliation.run()
    await measure_sources(account.ledgerdb)
    assert good_at("reconciled") == stored["finished_at"].timestamp()
    assert (REGISTRY.get_sample_value(finished) or 0) > stored["finished_at"].timestamp()
