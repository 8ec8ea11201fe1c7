"""The bookkeepers' commands: what `fincore ledger` can do."""

import os
import sys
from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import App, Parameter

from fincore.arguments import AccountName, By, Day, EntryNumber, Live, Moment, Reason
from fincore.bootstrap import books
from fincore.bootstrap.ledger_export import export_ledger
from fincore.domain.ids import MerchantId, charge_of
from fincore.read.ledgerdb.export_formats import ExportFormat
from fincore.read.ledgerdb.text_tables import money_text
from fincore.terminal import moment_text, on_databases, show, show_table

EXIT_PIPE_CLOSED: Final = 141
"""The exit code where the reader of our output went away, as a shell has it: 128 and the number of SIGPIPE."""

ledger = App(name="ledger", help="The double-entry ledger.")


@ledger.command(name="trial-balance")
def trial_balance(*, live: Live = False) -> None:
    """Print debits, credits and balance of every account."""
    show(on_databases(lambda databases: books.trial_balance(databases, livemode=live)))


@ledger.command(name="accounts")
def accounts(*, merchant: MerchantId | None = None, live: Live = False) -> None:
    """List the accounts with their balances, all of them or a merchant's, and what each kind is for.

    Parameters
    ----------
    merchant
        Only those of this merchant.
    """
    show(on_databases(lambda databases: books.accounts(databases, livemode=live, merchant_id=merchant)))


@ledger.command(name="balance")
def balance(
    account: AccountName,
    *,
    at: Moment | None = None,
    by: Literal["effective", "booked"] = "effective",
    live: Live = False,
) -> None:
    """Print the balance of an account at a moment (UTC), now unless one is given.

    Parameters
    ----------
    at
        The moment, such as 2026-10-31T23:59:59; a day alone is its first moment.
    by
        Of what happened until then, or of what was booked until then.

    """
    show(on_databases(lambda databases: books.balance(databases, account, livemode=live, at=at, by=by)))


@ledger.command(name="statement")
def statement(
    account: AccountName,
    *,
    from_day: Annotated[Day, Parameter(name="--from")],
    to_day: Annotated[Day, Parameter(name="--to")],
    live: Live = False,
) -> None:
    """Print the statement of an account over whole days (UTC): opening, each movement, close.

    Parameters
    ----------
    from_day
        The first day, such as 2026-10-01.
    to_day
        The last day.
    """
    show(
        on_databases(
            lambda databases: books.statement(
                databases, account, livemode=live, first_day=from_day, last_day=to_day
            )
        )
    )


@ledger.command(name="suspense")
def suspense() -> None:
    """List what waits in suspense for a person, with the reason."""
    show_table(
        ("entry", "mode", "amount", "charge", "kind", "happened", "reason"),
        [
            (
                str(one.entry_id),
                "live" if one.livemode else "test",
                money_text(one.debit_minor, one.currency),
                charge_of(one.stream_id),
                one.kind,
                moment_text(one.effective_at),
                one.reason or "",
            )
            for one in on_databases(books.suspense)
        ],
    )


@ledger.command(name="clear")
def clear(entry: EntryNumber, *, to: str, reason: Reason, by: By) -> None:
    """Book what an entry left in suspense on another account, once; the entry says who and why.

    Parameters
    ----------
    to
        The account whose money it is, such as merchant:mer_...:payable:usd.
    """
    booked = on_databases(lambda databases: books.clear(databases, entry, to=to, reason=reason, by=by))
    show(f"entry {booked} clears entry {entry} to {to}")


@ledger.command(name="close")
def close(month: str, *, by: By) -> None:
    """Close a month such as 2026-10, and all before it: what is heard of it later is booked in an open one.

    Parameters
    ----------
    month
        A month that is over, by UTC.
    """
    last_entry_id = on_databases(lambda databases: books.close(databases, month, by=by))
    show(f"{month} is closed, and all before it; no entry after {last_entry_id} can be booked in it")


@ledger.command(name="periods")
def periods() -> None:
    """List the closed months, and how much came too late for each."""
    show_table(
        ("month", "closed", "by", "last entry", "late entries"),
        [
            (
                f"{one.period:%Y-%m}",
                moment_text(one.closed_at),
                one.closed_by,
                str(one.last_entry_id),
                str(one.late_entries),
            )
            for one in on_databases(books.periods)
        ],
    )


@ledger.command(name="seals")
def seals() -> None:
    """Seal what there is, and list the sealed days with the hashes to keep elsewhere."""
    show_table(
        ("day", "entries", "last entry", "manifest"),
        [
            (f"{one.day}", str(one.entries), str(one.last_entry_id), one.manifest_hash.hex())
            for one in on_databases(books.seals)
        ],
    )


@ledger.command(name="verify")
def verify(
    *,
    every: Annotated[bool, Parameter(name="--all", negative="")] = False,
    expect: Annotated[tuple[str, ...], Parameter(negative="")] = (),
) -> None:
    """Hash the whole ledger again and name the first row that is not as it was sealed; exit with 1 if there is one.

    Parameters
    ----------
    every
        Name every such row.
    expect
        A sealed day as you kept it, such as 2026-11-03=HASH; may be given more than once.

    """
    report = on_databases(
        lambda databases: books.verify_ledger(databases, all_findings=every, expected=expect)
    )
    show(report.text)
    sys.exit(0 if report.holds else 1)


@ledger.command(name="export")
def export(
    *,
    file_format: Annotated[ExportFormat, Parameter(name="--format")],
    from_day: Annotated[Day | None, Parameter(name="--from")] = None,
    to_day: Annotated[Day | None, Parameter(name="--to")] = None,
    live: Live = False,
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
