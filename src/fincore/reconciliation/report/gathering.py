"""Gathers the report of a run from the tables, as of that run."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import RunId, SettlementFileId, charge_of
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection
from fincore.postgres.whole_sums import Row, with_whole_sums
from fincore.reconciliation.report.run_report import (
    BREAKS_MAX,
    FORM_VERSION,
    MATCHED_BY_RUN,
    AccountReport,
    AdjustedSum,
    AgeSum,
    BreakReport,
    BreakSum,
    FileReport,
    MatchedSum,
    Mode,
    RunReport,
    Tie,
    UnclearedMoney,
)
from fincore.reconciliation.totals import ComputedTotals, StatedTotals
from fincore.reconciliation.uncleared import AGES

_SQL = load_sql("fincore.reconciliation.report", "gathering.sql")

STATEMENT_SECONDS_MAX: Final = 300.0


class FinishedRun(NamedTuple):
    """A run, until when it looked, and the last entry of the ledger that it saw."""

    run_no: int
    run_id: RunId
    cut_off: datetime
    last_entry_id: int


class ReportedAccount(NamedTuple):
    """By what figures are put together, and in which order they are shown."""

    mode: Mode
    psp: str
    psp_account: str
    currency: str


class Decided(NamedTuple):
    """What people decided of an account, and what ties it to the ledger, if anything was."""

    sums: tuple[AdjustedSum, ...]
    tie: Tie | None


_Rows = Mapping[ReportedAccount, list[Row]]


async def finished_run(connection: Connection, run_id: RunId | None) -> FinishedRun | None:
    """The run, or the last one; None where it has not finished or there is none."""
    row = await connection.fetchrow(_SQL.finished_run, run_id)
    return (
        FinishedRun(row["run_no"], RunId(row["run_id"]), row["cut_off"], row["last_entry_id"])
        if row
        else None
    )


async def gather(connection: Connection, run: FinishedRun, sha256_before: str | None) -> RunReport:
    """The report of a run that has finished. The connection must have one snapshot for all of it."""
    accounts = await _accounts(connection, run)
    sums = [_break_sum(row, run) for row in await _rows(connection, _SQL.break_sums, run.run_no)]
    breaks = [
        break_report(row, run.cut_off) for row in await _rows(connection, _SQL.breaks, run.run_no, BREAKS_MAX)
    ]
    return RunReport(
        form_version=FORM_VERSION,
        run_id=run.run_id,
        cut_off=run.cut_off,
        last_entry_id=run.last_entry_id,
        sha256_before=sha256_before,
        uncleared=tuple(_headline(accounts)),
        accounts=tuple(accounts),
        files=tuple(file_report(row) for row in await _rows(connection, _SQL.files, run.run_no)),
        break_sums=tuple(sums),
        breaks=tuple(breaks),
        breaks_not_named=sum(one.breaks for one in sums) - len(breaks),
    )


async def _rows(connection: Connection, statement: str, *arguments: object) -> list[Row]:
    return with_whole_sums(await connection.fetch(statement, *arguments, timeout=STATEMENT_SECONDS_MAX))


async def _by_account(connection: Connection, statement: str, *arguments: object) -> _Rows:
    found: dict[ReportedAccount, list[Row]] = defaultdict(list)
    for row in await _rows(connection, statement, *arguments):
        found[ReportedAccount(mode_of(row), row["psp"], row["psp_account"], row["currency"])].append(row)
    return found


async def _accounts(connection: Connection, run: FinishedRun) -> list[AccountReport]:
    balances = await _by_account(connection, _SQL.balances, run.last_entry_id)
    first_days, last_days = [first for first, _ in AGES], [last for _, last in AGES]
    has_later = await connection.fetchval(_SQL.has_later_run, run.run_no)
    uncleared = await _by_account(
        connection,
        _SQL.uncleared,
        run.run_no,
        run.last_entry_id,
        run.cut_off,
        first_days,
        last_days,
        has_later,
    )
    lines = await _by_account(connection, _SQL.open_lines, run.run_no, has_later)
    matched = await _by_account(connection, _SQL.matched, run.run_no)
    cleared = await _by_account(connection, _SQL.cleared, run.run_no)
    openings = await _by_account(connection, _SQL.openings, run.run_no)
    explained = await _by_account(connection, _SQL.explained_openings, run.last_entry_id)
    people = await decided(connection, run.run_no, run.last_entry_id)
    stated = await _by_account(connection, _SQL.stated_balances, run.run_no)
    found = []
    for account in sorted({*balances, *uncleared, *lines, *matched, *cleared, *openings, *people, *stated}):
        held = {row["account"]: row["amount_minor"] for row in balances.get(account, ())}
        ages = _ages(uncleared.get(account, ()))
        uncleared_minor = sum(one.amount_minor for one in ages)
        sums = matched_sums(matched.get(account, ()))
        matched_minor = sum(one.gross_minor + one.fee_minor for one in sums)
        open_minor = _sum(lines, account)
        last_told = stated.get(account, [None])[0]
        found.append(
            AccountReport(
                mode=account.mode,
                psp=account.psp,
                psp_account=account.psp_account,
                currency=Currency(account.currency),
                uncleared_minor=uncleared_minor,
                uncleared=ages,
                matched_minor=matched_minor,
                matched=sums,
                open_lines=sum(row["lines"] for row in lines.get(account, ())),
                open_lines_minor=open_minor,
                balance_minor=held.get("balance", 0),
                in_transit_minor=held.get("in_transit", 0),
                stated_balance_minor=last_told["amount_minor"] if last_told else None,
                stated_by=last_told["file_name"] if last_told else None,
                ties=(
                    Tie(
                        account="clearing",
                        ledger_minor=held.get("clearing", 0),
                        parts=(
                            ("uncleared", uncleared_minor),
                            (MATCHED_BY_RUN, _sum(cleared, account)),
                        ),
                    ),
                    Tie(
                        account="unmatched",
                        ledger_minor=held.get("unmatched", 0),
                        parts=(
                            ("lines without a match", open_minor),
                            ("held before the first file", _sum(openings, account)),
                            *(
                                ("explained of it", _sum(explained, account))
                                for _ in explained.get(account, ())
                            ),
                            (MATCHED_BY_RUN, matched_minor),
                        ),
                    ),
                ),
                adjusted=people[account].sums if account in people else (),
                adjusted_tie=people[account].tie if account in people else None,
            )
        )
    return found


async def decided(connection: Connection, run_no: int, last_entry_id: int) -> dict[ReportedAccount, Decided]:
    """What people decided by the entries after those of the run before `run_no`, by account."""
    adjusted = await _by_account(connection, _SQL.adjusted, run_no, last_entry_id)
    posted = await _by_account(connection, _SQL.adjusting_postings, run_no, last_entry_id)
    found = {}
    for account in {*adjusted, *posted}:
        sums = _adjusted(adjusted.get(account, ()))
        found[account] = Decided(sums, _adjusted_tie(sums, _sum(posted, account)))
    return found


def _adjusted(rows: Iterable[Row]) -> tuple[AdjustedSum, ...]:
    return tuple(
        AdjustedSum(
            kind=row["kind"],
            adjustments=row["adjustments"],
            gross_minor=row["gross_minor"],
            fee_minor=row["fee_minor"],
        )
        for row in rows
    )


def _adjusted_tie(decided: Sequence[AdjustedSum], posted_minor: int) -> Tie | None:
    """None where no person decided anything, and the ledger booked nothing of it."""
    if not decided and not posted_minor:
        return None
    parts = tuple((one.kind.replace("_", " "), one.gross_minor + one.fee_minor) for one in decided)
    return Tie(account="adjusted", ledger_minor=posted_minor, parts=parts)


def _ages(rows: Iterable[Row]) -> tuple[AgeSum, ...]:
    """All ages, those too in which there is nothing."""
    found = {row["bucket"]: row for row in rows}
    return tuple(
        AgeSum(
            from_days=first,
            to_days=last,
            items=found[bucket]["items"] if bucket in found else 0,
            amount_minor=found[bucket]["amount_minor"] if bucket in found else 0,
        )
        for bucket, (first, last) in enumerate(AGES, start=1)
    )


def matched_sums(rows: Iterable[Row]) -> tuple[MatchedSum, ...]:
    """What was matched, by kind of line."""
    return tuple(
        MatchedSum(
            kind=row["kind"], lines=row["lines"], gross_minor=row["gross_minor"], fee_minor=row["fee_minor"]
        )
        for row in rows
    )


def _sum(found: _Rows, account: ReportedAccount) -> int:
    return sum(row["amount_minor"] for row in found.get(account, ()))


def _headline(accounts: Iterable[AccountReport]) -> list[UnclearedMoney]:
    together: dict[tuple[Mode, Currency], list[AccountReport]] = defaultdict(list)
    for one in accounts:
        together[one.mode, one.currency].append(one)
    return [
        UnclearedMoney(
            mode=mode,
            currency=currency,
            amount_minor=sum(one.uncleared_minor for one in those),
            by_age=tuple(
                AgeSum(
                    from_days=ages[0].from_days,
                    to_days=ages[0].to_days,
                    items=sum(age.items for age in ages),
                    amount_minor=sum(age.amount_minor for age in ages),
                )
                for ages in zip(*(one.uncleared for one in those), strict=True)
            ),
        )
        for (mode, currency), those in sorted(together.items(), key=lambda one: one[0])
    ]


def file_report(row: Row) -> FileReport:
    """A file of which a run took up the lines."""
    stated = msgspec.json.decode(row["stated"], type=dict[str, StatedTotals])
    computed = msgspec.json.decode(row["computed"], type=dict[str, ComputedTotals])
    return FileReport(
        file_id=SettlementFileId(row["file_id"]),
        name=row["name"],
        source=row["source"],
        mode=mode_of(row),
        psp=row["psp"],
        psp_account=row["psp_account"],
        sha256=row["sha256"],
        size_bytes=row["size_bytes"],
        format=row["format"],
        parser_version=row["parser_version"],
        period_start=row["period_start"],
        period_end=row["period_end"],
        sequence=row["sequence"],
        stated=tuple(one for _, one in sorted(stated.items())),
        computed=tuple(one for _, one in sorted(computed.items())),
    )


def _break_sum(row: Row, run: FinishedRun) -> BreakSum:
    return BreakSum(
        mode=mode_of(row),
        psp=row["psp"],
        psp_account=row["psp_account"],
        currency=row["currency"],
        break_class=row["class"],
        status=row["status"],
        breaks=row["breaks"],
        amount_minor=row["amount_minor"],
        oldest_days=_days(row["oldest_at"], run.cut_off),
    )


def break_report(row: Row, cut_off: datetime) -> BreakReport:
    """A break, and its age at the cut-off."""
    return BreakReport(
        break_id=row["break_id"],
        break_class=row["class"],
        mode=mode_of(row),
        psp=row["psp"],
        psp_account=row["psp_account"],
        currency=row["currency"],
        amount_minor=row["amount_minor"],
        days=_days(row["opened_at"], cut_off),
        charge=charge_of(row["stream_id"]) if row["stream_id"] else None,
        reference=row["reference"],
        file_name=row["file_name"],
        line=row["number"],
        status=row["status"],
        owner=row["owner"],
        reason=row["reason"],
    )


def mode_of(row: Row) -> Mode:
    """The mode of a row that has a column `livemode`."""
    return "live" if row["livemode"] else "test"


def _days(opened_at: datetime, cut_off: datetime) -> int:
    return max((cut_off - opened_at).days, 0)
