"""What operations are told, once each, and how a notice goes on until it arrives or is given up."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import asyncpg
import pytest
from prometheus_client import REGISTRY

from fincore.__main__ import main
from fincore.bootstrap import reconciliation
from fincore.postgres.pool import Connection, Pool, create_pool
from fincore.reconciliation.notification import collector as collecting
from fincore.reconciliation.notification import teller as tellers
from fincore.reconciliation.notification.channel import ChannelName, NotSent
from fincore.reconciliation.notification.collector import Collector
from fincore.reconciliation.notification.notice import Notice, Tell, notice_of
from fincore.reconciliation.notification.outbox import Outbox, keep, measure_notices
from fincore.reconciliation.notification.retry import ATTEMPTS_MAX, PAUSES_SECONDS
from fincore.reconciliation.notification.teller import Teller
from fincore.reconciliation.notification.watch import keep_failed_run
from fincore.reconciliation.report import day_reports, gathering
from fincore.reconciliation.report.day_report import CheckedDay
from fincore.reconciliation.report.gathering import FinishedRun
from fincore.reconciliation.report.run_report import RunReport
from fixtures.settlement_account import Settlement, line, settlement
from fixtures.settlement_falsified import Payment, Refund, live
from fixtures.smtp_server import mail_server
from fixtures.traffic import store_pool
from fixtures.webhook_receiver import WebhookReceiver

PLAIN = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")
CHANNELS: tuple[ChannelName, ...] = ("console", "webhook")


class GivenChannel:
    """A channel that takes or refuses what the test says."""

    def __init__(self, name: ChannelName = "webhook") -> None:
        self.name: ChannelName = name
        self.sent: list[Notice] = []
        self.refuses: Exception | None = None

    async def send(self, notice: Notice) -> None:
        self.sent.append(notice)
        if self.refuses is not None:
            raise self.refuses


class StalledChannel(GivenChannel):
    """A channel that never takes what it is given."""

    begun: asyncio.Event

    async def send(self, notice: Notice) -> None:
        self.sent.append(notice)
        self.begun.set()
        await asyncio.Event().wait()


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


def collector(account: Settlement, *, tell: Tell = "findings", days: int = 10) -> Collector:
    return Collector(account.ledgerdb, CHANNELS, tell=tell, uncleared_days=days)


async def told(account: Settlement) -> list[Notice]:
    """Every notice, the oldest first."""
    return [one.notice for one in reversed(await Outbox(account.ledgerdb).list(1_000)) if one.notice]


async def run(account: Settlement) -> None:
    assert await account.reconciliation.run() is not None, "another run has the turn"


async def execute(dsn: str, statement: str) -> None:
    owner = await asyncpg.connect(dsn)
    try:
        await owner.execute(statement)
    finally:
        await owner.close()


async def due(account: Settlement, *channels: ChannelName) -> None:
    """A notice that waits on the channels."""
    notice = notice_of(
        about=f"test:{uuid4()}",
        kind="run",
        occurred_at=datetime(2026, 11, 26, tzinfo=UTC),
        subject="a subject",
        needs_person=True,
    )
    async with account.ledgerdb.acquire() as connection:
        await keep(connection, notice, channels)


async def deliveries(account: Settlement) -> list[tuple[str, str, int]]:
    rows = await account.rows(
        "select channel, status, attempts from reconciliation.notice_deliveries order by notice_no, channel"
    )
    return [tuple(row) for row in rows]


def teller(account: Settlement, *channels: GivenChannel) -> Teller:
    return Teller(account.ledgerdb, channels, collector(account), interval_seconds=0.01)


async def test_run_with_new_breaks_is_told_once_on_each_channel(account: Settlement) -> None:
    await account.fetched([line("adjustment", -7, psp_reference="adj_1")], name="STL-1.CSV")
    await run(account)
    await collector(account).collect()
    await collector(account).collect()
    (one,) = await told(account)
    assert (one.kind, one.needs_person) == ("run", True)
    assert one.subject.endswith("1 new break")
    assert one.findings[0].startswith("1 break unexpected_movement of paypal/")
    assert one.findings[1].endswith("unexpected_movement: -0.07 USD, adj_1, STL-1.CSV, line 1")
    assert one.next_steps[0] == "fincore reconcile breaks"
    assert await deliveries(account) == [("console", "waiting", 0), ("webhook", "waiting", 0)]


async def test_run_without_news_is_told_only_always(account: Settlement) -> None:
    await run(account)
    await collector(account).collect()
    assert await told(account) == []
    await run(account)
    await collector(account, tell="always").collect()
    (one,) = await told(account)
    assert (one.subject, one.needs_person) == (
        "Reconciliation: nothing uncleared, no new breaks",
        False,
    )


async def test_runs_before_the_upgrade_are_not_told(account: Settlement, dsn: str) -> None:
    await account.fetched([line("adjustment", -7)])
    await run(account)
    await execute(
        dsn, "update reconciliation.told set run_no = (select max(run_no) from reconciliation.runs)"
    )
    await collector(account, tell="always").collect()
    assert await told(account) == []


async def test_run_that_does_not_tie_is_told(account: Settlement, dsn: str) -> None:
    lived = live(PLAIN, account.psp, account.psp_account)
    await account.happen(lived.stream_id, *lived.events)
    await run(account)
    await execute(dsn, "delete from reconciliation.open_items")
    await collector(account).collect()
    (one,) = await told(account)
    assert "DOES NOT TIE" in one.subject
    assert one.next_steps[0] == "fincore check"


async def days_with_runs(account: Settlement, dsn: str, *days_ago: int) -> list[date]:
    """A run on each day, the first first."""
    today = await account.ledgerdb.fetchval("select (now() at time zone 'utc')::date")
    days = [today - timedelta(days=ago) for ago in days_ago]
    for day in days:
        await execute(
            dsn,
            "create or replace function public.test_clock() returns trigger language plpgsql as $$ begin "
            f"new.cut_off := '{day}T12:00:00Z'; return new; end $$",
        )
        await execute(
            dsn,
            "create or replace trigger test_clock before insert on reconciliation.runs"
            " for each row execute function public.test_clock()",
        )
        await run(account)
    return days


async def test_day_and_the_days_without_a_run_are_told(account: Settlement, dsn: str) -> None:
    _, thursday, _ = await days_with_runs(account, dsn, 4, 1, 0)
    await collector(account).collect()
    (one,) = await told(account)
    assert one.subject.startswith(f"Reconciliation of {thursday}")
    assert one.findings == ("No run was made on 2 days before: nothing was compared",)
    assert one.next_steps == (f"fincore reconcile report --day={thursday}",)


async def test_failed_run_is_told_once_until_a_run_finishes(account: Settlement) -> None:
    for _ in range(2):
        await keep_failed_run(account.ledgerdb, "the ledger is another one\nnow")
        await collector(account).collect()
    (one,) = await told(account)
    assert one.findings == ("Reconciliation does not run: the ledger is another one\ufffdnow",)
    assert one.next_steps == ("fincore reconcile run",)
    await run(account)
    await collector(account).collect()
    await keep_failed_run(account.ledgerdb, "the ledger is another one\nnow")
    await collector(account).collect()
    assert [notice.kind for notice in await told(account)] == ["findings", "ended", "findings"]


async def test_finding_that_is_over_is_told_once(account: Settlement) -> None:
    await keep_failed_run(account.ledgerdb, "the ledger is another one")
    await collector(account).collect()
    await run(account)
    for _ in range(2):
        await collector(account).collect()
    one, ended = await told(account)
    assert ended.subject == "Reconciliation: over: Reconciliation does not run: the ledger is another one"
    assert (ended.kind, ended.needs_person, ended.findings) == ("ended", False, ())
    assert [figure.value for figure in ended.figures] == list(one.findings)
    assert await deliveries(account) == [(channel, "waiting", 0) for _ in range(2) for channel in CHANNELS]


async def test_run_that_fails_for_another_reason_is_not_over(account: Settlement) -> None:
    for reason in ("the ledger is behind", "the ledger is another one"):
        await keep_failed_run(account.ledgerdb, reason)
        await collector(account).collect()
    assert [notice.kind for notice in await told(account)] == ["findings", "findings"]


async def test_end_of_a_finding_of_an_earlier_version_is_not_told(account: Settlement) -> None:
    """How it was told is not known any more."""
    await account.ledgerdb.execute(
        "insert into reconciliation.findings (kind, subject) values ('uncleared', 'x')"
    )
    await collector(account).collect()
    assert await told(account) == []
    (found,) = await account.rows("select ended_at from reconciliation.findings")
    assert found["ended_at"] is not None


async def test_run_that_fails_in_the_same_way_is_kept_once(account: Settlement) -> None:
    for reason in ("one", "one", "another", "one", "one"):
        await keep_failed_run(account.ledgerdb, reason)
    await run(account)
    await keep_failed_run(account.ledgerdb, "one")
    rows = await account.rows("select reason from reconciliation.failed_runs order by failure_no")
    assert [row["reason"] for row in rows] == ["one", "another", "one", "one"]


async def test_findings_of_one_look_are_told_together(account: Settlement, dsn: str) -> None:
    await account.fetched([], day=0)
    await account.fetched([], day=2)
    await run(account)
    await execute(
        dsn,
        "update reconciliation.sources set late_after = interval '1 second', declared_at = now() - interval '2 days'",
    )
    await collector(account).collect()
    (one,) = await told(account)
    assert (one.kind, len(one.findings)) == ("findings", 3)
    assert one.subject.endswith("and 2 more")
    assert any("leave out 2026-11-03 00:00:00 to 2026-11-04 00:00:00" in line for line in one.findings)
    assert one.next_steps == ("fincore reconcile sources",)
    await run(account)
    late = "select from reconciliation.breaks where class in ('file_late', 'file_gap') and status = 'open'"
    assert len(await account.rows(late)) == 2
    await collector(account).collect()
    assert await told(account) == [one], "the run tells no late file and no gap once more"


async def test_money_uncleared_for_too_long_is_told_once(account: Settlement) -> None:
    lived = live(PLAIN, account.psp, account.psp_account)
    await account.happen(lived.stream_id, *lived.events)
    await run(account)
    await collector(account, days=365).collect()
    assert await told(account) == []
    await collector(account, days=1).collect()
    await collector(account, days=1).collect()
    (one,) = await told(account)
    assert "is uncleared for more than 1 day, in 1 item" in one.findings[0]
    assert one.next_steps == ("fincore reconcile uncleared",)


async def test_refunds_that_offset_payments_hide_no_old_money(account: Settlement) -> None:
    """A payment of 100.00, and 100.00 given back of another one that its line cleared."""
    lived = live(PLAIN._replace(fee_minor=0), account.psp, account.psp_account)
    await account.happen(lived.stream_id, *lived.events)
    refunded = live(
        PLAIN._replace(amount_minor=1_000_000, fee_minor=0, refunds=(Refund(1, False, False),)),
        account.psp,
        account.psp_account,
    )
    await account.happen(refunded.stream_id, *refunded.events)
    await account.fetched([one for one in refunded.lines if one.kind == "payment"])
    await run(account)
    await collector(account, days=1).collect()
    found = [one for notice in await told(account) for one in notice.findings if "uncleared for more" in one]
    assert len(found) == 1
    assert found[0].startswith("100.00 USD and -100.00 USD of paypal/")
    assert found[0].endswith("in 2 items")


async def test_money_grows_old_where_no_run_is_made(account: Settlement) -> None:
    await run(account)
    lived = live(PLAIN, account.psp, account.psp_account)
    await account.happen(lived.stream_id, *lived.events)
    await account.book()
    await collector(account, days=1).collect()
    (one,) = await told(account)
    assert "is uncleared for more than 1 day, in 1 item" in one.findings[0]


async def test_two_processes_tell_of_a_run_once(account: Settlement) -> None:
    await account.fetched([line("adjustment", -7)])
    await run(account)
    await asyncio.gather(*(collector(account).collect() for _ in range(4)))
    await collector(account).collect()
    assert len(await told(account)) == 1


async def test_notice_arrives_on_each_channel(account: Settlement) -> None:
    await due(account, "console", "webhook")
    console, webhook = GivenChannel("console"), GivenChannel("webhook")
    for channel in (console, webhook):
        assert await teller(account, console, webhook).deliver_due(channel) == 1
        assert await teller(account, console, webhook).deliver_due(channel) == 0
    assert console.sent == webhook.sent
    assert await deliveries(account) == [("console", "sent", 1), ("webhook", "sent", 1)]


async def test_notice_is_given_up_after_the_last_attempt(account: Settlement, dsn: str) -> None:
    await due(account, "webhook")
    channel = GivenChannel()
    channel.refuses = NotSent("the server answered 503")
    for _ in range(ATTEMPTS_MAX):
        assert await teller(account, channel).deliver_due(channel) == 1
        await execute(dsn, "update reconciliation.notice_deliveries set next_attempt_at = now()")
    assert await teller(account, channel).deliver_due(channel) == 0
    assert await deliveries(account) == [("webhook", "dead", ATTEMPTS_MAX)]
    await measure_notices(account.ledgerdb)
    labels = {"channel": "webhook", "state": "dead"}
    assert REGISTRY.get_sample_value("fincore_ops_notices", labels) == 1


async def test_failed_attempt_is_made_again_after_a_pause(account: Settlement) -> None:
    await due(account, "webhook")
    channel = GivenChannel()
    channel.refuses = NotSent("no answer: connection failed")
    before = await account.ledgerdb.fetchval("select clock_timestamp()")
    assert await teller(account, channel).deliver_due(channel) == 1
    after = await account.ledgerdb.fetchval("select clock_timestamp()")
    (row,) = await account.rows(
        "select failure, next_attempt_at, leased_until from reconciliation.notice_deliveries"
    )
    assert row["failure"] == "no answer: connection failed"
    pause = timedelta(seconds=PAUSES_SECONDS[1])
    assert before + pause <= row["next_attempt_at"] <= after + pause
    assert row["leased_until"] is None


async def test_attempt_of_a_dead_process_is_made_again(account: Settlement, dsn: str) -> None:
    """The receiver gets the same notice, with the same id."""
    await due(account, "webhook")
    outbox, channel = Outbox(account.ledgerdb), GivenChannel()
    first = await outbox.claim("webhook")
    assert first is not None
    assert await teller(account, channel).deliver_due(channel) == 0
    await execute(
        dsn, "update reconciliation.notice_deliveries set leased_until = now() - interval '1 second'"
    )
    assert await teller(account, channel).deliver_due(channel) == 1
    assert [one.notice_id for one in channel.sent] == [first.notice.notice_id]
    await outbox.not_sent(first, "webhook", "a late result")
    assert await deliveries(account) == [("webhook", "sent", 2)]


async def test_channel_that_no_process_serves_is_given_up(account: Settlement, dsn: str) -> None:
    """A day after the notice was due: until then another process may serve the channel."""
    await due(account, "console", "email")
    await Outbox(account.ledgerdb).give_up_all_but(["console"])
    assert await deliveries(account) == [("console", "waiting", 0), ("email", "waiting", 0)]
    await execute(
        dsn, "update reconciliation.notice_deliveries set next_attempt_at = now() - interval '25 hours'"
    )
    await Outbox(account.ledgerdb).give_up_all_but(["console"])
    assert await deliveries(account) == [("console", "waiting", 0), ("email", "dead", 0)]


async def test_notice_that_cannot_be_read_holds_up_no_other(account: Settlement, dsn: str) -> None:
    await due(account, "webhook")
    await execute(dsn, "update reconciliation.notices set notice = '{}'")
    await due(account, "webhook")
    channel = GivenChannel()
    assert await teller(account, channel).deliver_due(channel) == 1
    assert await deliveries(account) == [("webhook", "dead", 1), ("webhook", "sent", 1)]
    assert len(await Outbox(account.ledgerdb).list(10)) == 2


async def test_pause_and_lease_of_a_wrong_clock_end(account: Settlement, dsn: str) -> None:
    await due(account, "webhook")
    channel = GivenChannel()
    await execute(
        dsn,
        "update reconciliation.notice_deliveries set next_attempt_at = now() + interval '1 year', leased_until = now() + interval '1 year'",
    )
    assert await teller(account, channel).deliver_due(channel) == 1


async def test_run_that_cannot_be_told_holds_up_no_finding(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    await account.fetched([line("adjustment", -7)])
    await run(account)
    await keep_failed_run(account.ledgerdb, "a reason")
    one = collector(account)
    with monkeypatch.context() as patched:
        patched.setattr(collecting, "gather", None)
        with pytest.raises(TypeError):
            await one.collect()
    assert [notice.kind for notice in await told(account)] == ["findings"]
    await one.collect()
    assert [notice.kind for notice in await told(account)] == ["findings", "run"]


async def runs_of_a_pause(account: Settlement, number: int = 4) -> list[str]:
    """Runs of which each opens a break, the first first."""
    for day in range(number):
        await account.fetched([line("adjustment", -7)], day=day, states_balances=False)
        await run(account)
    rows = await account.rows("select run_id from reconciliation.runs order by run_no")
    return [row["run_id"] for row in rows]


async def test_earlier_runs_of_a_long_pause_are_told_as_a_sum(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "AT_A_TIME", 2)
    _, second, third, last = await runs_of_a_pause(account)
    await collector(account).collect()
    await collector(account).collect()
    summed, *one_by_one = await told(account)
    assert [one.about for one in one_by_one] == [f"run:{third}", f"run:{last}"]
    assert (summed.about, summed.needs_person) == (f"runs:{second}", True)
    assert summed.subject == "Reconciliation: 2 earlier runs opened 2 breaks"
    assert summed.findings[0].startswith("2 breaks unexpected_movement of paypal/")
    assert summed.findings[0].endswith("-0.14 USD")


async def test_runs_before_a_run_of_long_ago_are_in_the_sum(account: Settlement, dsn: str) -> None:
    *_, last = await runs_of_a_pause(account)
    await execute(
        dsn,
        "update reconciliation.runs set cut_off = now() - interval '8 days'"
        " where run_no = (select max(run_no) - 1 from reconciliation.runs)",
    )
    await collector(account).collect()
    summed, one = await told(account)
    assert summed.subject == "Reconciliation: 3 earlier runs opened 3 breaks"
    assert one.about == f"run:{last}"


async def test_run_with_a_failing_report_holds_up_no_later_one(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await runs_of_a_pause(account, 2)
    gathered = gathering.gather

    async def failing(connection: Connection, one: FinishedRun, before: str | None) -> RunReport:
        if one.run_id == first:
            raise ValueError("a defect")
        return await gathered(connection, one, before)

    monkeypatch.setattr(collecting, "gather", failing)
    looker = collector(account)
    for _ in range(collecting.VAIN_LOOKS_MAX):
        with pytest.raises(ValueError, match="a defect"):
            await looker.collect()
    assert await told(account) == []
    await looker.collect()
    plain, full = await told(account)
    assert (plain.about, plain.needs_person) == (f"run:{first}", True)
    assert plain.subject == "Reconciliation: what 1 run found cannot be gathered"
    assert full.about == f"run:{second}"
    assert full.subject.endswith("1 new break")


async def test_day_with_a_failing_report_holds_up_no_later_one(
    account: Settlement, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = await days_with_runs(account, dsn, 3, 2, 0)
    checked = day_reports.checked_day

    async def failing(ledgerdb: Pool, day: date) -> CheckedDay:
        if day == days[0]:
            raise ValueError("a defect")
        return await checked(ledgerdb, day)

    monkeypatch.setattr(collecting, "checked_day", failing)
    looker = collector(account, tell="always")
    for _ in range(collecting.VAIN_LOOKS_MAX):
        with pytest.raises(ValueError, match="a defect"):
            await looker.collect()
    await looker.collect()
    found = [one.subject for one in await told(account) if one.kind == "day"]
    assert found[0] == f"Reconciliation of {days[0]}: its report cannot be gathered"
    assert found[1].startswith(f"Reconciliation of {days[1]}: ")


async def test_earlier_days_of_a_long_pause_are_told_together(
    account: Settlement, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "AT_A_TIME", 1)
    first, second, third, _ = await days_with_runs(account, dsn, 4, 3, 2, 0)
    await collector(account, tell="always").collect()
    found = [one for one in await told(account) if one.kind == "day"]
    assert [one.about.split(":")[:2] for one in found] == [["days", str(second)], ["day", str(third)]]
    assert found[0].subject == f"Reconciliation: 2 days from {first} to {second} not told one by one"
    assert found[0].needs_person


async def test_error_of_a_channel_does_not_show_what_was_sent(account: Settlement) -> None:
    await due(account, "webhook")
    channel = GivenChannel()
    channel.refuses = ValueError("password hunter22")
    await teller(account, channel).deliver_due(channel)
    (row,) = await account.rows("select failure from reconciliation.notice_deliveries")
    assert row["failure"] == "FinCore failed by an error of its own (ValueError)"


async def test_teller_goes_on_after_a_look_that_fails(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([ValueError("a defect")])

    async def failing(_: object) -> list[object]:
        for failure in failures:
            raise failure
        return []

    monkeypatch.setattr(collecting, "wrong_now", failing)
    await account.fetched([line("adjustment", -7)])
    await run(account)
    channel = GivenChannel()
    one = teller(account, channel)
    running = asyncio.create_task(one.run())
    async with asyncio.timeout(30):
        while not channel.sent:
            await asyncio.sleep(0.01)
    one.stop()
    await running
    assert [notice.kind for notice in channel.sent] == ["run"]


async def test_role_that_ends_waits_for_no_stalled_channel(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attempt is made again by the next process."""
    monkeypatch.setattr(reconciliation, "LAST_ATTEMPTS_SECONDS_MAX", 0.1)
    await due(account, "webhook")
    stalled = StalledChannel()
    stalled.begun = asyncio.Event()
    async with asyncio.timeout(30), reconciliation.telling(teller(account, stalled), lambda: None):
        await stalled.begun.wait()
    assert await deliveries(account) == [("webhook", "waiting", 1)]


async def test_teller_that_ends_by_an_error_ends_the_role(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(collecting, "wrong_now", None)
    monkeypatch.setattr(tellers, "_log", SimpleNamespace(exception=gone, warning=gone))
    stopped = asyncio.Event()
    with pytest.raises(BrokenPipeError):
        async with asyncio.timeout(30), reconciliation.telling(teller(account), stopped.set):
            await stopped.wait()


async def look_age(account: Settlement) -> float:
    await measure_notices(account.ledgerdb)
    return REGISTRY.get_sample_value("fincore_ops_notice_look_age_seconds") or 0.0


async def test_age_of_the_last_good_look_is_measured(
    account: Settlement, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look that fails, and one that had not every turn, leaves it as old as it was."""
    await execute(dsn, "update reconciliation.told set looked_at = now() - interval '1 hour'")
    with monkeypatch.context() as patched:
        patched.setattr(collecting, "wrong_now", None)
        with pytest.raises(TypeError):
            await collector(account).collect()
    assert await look_age(account) >= 3_600
    async with account.ledgerdb.acquire() as other, other.transaction():
        await other.execute("select pg_advisory_xact_lock(hashtext('fincore.reconciliation.notices'))")
        await collector(account).collect()
    assert await look_age(account) >= 3_600
    await collector(account).collect()
    assert await look_age(account) < 3_600


async def test_old_notices_are_forgotten_unless_they_wait(account: Settlement, dsn: str) -> None:
    await due(account, "webhook")
    await due(account, "console")
    channel = GivenChannel("console")
    await teller(account, channel).deliver_due(channel)
    await execute(dsn, "update reconciliation.notices set made_at = now() - interval '91 days'")
    await collector(account).collect()
    assert await deliveries(account) == [("webhook", "waiting", 0)]


async def test_command_tries_each_channel_and_says_what_came_of_it(
    account: Settlement,
    dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await due(account, "webhook")
    async with mail_server(login=True) as server:
        with WebhookReceiver() as receiver:
            receiver.statuses = [503]
            for name, value in {
                "FINCORE_EVENTSTORE_DSN": dsn,
                "FINCORE_DATA_DIR": str(tmp_path),
                "FINCORE_OPS_WEBHOOK_URL": receiver.url,
                "FINCORE_OPS_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "FINCORE_OPS_SMTP_URL": f"smtp://fincore@127.0.0.1:{server.port}",
                "FINCORE_OPS_SMTP_PASSWORD": "right",
                "FINCORE_OPS_EMAIL_FROM": "fincore@example.com",
                "FINCORE_OPS_EMAIL_TO": "ops@example.com",
            }.items():
                monkeypatch.setenv(name, value)
            monkeypatch.setattr(sys, "argv", ["fincore", "reconcile", "notify"])
            with pytest.raises(SystemExit, match="1"):
                await asyncio.to_thread(main)
            receiver.take(1)
    assert capsys.readouterr().out == (
        "console: sent\nwebhook: not sent: the server answered 503\nemail: sent\n"
    )
    (mailed,) = server.mails
    assert mailed.message["Subject"] == "FinCore can tell operations by this channel"
    monkeypatch.setattr(sys, "argv", ["fincore", "reconcile", "notices"])
    with pytest.raises(SystemExit, match="0"):
        await asyncio.to_thread(main)
    assert "webhook waits" in capsys.readouterr().out
