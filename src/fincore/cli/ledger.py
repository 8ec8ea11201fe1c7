"""What `fincore ledger` can do: balances, statements, suspense, closing, seals, export."""

import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from fincore.backoffice import books
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.cli.arguments import AccountName, By, Day, EntryNumber, Live, Merchant, Moment, Reason
from fincore.cli.commands import COMMANDS
from fincore.cli.ledger_tables import accounts_table, money_text, statement_table, trial_balance_table
from fincore.cli.output_file import written_to
from fincore.cli.stores import on_stores
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.counting import counted
from fincore.domain.errors import UsageError
from fincore.domain.stream_names import stream_name
from fincore.read.ledger.accounts import CHART, parse_account
from fincore.read.ledger.suspense import clear_suspense, open_suspense
from fincore.read.ledgerdb.balances import TimeKind
from fincore.read.ledgerdb.closing import close_period, closed_periods
from fincore.read.ledgerdb.export import LedgerExport
from fincore.read.ledgerdb.export_formats import FORMATS, ExportFormat
from fincore.read.ledgerdb.queries import LedgerQueries
from fincore.read.ledgerdb.verification import FINDINGS_MAX, Verification
from fincore.read.ledgerdb.verification import verify as verify_ledger

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_EXPECTED = re.compile(r"(\d{4}-\d{2}-\d{2})=([0-9a-fA-F]{64})", re.ASCII)

ledger = App(name="ledger", help=COMMANDS["ledger"].help)


@ledger.command(name="trial-balance")
def trial_balance(*, live: Live = False) -> None:
    """Print debits, credits and balance of every account, and whether debits equal credits in each currency."""
    rows = on_stores(lambda stores: LedgerQueries(stores.ledgerdb).trial_balance(livemode=live), "ledgerdb")
    show(trial_balance_table(rows))


@ledger.command(name="accounts")
def accounts(*, merchant: Merchant | None = None, live: Live = False) -> None:
    """List the accounts with their balances, all of them or a merchant's, and what a balance of each kind means."""
    found = on_stores(
        lambda stores: books.accounts(stores.ledgerdb, stores.merchants, livemode=live, merchant_id=merchant),
        "ledgerdb",
    )
    show(accounts_table(found, {kind.pattern: kind.meaning for kind in CHART.values()}))


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
    found = on_stores(
        lambda stores: books.balance(
            stores.ledgerdb, account, livemode=live, at=at or stores.clock.now(), by=by
        ),
        "ledgerdb",
    )
    show(balance_text(found, account, livemode=live, by=by))


@ledger.command(name="statement")
def statement(
    account: AccountName,
    *,
    from_day: Annotated[Day, Parameter(name="--from")],
    to_day: Annotated[Day, Parameter(name="--to")],
    live: Live = False,
) -> None:
    """Print the statement of an account over whole days (UTC): the opening, each movement with its subject, the close.

    Each line says what moved: a capture, a refund, a dispute, one of the fees, a payout, or what a settlement file states. The subject
    is the charge, the payout, the file or the adjustment. What happened in a month that was closed
    already is in the statement of the day on which it was booked, and says for which month it is late.

    Parameters
    ----------
    from_day
        The first day, such as 2026-10-01.
    to_day
        The last day, included.
    """
    books.require_order(from_day, to_day)
    found = on_stores(
        lambda stores: books.statement(
            stores.ledgerdb,
            stores.eventstore,
            account,
            livemode=live,
            first_day=from_day,
            last_day=to_day,
        ),
        "eventstore",
        "ledgerdb",
    )
    show(statement_table(*found))


@ledger.command(name="suspense")
def suspense() -> None:
    """List the money that moved in a way that makes no sense and waits for a person, with the reason.

    Find out who owns it, then book it with `fincore ledger clear`.
    """
    show_table(
        ("entry", "mode", "amount", "subject", "kind", "happened", "reason"),
        [
            (
                str(one.entry_id),
                "live" if one.livemode else "test",
                money_text(one.debit_minor, one.currency),
                stream_name(one.stream_id, one.kind),
                one.kind,
                moment_text(one.effective_at),
                one.reason or "",
            )
            for one in on_stores(lambda stores: open_suspense(stores.ledgerdb), "ledgerdb")
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
    account = parse_account(to)
    booked = on_stores(
        lambda stores: clear_suspense(stores.ledgerdb, entry, account, reason=reason, by=by), "ledgerdb"
    )
    show(f"entry {booked} clears entry {entry} to {to}")


@ledger.command(name="close")
def close(month: str, *, by: By) -> None:
    """Close a month and all before it, for good: an event of it that arrives later is booked in an open one, marked as late.

    Parameters
    ----------
    month
        A month that is over, by UTC, such as 2026-10.
    """
    first_day = first_day_of(month)
    last_entry_id = on_stores(lambda stores: close_period(stores.ledgerdb, first_day, by=by), "ledgerdb")
    show(f"{month} is closed, and all before it; no entry after {last_entry_id} can be booked in it")


@ledger.command(name="periods")
def periods() -> None:
    """List the closed months, and how many late entries each has."""
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
            for one in on_stores(lambda stores: closed_periods(stores.ledgerdb), "ledgerdb")
        ],
    )


@ledger.command(name="seals")
def seals() -> None:
    """Seal what is booked, and list the sealed days, each with the hash to keep on another system."""
    show_table(
        ("day", "entries", "last entry", "manifest"),
        [
            (f"{one.day}", str(one.entries), str(one.last_entry_id), one.manifest_hash.hex())
            for one in on_stores(lambda stores: books.seal(stores.ledgerdb, stores.clock), "ledgerdb")
        ],
    )


@ledger.command(name="verify")
def verify(
    *,
    every: Annotated[bool, Parameter(name="--all", negative="")] = False,
    expect: Annotated[tuple[str, ...], Parameter(negative="")] = (),
) -> None:
    """Hash the whole ledger again, and name the first row that differs from what was sealed; exit with 1 if there is one.

    Parameters
    ----------
    every
        Name every such row.
    expect
        A sealed day as you kept it, 2026-11-03=HASH, from `fincore ledger seals`; may be given more than once.

    """
    kept = kept_manifests(expect)
    found = on_stores(
        lambda stores: verify_ledger(stores.ledgerdb, all_findings=every, expected=kept), "ledgerdb"
    )
    show(verification_text(found, all_findings=every))
    sys.exit(0 if found.holds else 1)


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
    """Write the ledger, or some days of it, in a format that other tools read.

    Parameters
    ----------
    file_format
        beancount for bean-check and Fava; csv, a row a posting; jsonl, a line an entry.
    from_day
        The first day of booking, by UTC; by default the first of all.
    to_day
        The last day of booking, by UTC; by default the last of all.
    output
        The file to write; standard output for `-`.
    force
        Replace the file where it exists.

    """
    books.require_order(from_day, to_day)

    async def write(stores: OperatorStores) -> None:
        whole = LedgerExport(stores.ledgerdb, livemode=live, from_day=from_day, to_day=to_day)
        with written_to(None if output == Path("-") else output, may_replace=force) as write_piece:
            async for piece in whole.pieces(FORMATS[file_format]):
                write_piece(piece)

    on_stores(write, "ledgerdb")


def balance_text(found: books.BalanceAt, account: str, *, livemode: bool, by: TimeKind) -> str:
    """A balance with its account, mode and moment."""
    what = "happened" if by == "effective" else "was booked"
    return (
        f"{money_text(found.minor, found.currency)}  {account} ({'live' if livemode else 'test'}), "
        f"with all that {what} until {exact_moment_text(found.at)} UTC"
    )


def exact_moment_text(moment: datetime) -> str:
    """A moment by UTC, as exact as it was given."""
    at = moment.astimezone(UTC)
    if at.time() == time.max:
        return f"the end of {at:%Y-%m-%d}"
    return f"{at:%Y-%m-%d %H:%M:%S}" + (f".{at.microsecond:06d}" if at.microsecond else "")


def verification_text(found: Verification, *, all_findings: bool) -> str:
    """Every row that is not as it was sealed, what was checked and how fast, and whether the ledger is as it was sealed."""
    lines = [f"ALTERED  {finding.where} {finding.what}" for finding in found.findings]
    if len(lines) >= FINDINGS_MAX:
        lines.append(f"         and perhaps more: only the first {FINDINGS_MAX:,} are looked for")
    elif lines and not all_findings:
        lines.append("         the first that was found; --all looks for the others")
    checked = (
        f"{counted(found.entries, 'entry', 'entries')} with {counted(found.postings, 'posting')}, "
        f"{counted(found.seals, 'seal')} and {counted(found.days, 'sealed day')} checked in {found.seconds:.1f} s, "
        f"{found.rows_per_second:,.0f} rows/s"
    )
    waiting = (
        f"; {counted(found.unsealed, 'entry waits', 'entries wait')} for a seal" if found.unsealed else ""
    )
    conclusion = "the ledger is as it was sealed" if found.holds else "THE LEDGER IS NOT AS IT WAS SEALED"
    return "\n".join([*lines, f"{checked}{waiting}: {conclusion}"])


def first_day_of(month: str) -> date:
    """The first day of a month given as `2026-10`; raise `UsageError`."""
    given = _MONTH.fullmatch(month)
    if given is None:
        raise UsageError(f"{month[:20]!r} is no month: write it as 2026-10")
    return date(int(given[1]), int(given[2]), 1)


def kept_manifests(expected: Sequence[str]) -> Mapping[date, str]:
    """Hashes of sealed days, by day, given as `2026-11-03=HASH`; raise `UsageError`."""
    kept: dict[date, str] = {}
    for text in expected:
        match = _EXPECTED.fullmatch(text)
        if match is None:
            raise UsageError(f"{text[:100]!r} is no sealed day: write 2026-11-03=HASH, as `seals` prints it")
        kept[date.fromisoformat(match[1])] = match[2]
    return kept
