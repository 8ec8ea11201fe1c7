"""Reconciliation as staff look at it and act on it: breaks, runs, days, files and sources, what is uncleared, adjustments."""

from collections.abc import Sequence
from datetime import date

from fincore.backoffice import breaks as breaks_of_staff
from fincore.backoffice import settlement_files
from fincore.backoffice.settlement_files import ListedSource
from fincore.domain.clock import Clock
from fincore.domain.errors import UsageError
from fincore.domain.ids import AdjustmentId, RunId, SettlementFileId
from fincore.postgres.pool import Pool
from fincore.reconciliation.adjustments.listing import AdjustmentPage, list_adjustments
from fincore.reconciliation.breaks import break_record
from fincore.reconciliation.breaks.break_actions import ActedBreak
from fincore.reconciliation.breaks.break_decision import Done
from fincore.reconciliation.breaks.break_record import BreakRecord
from fincore.reconciliation.breaks.listing import (
    BreakFilters,
    BreakPage,
    StandingSum,
    list_breaks,
    standing_sums,
)
from fincore.reconciliation.file_actions import DecidedFile, decide_file
from fincore.reconciliation.file_decision import FileDecision, FileStatus
from fincore.reconciliation.files import SettlementFile, SettlementFiles
from fincore.reconciliation.pages.day_pages import DayPage, list_days
from fincore.reconciliation.pages.file_record import FileRecord, read_file
from fincore.reconciliation.pages.run_pages import RunPage, list_runs
from fincore.reconciliation.pages.uncleared_pages import (
    ItemPlace,
    UnclearedFilters,
    UnclearedPage,
    list_uncleared,
)
from fincore.reconciliation.report.day_report import CheckedDay
from fincore.reconciliation.report.day_reports import checked_day
from fincore.reconciliation.report.reports import checked_report
from fincore.reconciliation.report.run_report import CheckedReport
from fincore.reconciliation.uncleared import UnclearedAmount, uncleared_by_age


class ReconciliationViews:
    """What staff see and decide in LedgerDB's record of reconciliation."""

    def __init__(self, ledgerdb: Pool, clock: Clock) -> None:
        self._ledgerdb = ledgerdb
        self._clock = clock

    async def breaks(self, wanted: BreakFilters, *, after: int | None, limit: int) -> BreakPage:
        """Breaks of a mode, those opened last first."""
        return await list_breaks(self._ledgerdb, wanted, after=after, limit=limit)

    async def standing_breaks(self, *, livemode: bool) -> Sequence[StandingSum]:
        """How many breaks of a mode are not closed, and what they come to."""
        return await standing_sums(self._ledgerdb, livemode=livemode)

    async def find_break(self, break_id: int) -> BreakRecord | None:
        """All that is known of a break, or None."""
        return await break_record.read_break(self._ledgerdb, break_id)

    async def act_on_break(self, break_id: int, done: Done) -> ActedBreak:
        """Record what a person does with a break. Raise `BreakNotChanged` and `RequestKeyReused`."""
        return await breaks_of_staff.act_on_break(self._ledgerdb, break_id, done)

    async def runs(self, *, livemode: bool, after: RunId | None, limit: int) -> RunPage:
        """The runs that finished, the last one first."""
        return await list_runs(self._ledgerdb, livemode=livemode, after=after, limit=limit)

    async def run_report(self, run_id: RunId) -> CheckedReport | None:
        """The report of a run, made again and compared with its hash; None where no such run has finished."""
        try:
            return await checked_report(self._ledgerdb, run_id)
        except UsageError:
            return None

    async def days(self, *, after: date | None, limit: int) -> DayPage:
        """The sealed days, the last one first."""
        return await list_days(self._ledgerdb, after=after, limit=limit)

    async def day_report(self, day: date) -> CheckedDay | None:
        """The report of a day, made again and compared with its hash; None for a day that has not begun."""
        try:
            return await checked_day(self._ledgerdb, day)
        except UsageError:
            return None

    async def files(
        self,
        *,
        livemode: bool,
        source: str | None,
        status: FileStatus | None,
        after: SettlementFileId | None,
        limit: int,
    ) -> list[SettlementFile]:
        """The files of a mode, those fetched last first."""
        return await SettlementFiles(self._ledgerdb).list(
            limit=limit, source=source, status=status, livemode=livemode, after=after
        )

    async def file(self, file_id: SettlementFileId) -> FileRecord | None:
        """All that is known of a file, or None."""
        return await read_file(self._ledgerdb, file_id)

    async def decide_file(self, file_id: SettlementFileId, decision: FileDecision) -> DecidedFile:
        """Record a decision about a file. Raise `FileNotChanged`, `BreakNotChanged` and `RequestKeyReused`."""
        return await decide_file(self._ledgerdb, file_id, decision)

    async def sources(self, *, livemode: bool) -> list[ListedSource]:
        """The declared sources of a mode, by name."""
        found = await settlement_files.list_sources(self._ledgerdb)
        return [one for one in found if one.standing.livemode == livemode]

    async def uncleared_amounts(self, *, livemode: bool) -> list[UnclearedAmount]:
        """What is uncleared, by account, currency and age."""
        return await uncleared_by_age(self._ledgerdb, self._clock.now(), livemode=livemode)

    async def uncleared_items(
        self, wanted: UnclearedFilters, *, after: ItemPlace | None, limit: int
    ) -> UnclearedPage:
        """What is uncleared, one by one."""
        return await list_uncleared(self._ledgerdb, wanted, after=after, limit=limit)

    async def adjustments(
        self, *, livemode: bool, break_id: int | None, after: AdjustmentId | None, limit: int
    ) -> AdjustmentPage:
        """Adjustments, those decided last first."""
        return await list_adjustments(
            self._ledgerdb, livemode=livemode, break_id=break_id, after=after, limit=limit
        )
