"""What `fincore reconcile` can do: settlement files and their sources, runs, and what they find."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from fincore.backoffice.settlement_check import CheckedFile, check_file
from fincore.cli import (
    adjustments,
    bank_statements,
    breaks,
    psp_balances,
    settlement_evidence,
    settlement_files,
    settlement_notices,
    settlement_report,
    settlement_runs,
)
from fincore.cli.commands import COMMANDS
from fincore.cli.settlement_text import checked_text
from fincore.cli.terminal import show
from fincore.domain.errors import UsageError
from fincore.reconciliation.parsed_file import Expected, ReadFormat

reconcile = App(name="reconcile", help=COMMANDS["reconcile"].help)
reconcile.command(settlement_files.fetch, name="fetch")
reconcile.command(settlement_files.files, name="files")
reconcile.command(settlement_files.read_again, name="read-again")
reconcile.command(settlement_files.release, name="release")
reconcile.command(settlement_files.dismiss, name="dismiss")
reconcile.command(settlement_files.sources, name="sources")
reconcile.command(settlement_evidence.evidence, name="evidence")
reconcile.command(settlement_runs.run, name="run")
reconcile.command(breaks.breaks, name="breaks")
reconcile.command(breaks.show_break, name="show")
reconcile.command(breaks.assign, name="assign")
reconcile.command(breaks.note, name="note")
reconcile.command(breaks.explain, name="explain")
reconcile.command(breaks.claim, name="claim")
reconcile.command(breaks.reopen, name="reopen")
reconcile.command(adjustments.adjust, name="adjust")
reconcile.command(adjustments.write_off, name="write-off")
reconcile.command(adjustments.reverse, name="reverse")
reconcile.command(adjustments.explain_opening, name="explain-opening")
reconcile.command(adjustments.adjustments, name="adjustments")
reconcile.command(settlement_runs.uncleared, name="uncleared")
reconcile.command(psp_balances.balances, name="balances")
reconcile.command(settlement_report.report, name="report")
reconcile.command(settlement_notices.notify, name="notify")
reconcile.command(settlement_notices.notices, name="notices")
reconcile.command(bank_statements.bank)


@reconcile.command(name="check")
def check(
    file: Path,
    *,
    file_format: Annotated[ReadFormat, Parameter(name="--format")],
    account: str | None = None,
    payout: str | None = None,
) -> None:
    """Read a settlement file or a bank's statement, print what it says of itself and what its lines add up to; exit with 1 if it is refused.

    Nothing of it is kept or booked.

    Parameters
    ----------
    file
        The file, as the PSP or the bank made it.
    file_format
        What the file is.
    account
        Refuse the file if it is about another account at the PSP or the bank, such as a PayPal merchant id or an IBAN.
    payout
        Refuse the file if a line is about another payout, such as one of Stripe's `po_...`.

    """
    show(checked_text(_checked(file, file_format, Expected(account, payout))))


def _checked(file: Path, file_format: ReadFormat, expected: Expected) -> CheckedFile:
    """Raises `FileRefused`, and `UsageError` for a file that cannot be opened or read."""
    try:
        with file.open("rb") as stream:
            return check_file(stream, file_format, expected)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its name cannot be used"
        raise UsageError(f"the file cannot be read ({reason})") from None
