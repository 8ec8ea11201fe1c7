"""The report of a day on real PostgreSQL: it ties over the day, is sealed by the first run of a later day, and stays as it was."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fincore.__main__ import main
from fincore.domain.currency import Currency
from fincore.domain.errors import UsageError
from fincore.domain.one_person_limits import OnePersonLimit
from fincore.postgres.pool import create_pool
from fincore.reconciliation.adjustments.acts import Adjustments
from fincore.reconciliation.adjustments.decision import Decision
from fincore.reconciliation.adjustments.telling import AdjustmentTelling
from fincore.reconciliation.report import day_reports
from fincore.reconciliation.report.day_report import CheckedDay, DayAccount, day_report_json
from fincore.reconciliation.report.day_reports import checked_day
from fincore.reconciliation.report.reports import checked_report
from fixtures.sampling import sampled
from fixtures.settlement_account import Settlement, line, settlement
from fixtures.settlement_clock import as_owner, run_on
from fixtures.settlement_falsified import FALSIFICATIONS, Lived, Payment, days, live
from fixtures.traffic import store_pool

EXAMPLES = sampled(4)
PLAIN = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")
MONDAY = date(2026, 11, 9)
TUESDAY, WEDNESDAY, THURSDAY = (MONDAY + timedelta(days=n) for n in (1, 2, 3))


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


async def sound(account: Settlement, day: date) -> CheckedDay:
    checked = await checked_day(account.ledgerdb, day)
    assert checked.is_sound, checked
    return checked


def only_account(checked: CheckedDay, account: Settlement) -> DayAccount:
    (one,) = [one for one in checked.report.accounts if one.psp_account == account.psp_account]
    return one


def movement(one: DayAccount, name: str) -> tuple[int, int, int, int]:
    """Before, booked, matched, after."""
    (move,) = [move for move in one.movements if move.account == name]
    return move.before_minor, move.booked_minor, move.matched_minor, move.after_minor


async def test_day_tells_what_its_runs_did_together(account: Settlement, dsn: str) -> None:
    first, second = await happen(account, PLAIN, PLAIN)
    await account.fetched(first.lines, beginning_minor={"usd": 500})
    await run_on(account, dsn, MONDAY, hour=9)
    await account.fetched(second.lines[:1], day=1, beginning_minor={"usd": 10_180})
    await run_on(account, dsn, MONDAY, hour=15)
    checked = await sound(account, MONDAY)
    one = only_account(checked, account)
    assert [(kind.kind, kind.lines, kind.gross_minor, kind.fee_minor) for kind in one.matched] == [
        ("payment", 2, 20_000, -640)
    ]
    assert movement(one, "clearing") == (0, 19_360, 19_360, 0)
    assert movement(one, "unmatched") == (0, 19_860, 19_360, 500)
    assert len(checked.report.runs) == len(checked.report.files) == 2
    last = await checked_report(account.ledgerdb, None)
    assert checked.report.uncleared == last.report.uncleared
    assert checked.report.runs[-1].sha256 == last.sha256


async def test_day_is_sealed_by_the_first_run_of_a_later_day(account: Settlement, dsn: str) -> None:
    await happen(account, PLAIN)
    await run_on(account, dsn, MONDAY)
    assert (await sound(account, MONDAY)).report.so_far
    assert await account.rows("select from reconciliation.day_reports") == []
    await run_on(account, dsn, TUESDAY)
    sealed = await sound(account, MONDAY)
    assert not sealed.report.so_far
    (kept,) = await account.rows("select day, sha256, sha256_before from reconciliation.day_reports")
    assert tuple(kept) == (MONDAY, sealed.sha256, None)


async def test_sealed_day_stays_as_it_was(account: Settlement, dsn: str) -> None:
    """Also after later payments, files and runs, one of them under a clock that was set back."""
    (lived,) = await happen(account, PLAIN)
    await account.fetched([line("adjustment", -7)])
    await run_on(account, dsn, MONDAY)
    await run_on(account, dsn, TUESDAY, hour=1)
    then = await sound(account, MONDAY)
    await happen(account, PLAIN)
    await account.fetched(lived.lines, day=1, beginning_minor={"usd": -7})
    await run_on(account, dsn, MONDAY, hour=23)
    await run_on(account, dsn, WEDNESDAY)
    assert await sound(account, MONDAY) == then
    tuesday = await sound(account, TUESDAY)
    assert [one.cut_off.date() for one in tuesday.report.runs] == [TUESDAY, MONDAY]
    assert (tuesday.report.day_before, tuesday.report.sha256_before) == (MONDAY, then.sha256)


async def test_day_names_breaks_that_opened_and_closed(account: Settlement, dsn: str) -> None:
    (lived,) = await happen(account, PLAIN)
    await account.fetched([line("adjustment", -7, psp_reference="adj_1")])
    await run_on(account, dsn, MONDAY)
    await account.fetched(lived.lines, day=1, beginning_minor={"usd": -7})
    await run_on(account, dsn, TUESDAY)
    monday, tuesday = await sound(account, MONDAY), await sound(account, TUESDAY)
    assert [(one.break_class, one.amount_minor) for one in monday.report.opened_sums] == [
        ("missing_there", -9_680),
        ("unexpected_movement", -7),
    ]
    assert {one.reference for one in monday.report.opened} >= {"adj_1"}
    assert monday.report.closed_sums == ()
    assert [(one.break_class, one.amount_minor) for one in tuesday.report.closed_sums] == [
        ("missing_there", -9_680)
    ]
    assert [one.break_class for one in tuesday.report.open_sums] == ["unexpected_movement"]
    (count,) = tuesday.report.break_counts
    assert (count.before, count.opened, count.closed, count.after) == (2, 0, 1, 1)


async def test_day_tells_what_people_adjusted_before_its_runs(account: Settlement, dsn: str) -> None:
    """Also what was decided between two runs of the day."""
    await account.fetched([line("adjustment", -700), line("adjustment", -5)])
    await run_on(account, dsn, MONDAY)
    limits = (OnePersonLimit(Currency("usd"), 10**9, 10**12),)
    for hour, found in enumerate(await account.rows("select * from reconciliation.breaks order by break_id")):
        decision = Decision(kind="adjustment", amount_minor=found["amount_minor"], by="ada", reason="agreed")
        await Adjustments(account.ledgerdb, limits, account.adjustments).adjust(found["break_id"], decision)
        await AdjustmentTelling(account.ledgerdb, account.adjustments).tell()
        await run_on(account, dsn, TUESDAY, hour=hour)
    await run_on(account, dsn, WEDNESDAY)
    one = only_account(await sound(account, TUESDAY), account)
    assert [(each.kind, each.adjustments, each.gross_minor) for each in one.adjusted] == [
        ("adjustment", 2, -705)
    ]
    assert movement(one, "unmatched") == (-705, 0, -705, 0)
    assert movement(one, "clearing") == (0, -705, -705, 0)
    assert only_account(await sound(account, MONDAY), account).adjusted == ()


async def test_day_between_two_runs_has_none_and_is_not_sound(account: Settlement, dsn: str) -> None:
    await run_on(account, dsn, MONDAY)
    await run_on(account, dsn, WEDNESDAY)
    assert (await checked_day(account.ledgerdb, TUESDAY)).report.so_far
    await run_on(account, dsn, THURSDAY)
    checked = await checked_day(account.ledgerdb, TUESDAY)
    assert (checked.report.runs, checked.report.so_far, checked.report.day_before) == ((), False, MONDAY)
    assert checked.is_missing
    assert not checked.is_sound
    assert (await sound(account, WEDNESDAY)).report.day_before == MONDAY


async def test_day_that_has_not_begun_is_a_usage_error(account: Settlement) -> None:
    with pytest.raises(UsageError, match="has not begun"):
        await checked_day(account.ledgerdb, date(9999, 12, 31))


async def test_hash_missed_by_a_crash_is_kept_by_the_next_run(
    account: Settlement, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run_on(account, dsn, MONDAY)
    with monkeypatch.context() as patched:
        patched.setattr(day_reports, "gather_day", None)
        with pytest.raises(TypeError):
            await run_on(account, dsn, TUESDAY)
    assert "no hash of it was kept" in ((await checked_day(account.ledgerdb, MONDAY)).flaw or "")
    await run_on(account, dsn, WEDNESDAY)
    monday, tuesday = await sound(account, MONDAY), await sound(account, TUESDAY)
    assert tuesday.report.sha256_before == monday.sha256


async def test_figure_changed_by_hand_is_another_day(account: Settlement, dsn: str) -> None:
    await account.fetched([line("adjustment", -7)])
    await run_on(account, dsn, MONDAY)
    await run_on(account, dsn, TUESDAY)
    await sound(account, MONDAY)
    await as_owner(dsn, "update reconciliation.breaks set opened_at = opened_at - interval '2 days'")
    assert "its hash was" in ((await checked_day(account.ledgerdb, MONDAY)).flaw or "")


async def test_money_booked_beside_the_items_unties_the_day(account: Settlement, dsn: str) -> None:
    await happen(account, PLAIN)
    await account.fetched([], day=-1)
    await run_on(account, dsn, MONDAY)
    await as_owner(dsn, "delete from reconciliation.open_items")
    checked = await checked_day(account.ledgerdb, MONDAY)
    assert movement(only_account(checked, account), "clearing") == (0, 9_680, 0, 0)
    assert not checked.report.ties


@pytest.mark.parametrize(
    "statement",
    [
        "update reconciliation.day_reports set form_version = 2",
        "delete from reconciliation.day_reports",
        "truncate reconciliation.day_reports",
    ],
)
async def test_kept_hashes_of_days_cannot_be_changed(account: Settlement, dsn: str, statement: str) -> None:
    await run_on(account, dsn, MONDAY)
    await run_on(account, dsn, TUESDAY)
    with pytest.raises(asyncpg.RestrictViolationError):
        await as_owner(dsn, statement)


async def test_chain_takes_no_second_day_after_one(account: Settlement, dsn: str) -> None:
    for day in (MONDAY, TUESDAY, WEDNESDAY, THURSDAY):
        await run_on(account, dsn, day)
    with pytest.raises(asyncpg.UniqueViolationError):
        await as_owner(
            dsn,
            "insert into reconciliation.day_reports (day, last_run_no, sha256, day_before, run_no_before, sha256_before, sealed_by,"
            " form_version) select '2026-11-20', last_run_no + 1, repeat('0', 64), day_before, run_no_before, sha256_before,"
            " last_run_no + 2, 1 from reconciliation.day_reports where day_before is not null order by day limit 1",
        )


@pytest.mark.sampled
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payments=days, data=st.data())
def test_random_days_tie_and_follow_one_another(
    dsn: str, payments: Sequence[Payment], data: st.DataObject
) -> None:
    """Lines of some payments, some of them false, in files over several days of which each has no, one or two runs."""

    async def check() -> None:
        async with opened(dsn) as account:
            lines = [told for one in await happen(account, *payments) for told in one.lines]
            for _ in range(data.draw(st.integers(0, 2))):
                made = data.draw(st.sampled_from(FALSIFICATIONS))(lines, 0) if lines else None
                lines = list(made.lines) if made else lines
            named = []
            (last,) = await account.rows("select max(cut_off) as at from reconciliation.runs")
            monday = last["at"].date() + timedelta(days=1) if last["at"] else MONDAY
            for number in range(4):
                day = monday + timedelta(days=number)
                for hour in range(data.draw(st.integers(0, 2))):
                    told = data.draw(st.integers(0, len(lines)))
                    await account.fetched(lines[:told], day=number * 2 + hour)
                    lines = lines[told:]
                    await run_on(account, dsn, day, hour=hour)
                    named.append(day)
            await run_on(account, dsn, monday + timedelta(days=9))
            reports = [await sound(account, day) for day in sorted(set(named))]
            assert [one.report.sha256_before for one in reports[1:]] == [one.sha256 for one in reports[:-1]]
            assert [day_report_json(one.report) for one in reports] == [
                day_report_json((await checked_day(account.ledgerdb, one.report.day)).report)
                for one in reports
            ]

    asyncio.run(check())


async def test_report_command_writes_the_day_in_all_forms(
    account: Settlement,
    dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await happen(account, PLAIN)
    await account.fetched([line("adjustment", -7)], name="STL-1.CSV")
    await run_on(account, dsn, MONDAY)
    await run_on(account, dsn, TUESDAY)
    monkeypatch.setenv("FINCORE_EVENTSTORE_DSN", dsn)
    monkeypatch.setenv("FINCORE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(
        sys, "argv", ["fincore", "reconcile", "report", f"--day={MONDAY}", f"--output={tmp_path}"]
    )
    with pytest.raises(SystemExit, match="0"):
        await asyncio.to_thread(main)
    checked = await sound(account, MONDAY)
    assert f"sha256 {checked.sha256}" in capsys.readouterr().out
    assert (tmp_path / f"report-{MONDAY}.json").read_bytes() == day_report_json(checked.report)
    assert checked.sha256 in (tmp_path / f"report-{MONDAY}.csv").read_text()
    assert checked.sha256 in (tmp_path / f"report-{MONDAY}.html").read_text()
