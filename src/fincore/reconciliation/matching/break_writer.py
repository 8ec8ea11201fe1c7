"""What did not match, as breaks: new ones are opened, known ones kept, and those closed of which the missing side came."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from typing import Final

import asyncpg

from fincore.domain.currency import Currency
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection
from fincore.postgres.whole_sums import storable
from fincore.reconciliation.bank.matching import find_bank_breaks
from fincore.reconciliation.matching.adjusted import keep_break_parts, stage_adjusted_breaks
from fincore.reconciliation.matching.differences import Break, BreakClass, Difference, Part, breaks_of
from fincore.reconciliation.matching.families import BOOKED_ALONE
from fincore.reconciliation.matching.payout_breaks import find_payout_breaks
from fincore.write.settlement.payouts import PayoutRecorder

_SQL = load_sql("fincore.reconciliation.matching", "differences.sql")
_CHECKS = load_sql("fincore.reconciliation.matching", "checks.sql")

BREAKS_AT_A_TIME: Final = 5_000
STATEMENT_SECONDS_MAX: Final = 3_600.0
LATE_AFTER: Final = timedelta(days=2)
"""How long beyond its delay a statement may let wait before what it should tell is late."""
MISSING_NUMBERS_MAX: Final = 100
"""So many missing numbers of a period are breaks at a time, and one more for each file of it that came: a file states its number freely."""

_Row = tuple[BreakClass, int, str | None, int | None, str, str | None, int | None, int | None, int | None]
"""class, scope, currency, amount, subject, the other subject, line, entry, account."""


async def write_breaks(connection: Connection, run_no: int, payouts: PayoutRecorder) -> None:
    """Compare what a run left with the breaks that are open, inside the transaction in which it matched."""
    await stage_adjusted_breaks(connection)
    await _do(connection, _SQL.stage_shown_items)
    await _do(connection, _SQL.take_turn_with_breaks)
    await _do(connection, _SQL.stage_breaks)
    await _find_in_groups(connection)
    await _do(connection, _CHECKS.find_refused_files)
    await _do(connection, _CHECKS.find_replaced_files)
    await _do(connection, _CHECKS.stage_last_arrivals, run_no)
    await _do(connection, _CHECKS.find_late_files, run_no)
    await _do(connection, _CHECKS.find_missing_periods)
    await _do(connection, _CHECKS.find_missing_numbers, MISSING_NUMBERS_MAX)
    await _do(connection, _CHECKS.find_incomplete_conversions, run_no)
    await _do(connection, _CHECKS.find_repeated_lines, run_no, sorted(BOOKED_ALONE))
    await _do(connection, _CHECKS.find_late_items, run_no, LATE_AFTER)
    await _do(connection, _CHECKS.find_wrong_balances, run_no)
    await find_payout_breaks(connection, run_no, payouts, late_after=LATE_AFTER)
    await find_bank_breaks(connection, run_no, payouts)
    for statement in (_SQL.stage_subjects, _SQL.analyze_subjects, _SQL.stage_known_breaks):
        await _do(connection, statement)
    for statement in (
        _SQL.reopen_breaks,
        _SQL.keep_known_breaks,
        _SQL.keep_new_breaks,
        _SQL.stage_closed_breaks,
        _SQL.close_breaks,
        _SQL.keep_owners,
        _SQL.confirm_closed_breaks,
    ):
        await _do(connection, statement, run_no)
    await keep_break_parts(connection, run_no)


async def _do(connection: Connection, statement: str, *arguments: object) -> None:
    await connection.execute(statement, *arguments, timeout=STATEMENT_SECONDS_MAX)


async def _find_in_groups(connection: Connection) -> None:
    """Memory holds a bounded number of groups, however many there are."""
    cursor = await connection.cursor(_SQL.read_differences, timeout=STATEMENT_SECONDS_MAX)
    rest: list[Difference] = []
    while rows := await cursor.fetch(BREAKS_AT_A_TIME, timeout=STATEMENT_SECONDS_MAX):
        found = [*rest, *map(_difference, rows)]
        # The last group may go on in the next rows.
        last = found[-1].scope_no, found[-1].group
        rest = [one for one in found if (one.scope_no, one.group) == last]
        await _find(connection, found[: len(found) - len(rest)])
    await _find(connection, rest)


async def _find(connection: Connection, differences: Iterable[Difference]) -> None:
    groups = groupby(differences, key=lambda one: (one.scope_no, one.group))
    found = [one for _, group in groups for one in breaks_of(list(group))]
    await _insert(
        connection,
        [_row(one) for one in found],
        [one.of.stream_id for one in found],
        [one.of.reference for one in found],
        [one.of.group for one in found],
        ["gross" in one.parts for one in found],
        ["fee" in one.parts for one in found],
    )


async def _insert(
    connection: Connection,
    rows: Sequence[_Row],
    *columns: Sequence[object],
) -> None:
    if not rows:
        return
    await connection.execute(
        _SQL.find_breaks,
        *map(list, zip(*rows, strict=True)),
        *columns,
        timeout=STATEMENT_SECONDS_MAX,
    )


def _difference(row: asyncpg.Record) -> Difference:
    return Difference(
        scope_no=row["scope_no"],
        group=row["grouped"],
        currency=Currency(row["currency"]),
        family=row["family"],
        gross=_part(row, "gross"),
        fee=_part(row, "fee"),
        is_duplicate=row["is_duplicate"],
        line_no=row["line_no"],
        entry_id=row["entry_id"],
        account_id=row["account_id"],
        stream_id=row["stream_id"],
        reference=row["reference"],
        is_converted=row["is_converted"],
    )


def _part(row: asyncpg.Record, part: str) -> Part:
    names = (f"{part}_lines", f"{part}_line_minor", f"{part}_items", f"{part}_item_minor")
    return Part(*map(int, itemgetter(*names)(row)))


def _row(one: Break) -> _Row:
    of, fee = one.of, ":fee" if one.is_fee else ""
    line = None if of.line_no is None else f"line:{of.line_no}{fee}"
    item = None if of.entry_id is None else f"item:{of.entry_id}:{of.account_id}{fee}"
    subject, other = (line, item) if line else (item, None)
    assert subject is not None  # noqa: S101 -- a group has a line or an item
    return (
        one.break_class,
        of.scope_no,
        of.currency,
        storable(one.amount_minor),
        subject,
        other,
        of.line_no,
        of.entry_id,
        of.account_id,
    )
