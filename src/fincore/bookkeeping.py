"""The bookkeepers' commands: what `fincore ledger` can do."""

import os
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from fincore.bootstrap import operations
from fincore.bootstrap.ledger_export import export_ledger
from fincore.read.ledgerdb.export_formats import ExportFormat
from fincore.terminal import on_databases, show

EXIT_PIPE_CLOSED: Final = 141
"""The exit code where the reader of our output went away, as a shell has it: 128 and the number of SIGPIPE."""

ledger = App(name="ledger", help="The double-entry ledger.")


@ledger.command(name="trial-balance")
def trial_balance(*, live: bool = False) -> None:
    """Print debits, credits and balance of every account."""
    show(on_databases(lambda databases: operations.trial_balance(databases, livemode=live)))


@ledger.command(name="export")
def export(
    *,
    file_format: Annotated[ExportFormat, Parameter(name="--format")],
    from_day: Annotated[date | None, Parameter(name="--from")] = None,
    to_day: Annotated[date | None, Parameter(name="--to")] = None,
    live: bool = False,
    output: Path = Path("-"),
    force: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Write the books, or some days of them, in a format that other tools read.

    Parameters
    ----------
    file_format
        beancount for bean-check and Fava; csv, a row a posting; jsonl, a line an entry.
    from_day
        The first day of booking, by UTC; from the beginning, unless said.
    to_day
        The last day of booking, by UTC; to the last entry, unless said.
    live
        Live money instead of test money.
    output
        The file to write; standard output for `-`.
    force
        Replace the file where it exists.

    """
    try:
        on_databases(
            lambda databases: export_ledger(
                databases,
                file_format=file_format,
                livemode=live,
                from_day=from_day,
                to_day=to_day,
                file=None if output == Path("-") else output,
                may_replace=force,
            )
        )
    except BrokenPipeError:
        # Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_PIPE_CLOSED)
