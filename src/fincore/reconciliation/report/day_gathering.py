"""Gathers the report of a day from the tables and from the reports of two runs: its last one, and the last one before it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Literal, NamedTuple, get_args

from fincore.domain.currency import Currency
from fincore.domain.ids import RunId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection
from fincore.postgres.whole_sums import Row, with_whole_sums
from fincore.reconciliation.report.day_report import (
    FORM_VERSION,
    BreakCount,
    ClassSum,
    DayAccount,
    DayReport,
    DayRun,
    Movement,
)
from fincore.reconciliation.report.days import DayOfRuns
from fincore.reconciliation.report.gathering import (
    STATEMENT_SECONDS_MAX,
    Decided,
    FinishedRun,
    ReportedAccount,
    break_report,
    decided,
    file_report,
    gather,
    matched_sums,
    mode_of,
)
from fincore.reconciliation.report.run_report import (
    BREAKS_MAX,
    MATCHED_BY_RUN,
    AccountReport,
    BreakReport,
    BreakSum,
    FileReport,
    Mode,
    RunReport,
    Tie,
)

_SQL = load_sql("fincore.reconciliation.report", "day_gathering.sql")

Change = Literal["opened", "closed"]


class DayBefore(NamedTuple):
    """The sealed day with a run before a day, and the hash of its report."""

    day: date
    sha256: str


async def gather_day(connection: Connection, day: DayOfRuns, before: DayBefore | None) -> DayReport:
    """The report of a day that has runs. The connection must have one snapshot for all of it."""
    between = day.run_no_before, day.last_run_no
    rows = await _rows(connection, _SQL.runs, *between)
    last = await gather(connection, _finished(rows[-1]), None)
    first = None
    for row in await _rows(connection, _SQL.runs, day.run_no_before - 1, day.run_no_before):
        first = await gather(connection, _finished(row), None)
    entries = (first.last_entry_id if first else 0), last.last_entry_id
    opened, closed = [await changed_sums(connection, *between, change) for change in get_args(Change)]
    return DayReport(
        form_version=FORM_VERSION,
        day=day.day,
        so_far=not day.is_over,
        day_before=before and before.day,
        sha256_before=before and before.sha256,
        runs=tuple(_run(row) for row in rows),
        uncleared=last.uncleared,
        accounts=tuple(
            _accounts(
                first,
                last,
                await _rows(connection, _SQL.booked, *entries),
                await _rows(connection, _SQL.matched, *between),
                cleared=await _rows(connection, _SQL.cleared, *between),
                people=await decided(connection, rows[0]["run_no"], last.last_entry_id),
            )
        ),
        files=await _files(connection, day),
        break_counts=tuple(_break_counts(first, last, opened, closed)),
        opened_sums=opened,
        opened=await changed_breaks(connection, *between, "opened", last.cut_off),
        closed_sums=closed,
        closed=await changed_breaks(connection, *between, "closed", last.cut_off),
        open_sums=last.break_sums,
    )


def day_without_run(day: date, before: DayBefore | None, *, so_far: bool) -> DayReport:
    """What there is to say of a day on which nothing was compared."""
    return DayReport(
        form_version=FORM_VERSION,
        day=day,
        so_far=so_far,
        day_before=before and before.day,
        sha256_before=before and before.sha256,
        runs=(),
        uncleared=(),
        accounts=(),
        files=(),
        break_counts=(),
        opened_sums=(),
        opened=(),
        closed_sums=(),
        closed=(),
        open_sums=(),
    )


async def _rows(connection: Connection, statement: str, *arguments: object) -> list[Row]:
    return with_whole_sums(await connection.fetch(statement, *arguments, timeout=STATEMENT_SECONDS_MAX))


def _finished(row: Row) -> FinishedRun:
    return FinishedRun(row["run_no"], RunId(row["run_id"]), row["cut_off"], row["last_entry_id"])


def _run(row: Row) -> DayRun:
    return DayRun(
        run_id=RunId(row["run_id"]),
        cut_off=row["cut_off"],
        last_entry_id=row["last_entry_id"],
        sha256=row["sha256"],
    )


async def _files(connection: Connection, day: DayOfRuns) -> tuple[FileReport, ...]:
    rows = await _rows(connection, _SQL.files, day.run_no_before, day.last_run_no)
    return tuple(file_report(row) for row in rows)


async def changed_sums(
    connection: Connection, run_no_before: int, last_run_no: int, change: Change
) -> tuple[ClassSum, ...]:
    """The breaks that opened, or closed, in the runs after the one up to the other, by account, currency and class."""
    rows = await _rows(connection, _SQL.changed_break_sums, run_no_before, last_run_no, change)
    return tuple(
        ClassSum(
            mode=mode_of(row),
            psp=row["psp"],
            psp_account=row["psp_account"],
            currency=row["currency"],
            break_class=row["class"],
            breaks=row["breaks"],
            amount_minor=row["amount_minor"],
        )
        for row in rows
    )


async def changed_breaks(
    connection: Connection, run_no_before: int, last_run_no: int, change: Change, cut_off: datetime
) -> tuple[BreakReport, ...]:
    """The same breaks one by one, `BREAKS_MAX` at most, with their ages at the cut-off."""
    rows = await _rows(connection, _SQL.changed_breaks, run_no_before, last_run_no, change, BREAKS_MAX)
    return tuple(break_report(row, cut_off) for row in rows)


def _accounts(
    first: RunReport | None,
    last: RunReport,
    booked: Iterable[Row],
    matched: Iterable[Row],
    *,
    cleared: Iterable[Row],
    people: Mapping[ReportedAccount, Decided],
) -> Iterable[DayAccount]:
    before = {_key(one): one for one in first.accounts} if first else {}
    booked_minor = {(_key_of(row), row["account"]): row["amount_minor"] for row in booked}
    cleared_minor = {_key_of(row): row["amount_minor"] for row in cleared}
    rows: dict[ReportedAccount, list[Row]] = defaultdict(list)
    for row in matched:
        rows[_key_of(row)].append(row)
    for one in last.accounts:
        account = _key(one)
        sums = matched_sums(rows[account])
        matched_minor = sum(kind.gross_minor + kind.fee_minor for kind in sums)
        stood = before.get(account)
        yield DayAccount(
            mode=one.mode,
            psp=one.psp,
            psp_account=one.psp_account,
            currency=one.currency,
            uncleared_minor=one.uncleared_minor,
            uncleared=one.uncleared,
            matched_minor=matched_minor,
            matched=sums,
            open_lines=one.open_lines,
            open_lines_minor=one.open_lines_minor,
            balance_minor=one.balance_minor,
            in_transit_minor=one.in_transit_minor,
            stated_balance_minor=one.stated_balance_minor,
            stated_by=one.stated_by,
            movements=tuple(
                Movement(
                    account=tie.account,
                    before_minor=_standing(stood.ties if stood else (), tie.account),
                    booked_minor=booked_minor.get((account, tie.account), 0),
                    matched_minor=cleared_minor.get(account, 0)
                    if tie.account == "clearing"
                    else matched_minor,
                    after_minor=_standing(one.ties, tie.account),
                )
                for tie in one.ties
            ),
            ties=one.ties,
            adjusted=people[account].sums if account in people else (),
            adjusted_tie=people[account].tie if account in people else None,
        )


def _standing(ties: Iterable[Tie], account: str) -> int:
    """What a run left on an account: what its tie is made of, without what the ledger moves after the run."""
    return sum(
        amount_minor
        for tie in ties
        if tie.account == account
        for name, amount_minor in tie.parts
        if name != MATCHED_BY_RUN
    )


def _key(one: AccountReport) -> ReportedAccount:
    return ReportedAccount(one.mode, one.psp, one.psp_account, one.currency)


def _key_of(row: Row) -> ReportedAccount:
    return ReportedAccount(mode_of(row), row["psp"], row["psp_account"], Currency(row["currency"]))


def _break_counts(
    first: RunReport | None, last: RunReport, opened: Iterable[ClassSum], closed: Iterable[ClassSum]
) -> Iterable[BreakCount]:
    sides = [_by_mode(one) for one in (first.break_sums if first else (), opened, closed, last.break_sums)]
    for mode in sorted({mode for side in sides for mode in side}):
        before, came, went, after = (side[mode] for side in sides)
        yield BreakCount(mode=mode, before=before, opened=came, closed=went, after=after)


def _by_mode(sums: Iterable[ClassSum | BreakSum]) -> Counter[Mode]:
    found: Counter[Mode] = Counter()
    for one in sums:
        found[one.mode] += one.breaks
    return found
