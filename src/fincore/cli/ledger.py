"""The bookkeepers' commands: what `fincore ledger` can do."""

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from fincore.bootstrap import books
from fincore.bootstrap.ledger_export import export_ledger
from fincore.cli.arguments import AccountName, By, Day, EntryNumber, Live, Merchant, Moment, Reason
from fincore.cli.terminal import moment_text, on_databases, show, show_table
from fincore.domain.ids import charge_of
from fincore.read.ledgerdb.export_formats import ExportFormat
from fincore.read.ledgerdb.text_tables import money_text

ledger = App(name="ledger", help="The books: balances, statements, suspense, closing, seals, export.")


@ledger.command(name="trial-balance")
def trial_balance(*, live: Live = False) -> None:
    """Print debits, credits and balance of every account, and whether debits equal credits in each currency."""
    show(on_databases(lambda databases: books.trial_balance(databases, livemode=live)))


@ledger.command(name="accounts")
def accounts(*, merchant: Merchant | None = None, live: Live = False) -> None:
    """List the accounts with their balances, all of them or a merchant's, and what a balance of each kind means."""
    show(on_databases(lambda databases: books.accounts(databases, livemode=live, merchant_id=merchant)))


@ledger.command(name="balance")
def balance(
    account: AccountName,
    *,
    at: Moment | None = None,
    by: Literal["effective", "booked"] = "effective",
    live: Live = False,
) -> None:
    """Print the balance of an account, now or at a moment, with the account and the moment.

    Parameters
    ----------
    at
        A day such as 2026-10-31 for the balance at its end, or a moment such as 2026-10-31T12:00:00, included. By UTC
        unless it has an offset.
    by
        effective: with all that happened at the PSP until then. booked: with all that FinCore had booked until then.

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
    """Print the statement of an account over whole days (UTC): the opening, each movement with its charge, the close.

    Each line says what moved: a capture, a refund, a dispute, or one of the fees. What happened in a month that was closed
    already is in the statement of the day on which it was booked, and says for which month it is late.

    Parameters
    ----------
    from_day
        The first day, such as 2026-10-01.
    to_day
        The last day, included.
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
    """List the money that moved in a way that makes no sense and waits for a person, with the reason.

    Find out who owns it, then book it with `fincore ledger clear`.
    """
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
    """Book what an entry left in suspense on the account that owns it, once, with your name and reason.

    Parameters
    ----------
    to
        The account that owns the money, such as merchant:mer_...:payable:usd.
    """
    booked = on_databases(lambda databases: books.clear(databases, entry, to=to, reason=reason, by=by))
    show(f"entry {booked} clears entry {entry} to {to}")


@ledger.command(name="close")
def close(month: str, *, by: By) -> None:
    """Close a month and all before it, for good: what FinCore hears of it later is booked in an open one, marked as late.

    Parameters
    ----------
    month
        A month that is over, by UTC, such as 2026-10.
    """
    last_entry_id = on_databases(lambda databases: books.close(databases, month, by=by))
    show(f"{month} is closed, and all before it; no entry after {last_entry_id} can be booked in it")


@ledger.command(name="periods")
def periods() -> None:
    """List the closed months, and how many entries came too late for each."""
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
    """Seal what is booked, and list the sealed days, each with the hash to keep on another system."""
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
    """Hash the whole ledger again, and name the first row that is not as it was sealed; exit with 1 where there is one.

    Parameters
    ----------
    every
        Name every such row.
    expect
        A sealed day as you kept it, 2026-11-03=HASH, from `fincore ledger seals`; may be given more than once.

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
