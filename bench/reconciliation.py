"""How fast a day of a million settlement lines is read, matched with the ledger and told to the log, and in how much memory."""

import asyncio
import shutil
import time
from typing import Final, NamedTuple

from bench.figures import Figure, show
from bench.reconcile import STAGES, Day, Reconciled, Spent, reconcile
from bench.settlement_day import BREAKS_EVERY, match_row_by_row, write_expected, write_report
from bench.store import Store

LINES: Final = (100_000, 1_000_000)
"""The days, by their lines; the row-by-row matcher does the shorter one."""
TARGET_SECONDS: Final = 30.0
TARGET_MEMORY_MIB: Final = 300.0
MICROSECONDS: Final = 1e6


class _Measured(NamedTuple):
    """A day's lines, their database and clearing account, and what the run took."""

    lines: int
    dsn: str
    account_id: int
    run: Reconciled


def measure(store: Store) -> None:
    """Reconcile a short day and one ten times as long, and match the short one row by row."""
    short, long = (_measured(store, lines) for lines in LINES)
    began = time.perf_counter()
    matched = asyncio.run(match_row_by_row(short.dsn, short.account_id))
    row_by_row_seconds = time.perf_counter() - began
    if matched != short.lines - 2 * short.lines // BREAKS_EVERY:
        raise AssertionError(f"row by row {matched:,} of {short.lines:,} lines matched")
    show(
        "Reconciliation",
        f"Settlement reports of PayPal with {short.lines:,} and {long.lines:,} payments, which the ledger expects on clearing; "
        f"of each {BREAKS_EVERY:,} it does not know one, and another one has a fee that differs. One process reads the file into "
        f"the tables, tells the log, books what it told, matches, writes the breaks, and tells the log what matched. The reference looks "
        f"each line up and writes its match, {short.lines:,} of them in one transaction, and finds no breaks.",
        [
            Figure(
                name=f"the whole run, {long.lines:,} lines",
                value=long.run.seconds,
                unit="s",
                target=TARGET_SECONDS,
                lower_is_better=True,
            ),
            Figure(
                name=f"a line of {long.lines:,}, the whole run",
                value=long.run.seconds / long.lines * MICROSECONDS,
                unit="us",
                reference=f"a line of {short.lines:,}",
                reference_value=short.run.seconds / short.lines * MICROSECONDS,
            ),
            Figure(
                name=f"a line of {long.lines:,}, CPU of all processes",
                value=_cpu_seconds(long.run) / long.lines * MICROSECONDS,
                unit="us",
                reference=f"a line of {short.lines:,}",
                reference_value=_cpu_seconds(short.run) / short.lines * MICROSECONDS,
            ),
            Figure(
                name="a line matched, breaks included",
                value=long.run.stages["match"].seconds / long.lines * MICROSECONDS,
                unit="us",
                reference="row by row",
                reference_value=row_by_row_seconds / short.lines * MICROSECONDS,
            ),
            Figure(
                name=f"memory at the peak, FinCore, {long.lines:,} lines",
                value=long.run.memory_peak_mib,
                unit="MiB",
                target=TARGET_MEMORY_MIB,
                reference=f"{short.lines:,} lines",
                reference_value=short.run.memory_peak_mib,
                lower_is_better=True,
            ),
            Figure(
                name=f"memory at the peak, session of PostgreSQL, {long.lines:,} lines",
                value=long.run.server_memory_peak_mib,
                unit="MiB",
                reference=f"{short.lines:,} lines",
                reference_value=short.run.server_memory_peak_mib,
                note="shared buffers included",
            ),
        ],
        [
            _spent("parsing alone", long.run.parse),
            *(_spent(stage, long.run.stages[stage]) for stage in STAGES),
        ],
    )


def _measured(store: Store, lines: int) -> _Measured:
    dsn = store.fresh_database()
    account_id = asyncio.run(write_expected(dsn, payments=lines))
    report = store.folder / f"STL-{lines}.CSV"
    evidence = store.folder / f"evidence-{lines}"
    try:
        write_report(report, payments=lines)
        run = reconcile(Day(dsn=dsn, report=str(report), folder=str(evidence), server_pid=store.pid))
    finally:
        report.unlink(missing_ok=True)
        shutil.rmtree(evidence, ignore_errors=True)
    one_of_each = lines // BREAKS_EVERY
    expected = {"fee": one_of_each, "missing_here": one_of_each, "missing_there": one_of_each}
    if run.breaks != expected or run.lines_matched != lines - one_of_each:
        raise AssertionError(
            f"{run.lines_matched:,} of {lines:,} lines matched, and the breaks are {run.breaks}"
        )
    return _Measured(lines, dsn, account_id, run)


def _cpu_seconds(run: Reconciled) -> float:
    return sum(spent.cpu_seconds + spent.server_cpu_seconds for spent in run.stages.values())


def _spent(name: str, spent: Spent) -> str:
    return f"{name}: {spent.seconds:.1f} s; CPU of FinCore {spent.cpu_seconds:.1f} s, of PostgreSQL {spent.server_cpu_seconds:.1f} s"
