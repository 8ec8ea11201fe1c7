"""Makes notices of what operations do not know yet: runs that finished, days that are over, and what is wrong between runs."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

import asyncpg
import structlog

from fincore.domain.ids import RunId
from fincore.observability.failpoints import Place, failpoint
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.reconciliation.notification.channel import ChannelName
from fincore.reconciliation.notification.finding_notices import Began, Ended, began_notice, ended_notice
from fincore.reconciliation.notification.findings import CLASSES_OF_FINDINGS, Finding, FindingKind
from fincore.reconciliation.notification.notice import (
    LINE_CHARACTERS_MAX,
    Notice,
    NoticeKind,
    Tell,
    is_told,
    one_line,
)
from fincore.reconciliation.notification.outbox import forget, keep
from fincore.reconciliation.notification.report_notices import day_notice, run_notice
from fincore.reconciliation.notification.unreported_notices import (
    day_without_report_notice,
    run_without_report_notice,
    skipped_days_notice,
    skipped_runs_notice,
)
from fincore.reconciliation.notification.watch import old_money, wrong_now
from fincore.reconciliation.report.day_gathering import changed_breaks, changed_sums
from fincore.reconciliation.report.day_report import ClassSum
from fincore.reconciliation.report.day_reports import checked_day
from fincore.reconciliation.report.gathering import FinishedRun, gather
from fincore.reconciliation.report.run_report import BreakReport
from fincore.reconciliation.report.snapshot import snapshot

_log = structlog.get_logger(__name__)
_SQL = load_sql("fincore.reconciliation.notification", "collecting.sql")

AT_A_TIME: Final = 10
"""So many runs, and so many days, are told one by one, the last ones: after a pause of the role the earlier ones are told as a sum."""
NEWS_DAYS: Final = 7
"""Runs and days of before, such as those that were made anew, are told as a sum."""
VAIN_LOOKS_MAX: Final = 2
"""After so many looks in a row that could not make a notice of a report, a notice without the report is made in its place."""
WATCH_INTERVAL_SECONDS: Final = 60.0
OLD_MONEY_INTERVAL_SECONDS: Final = 3_600.0
"""What is uncleared is looked at after each run, and where none comes so often."""
OLD_MONEY: Final[FindingKind] = "uncleared"
BETWEEN_RUNS: Final[tuple[FindingKind, ...]] = (
    "run_failed",
    "file_waits",
    "source_unread",
    "file_late",
    "file_missing",
    "evidence_damaged",
    "evidence_unread",
)


class Collector:
    """Several processes may look beside each other: one of them has the turn, and what it finds is told once."""

    def __init__(
        self,
        ledgerdb: Pool,
        channels: Collection[ChannelName],
        *,
        tell: Tell,
        uncleared_days: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = ledgerdb
        self._channels = channels
        self._tell: Tell = tell
        self._uncleared_days = uncleared_days
        self._monotonic = monotonic
        self._vain_looks: Counter[NoticeKind] = Counter()
        self._watched_at: float | None = None
        self._old_money_at: float | None = None
        self._has_kept = False

    async def collect(self) -> None:
        """Make the notices that there are to make; nothing while another process does.

        What of these cannot be made keeps no other from being made. Raises the first error then. A look that had every turn, and made
        everything, is noted last.
        """
        errors: list[Exception] = []
        had_turns = True
        for make in (self._runs, self._days, self._between_runs, self._old_money, self._looked):
            if make == self._looked and (errors or not had_turns):
                break
            try:
                async with self._pool.acquire() as connection, connection.transaction():
                    if await connection.fetchval(_SQL.try_turn):
                        await make(connection)
                        self._at_failpoint("before")
                    else:
                        had_turns = False
                self._at_failpoint("after")
                self._has_kept = False
            except Exception as error:  # noqa: BLE001 -- raised below
                errors.append(error)
        if errors:
            raise errors[0]

    async def _looked(self, connection: Connection) -> None:
        await connection.execute(_SQL.looked)

    async def _runs(self, connection: Connection) -> None:
        """Each run is told in the transaction that says that it is."""
        told, last = await self._told(connection), await connection.fetchval(_SQL.last_run)
        if last == told["run_no"]:
            return
        rows = await connection.fetch(_SQL.untold_runs, told["run_no"], last, AT_A_TIME, NEWS_DAYS)
        first = rows[0]["run_no"] if rows else last + 1
        skipped = await connection.fetchrow(_SQL.skipped_runs, told["run_no"], first)
        if skipped is not None:
            await self._keep(connection, await self._of_skipped(skipped, told["run_no"]))
        for row in rows:
            run = FinishedRun(row["run_no"], RunId(row["run_id"]), row["cut_off"], row["last_entry_id"])
            await self._keep(connection, await self._of_run(run))
        await connection.execute(_SQL.told_run, last)
        self._vain_looks["run"] = 0
        self._old_money_at = None

    async def _days(self, connection: Connection) -> None:
        """The same of days that are over."""
        told, last = await self._told(connection), await connection.fetchval(_SQL.last_day)
        if last == told["last_day"]:
            return
        rows = await connection.fetch(_SQL.untold_days, told["last_day"], last, AT_A_TIME, NEWS_DAYS)
        skipped = await connection.fetchrow(
            _SQL.skipped_days, told["last_day"], rows[0]["day"] if rows else None, last
        )
        if skipped is not None and skipped["days"]:
            await self._keep(
                connection,
                skipped_days_notice(skipped["first_day"], skipped["last_day"], days=skipped["days"]),
            )
        for row in rows:
            await self._keep(connection, await self._of_day(row["day"], row["day_before"]))
        await connection.execute(_SQL.told_day, last)
        self._vain_looks["day"] = 0

    async def _between_runs(self, connection: Connection) -> None:
        if self._is_due(self._watched_at, WATCH_INTERVAL_SECONDS):
            await self._compare(connection, BETWEEN_RUNS, await wrong_now(self._pool))
            await forget(connection)
            self._watched_at = self._monotonic()

    async def _old_money(self, connection: Connection) -> None:
        if self._is_due(self._old_money_at, OLD_MONEY_INTERVAL_SECONDS):
            await self._compare(connection, (OLD_MONEY,), await old_money(self._pool, self._uncleared_days))
            self._old_money_at = self._monotonic()

    def _is_due(self, done_at: float | None, interval_seconds: float) -> bool:
        return done_at is None or self._monotonic() - done_at >= interval_seconds

    async def _told(self, connection: Connection) -> asyncpg.Record:
        row = await connection.fetchrow(_SQL.told)
        assert row is not None  # noqa: S101 -- the migration writes it, and nothing may delete it
        return row

    async def _of_run(self, run: FinishedRun) -> Notice:
        async def make() -> Notice:
            async with snapshot(self._pool) as connection:
                report = await gather(connection, run, None)
                news = await _news(connection, run.run_no - 1, run.run_no, run.cut_off)
            return run_notice(report, news.opened, news.named, reopened=news.reopened)

        return await self._made("run", make, run_without_report_notice(run.run_id, run.cut_off))

    async def _of_skipped(self, last: asyncpg.Record, run_no_before: int) -> Notice:
        run_id, runs = RunId(last["run_id"]), last["runs"]

        async def make() -> Notice:
            async with snapshot(self._pool) as connection:
                news = await _news(connection, run_no_before, last["run_no"], last["cut_off"])
            return skipped_runs_notice(
                run_id, last["cut_off"], news.opened, news.named, runs=runs, reopened=news.reopened
            )

        return await self._made("run", make, run_without_report_notice(run_id, last["cut_off"], runs=runs))

    async def _of_day(self, day: date, day_before: date | None) -> Notice:
        async def make() -> Notice:
            days_without_run = (day - day_before).days - 1 if day_before else 0
            return day_notice(await checked_day(self._pool, day), days_without_run)

        return await self._made("day", make, day_without_report_notice(day))

    async def _made(self, kind: NoticeKind, make: Callable[[], Awaitable[Notice]], plain: Notice) -> Notice:
        """The notice; `plain` where that fails in look after look, so that one report holds up no other. Raises why it failed before."""
        try:
            return await make()
        except Exception:
            if self._vain_looks[kind] < VAIN_LOOKS_MAX:
                self._vain_looks[kind] += 1
                raise
            _log.exception("reconciliation.notice_without_report", about=plain.about)
            return plain

    async def _keep(self, connection: Connection, notice: Notice) -> None:
        if is_told(notice, self._tell):
            await keep(connection, notice, self._channels)
            self._has_kept = True

    def _at_failpoint(self, place: Place) -> None:
        """Around the end of a transaction that makes a notice."""
        if self._has_kept:
            failpoint("settlement_notice", place)

    async def _compare(
        self, connection: Connection, kinds: Sequence[FindingKind], found: Sequence[Finding]
    ) -> None:
        """Tell of the findings that are new, in one notice, and in another one of those that are over."""
        by_subject = {one.subject: one for one in found}
        over = await connection.fetch(_SQL.end_findings, list(kinds), list(by_subject))
        rows = await connection.fetch(
            _SQL.begin_findings,
            [one.kind for one in by_subject.values()],
            list(by_subject),
            [one_line(one.sentence, LINE_CHARACTERS_MAX) for one in by_subject.values()],
        )
        if rows:
            began = [Began(row["finding_no"], row["began_at"], by_subject[row["subject"]]) for row in rows]
            await self._keep(connection, began_notice(began))
        # A run that fails for another reason now has not been mended.
        failing = {one.kind for one in found if one.kind == "run_failed"}
        ended = [
            Ended(row["finding_no"], row["ended_at"], row["sentence"])
            for row in over
            if row["kind"] not in failing and row["sentence"] is not None
        ]
        if ended:
            await self._keep(connection, ended_notice(ended))


class _News(NamedTuple):
    """What runs changed: breaks that opened and that no finding tells, and how many are open again that a person had answered or closed."""

    opened: tuple[ClassSum, ...]
    named: tuple[BreakReport, ...]
    reopened: int


async def _news(connection: Connection, run_no_before: int, last_run_no: int, cut_off: datetime) -> _News:
    """What the runs after the one up to the other changed."""
    between = run_no_before, last_run_no
    sums = await changed_sums(connection, *between, "opened")
    breaks = await changed_breaks(connection, *between, "opened", cut_off)
    return _News(
        tuple(one for one in sums if one.break_class not in CLASSES_OF_FINDINGS),
        tuple(one for one in breaks if one.break_class not in CLASSES_OF_FINDINGS),
        await connection.fetchval(_SQL.count_reopened, *between),
    )
