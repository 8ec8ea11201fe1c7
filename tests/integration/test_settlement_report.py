"""The report of a run on real PostgreSQL: it ties to the ledger, and the same run gives the same bytes also after later entries and files."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fincore.__main__ import main
from fincore.domain.errors import UsageError
from fincore.domain.ids import RunId
from fincore.postgres.pool import create_pool
from fincore.reconciliation.report import reports
from fincore.reconciliation.report.reports import checked_report
from fincore.reconciliation.report.run_report import AccountReport, BreakSum, report_json
from fixtures.settlement_account import Settlement, line, settlement
from fixtures.settlement_falsified import FALSIFICATIONS, Lived, Payment, days, live
from fixtures.traffic import store_pool

EXAMPLES = 5
PLAIN = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as account:
            yield account
    finally:
        pool.terminate()


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    async with opened(dsn) as one:
        yield one


async def happen(account: Settlement, *payments: Payment) -> list[Lived]:
    lived = [live(one, account.psp, account.psp_account) for one in payments]
    for one in lived:
        await account.happen(one.stream_id, *one.events)
    return lived


async def run(account: Settlement) -> RunId:
    result = await account.reconciliation.run()
    assert result is not None, "another run has the turn"
    return result.run_id


async def figures(account: Settlement, run_id: RunId | None = None) -> AccountReport:
    """The only account of a sound report."""
    checked = await checked_report(account.ledgerdb, run_id)
    assert checked.is_sound, checked
    (one,) = [one for one in checked.report.accounts if one.psp_account == account.psp_account]
    return one


async def sums(account: Settlement, run_id: RunId) -> list[BreakSum]:
    return list((await checked_report(account.ledgerdb, run_id)).report.break_sums)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=days, second=days, data=st.data())
def test_random_runs_tie_and_stay_as_they_were(
    dsn: str, first: list[Payment], second: list[Payment], data: st.DataObject
) -> None:
    """Lines of two days, some of them false, in two files; then what the first file left out."""

    async def check() -> None:
        async with opened(dsn) as account:
            lines = [told for one in await happen(account, *first) for told in one.lines]
            for _ in range(data.draw(st.integers(0, 3))):
                made = data.draw(st.sampled_from(FALSIFICATIONS))(lines, 0) if lines else None
                lines = list(made.lines) if made else lines
            told = data.draw(st.integers(0, len(lines)))
            await account.fetched(lines[:told])
            run_id = await run(account)
            then = await checked_report(account.ledgerdb, run_id)
            assert then.is_sound
            later = [told for one in await happen(account, *second) for told in one.lines]
            await account.fetched([*lines[told:], *later], day=1)
            last = await checked_report(account.ledgerdb, await run(account))
            assert last.is_sound
            assert last.report.sha256_before == then.sha256
            assert report_json((await checked_report(account.ledgerdb, run_id)).report) == report_json(
                then.report
            )

    asyncio.run(check())


async def test_uncleared_item_is_told_by_account_and_age(account: Settlement) -> None:
    await happen(account, PLAIN)
    await account.fetched([], day=-1)
    run_id = await run(account)
    one = await figures(account, run_id)
    assert one.uncleared_minor == 9_680
    assert [(age.items, age.amount_minor) for age in one.uncleared if age.items] == [(1, 9_680)]
    (headline,) = (await checked_report(account.ledgerdb, run_id)).report.uncleared
    assert (headline.mode, headline.currency, headline.amount_minor) == ("test", "usd", 9_680)
    assert headline.by_age == one.uncleared


async def test_matched_line_is_told_by_its_run_alone(account: Settlement) -> None:
    (lived,) = await happen(account, PLAIN)
    await account.fetched(lived.lines, beginning_minor={"usd": 500})
    first, second = await run(account), await run(account)
    one, next_one = await figures(account, first), await figures(account, second)
    (matched,) = one.matched
    assert (matched.kind, matched.lines, matched.gross_minor, matched.fee_minor) == (
        "payment",
        1,
        10_000,
        -320,
    )
    assert (one.balance_minor, one.stated_balance_minor) == (10_180, 10_180)
    assert [tie.ledger_minor for tie in one.ties] == [9_680, 10_180]
    assert next_one.matched == ()
    assert [tie.ledger_minor for tie in next_one.ties] == [0, 500]


async def test_event_after_its_line_leaves_the_first_report(account: Settlement) -> None:
    """The entry that the line waits for is booked with the line's own time, which is before the first run."""
    one = live(PLAIN, account.psp, account.psp_account)
    await account.fetched(one.lines)
    first = await run(account)
    then = await checked_report(account.ledgerdb, first)
    assert then.is_sound
    await account.happen(one.stream_id, *one.events)
    await account.book()
    assert (await checked_report(account.ledgerdb, first)).report == then.report
    second = await figures(account, await run(account))
    assert second.uncleared_minor == 0
    again = await checked_report(account.ledgerdb, first)
    assert (report_json(again.report), again.sha256, again.is_sound) == (
        report_json(then.report),
        then.sha256,
        True,
    )


async def test_break_is_told_as_the_run_found_it(account: Settlement) -> None:
    """Its class changes with a later run, and it closes with the one after that."""
    (lived,) = await happen(account, PLAIN)
    await account.fetched([])
    missing = await run(account)
    await account.fetched([line("payment", 9_000, -320, references=lived.lines[0].references)], day=1)
    differs = await run(account)
    await account.fetched(
        [line("payment", 1_000, references=lived.lines[0].references)], day=2, beginning_minor={"usd": 8_680}
    )
    closed = await run(account)
    assert [
        [(one.break_class, one.amount_minor, one.breaks) for one in await sums(account, run_id)]
        for run_id in (missing, differs, closed)
    ] == [[("missing_there", -9_680, 1)], [("amount", -1_000, 1)], []]


async def test_report_names_a_break_with_its_file_and_line(account: Settlement) -> None:
    await account.fetched([line("adjustment", -7, psp_reference="adj_1")], name="STL-1.CSV")
    (one,) = (await checked_report(account.ledgerdb, await run(account))).report.breaks
    assert (one.break_class, one.reference, one.file_name, one.line) == (
        "unexpected_movement",
        "adj_1",
        "STL-1.CSV",
        1,
    )


async def test_breaks_beyond_the_bound_are_counted(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fincore.reconciliation.report.gathering.BREAKS_MAX", 1)
    await account.fetched([line("adjustment", -7), line("reserve", -9)])
    found = (await checked_report(account.ledgerdb, await run(account))).report
    assert (len(found.breaks), found.breaks_not_named) == (1, 1)
    assert [(one.breaks, one.amount_minor) for one in found.break_sums] == [(2, -16)]


async def test_money_moved_outside_the_runs_unties_the_report(account: Settlement, dsn: str) -> None:
    await happen(account, PLAIN)
    await account.fetched([], day=-1)
    await run(account)
    owner = await asyncpg.connect(dsn)
    try:
        await owner.execute("delete from reconciliation.open_items")
    finally:
        await owner.close()
    checked = await checked_report(account.ledgerdb, None)
    assert not checked.report.ties
    assert not checked.is_sound
    assert "its hash was" in (checked.flaw or "")


async def test_break_changed_by_hand_is_another_report(account: Settlement, dsn: str) -> None:
    await account.fetched([line("adjustment", -7)])
    await run(account)
    owner = await asyncpg.connect(dsn)
    try:
        await owner.execute("update reconciliation.breaks set opened_at = opened_at - interval '2 days'")
    finally:
        await owner.close()
    assert "its hash was" in ((await checked_report(account.ledgerdb, None)).flaw or "")


async def test_kept_hashes_cannot_be_changed(account: Settlement, dsn: str) -> None:
    await run(account)
    owner = await asyncpg.connect(dsn)
    try:
        for statement in (
            "update reconciliation.reports set form_version = 2",
            "delete from reconciliation.reports",
        ):
            with pytest.raises(asyncpg.RestrictViolationError):
                await owner.execute(statement)
    finally:
        await owner.close()


async def test_report_missed_by_a_crash_is_kept_by_the_next_run(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run itself has finished, and everything of it is in the log."""
    with monkeypatch.context() as patched:
        patched.setattr(reports, "gather", None)
        with pytest.raises(TypeError):
            await run(account)
    assert "no hash of it was kept" in ((await checked_report(account.ledgerdb, None)).flaw or "")
    await run(account)
    hashes = await account.rows("select sha256, sha256_before from reconciliation.reports order by run_no")
    assert [row["sha256_before"] for row in hashes] == [None, hashes[0]["sha256"]]


async def test_run_that_is_not_there_is_a_usage_error(account: Settlement) -> None:
    with pytest.raises(UsageError, match="no run has finished"):
        await checked_report(account.ledgerdb, None)
    with pytest.raises(UsageError, match="no run 'run_x' has finished"):
        await checked_report(account.ledgerdb, RunId("run_x"))


async def test_report_command_writes_all_three_forms(
    account: Settlement,
    dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await happen(account, PLAIN)
    await account.fetched([line("adjustment", -7)], name="STL-1.CSV")
    run_id = await run(account)
    monkeypatch.setenv("FINCORE_EVENTSTORE_DSN", dsn)
    monkeypatch.setenv("FINCORE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(sys, "argv", ["fincore", "reconcile", "report", run_id, f"--output={tmp_path}"])
    with pytest.raises(SystemExit, match="0"):
        await asyncio.to_thread(main)
    printed = capsys.readouterr().out
    assert "1 account tied to the ledger" in printed
    checked = await checked_report(account.ledgerdb, run_id)
    assert (tmp_path / f"report-{run_id}.json").read_bytes() == report_json(checked.report)
    assert checked.sha256 in (tmp_path / f"report-{run_id}.csv").read_text()
    assert checked.sha256 in (tmp_path / f"report-{run_id}.html").read_text()
