"""What `fincore reconcile bank` can do: import statements of our bank accounts, and list them."""

from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter, validators

from fincore.backoffice.bank_statements import MISSING_AFTER_DAYS_MAX, bank_named, import_statement
from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operator_stores import operator_stores
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.settlement_evidence import open_evidence
from fincore.cli.arguments import Limit, Live
from fincore.cli.stores import on_installation, on_stores
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.counting import counted
from fincore.domain.settlement_events import BankAccount
from fincore.reconciliation.bank.statements import BankStatements, Imported
from fincore.reconciliation.parsed_file import BankFormat

LEDGERDB: Final = "ledgerdb"

bank = App(name="bank", help="Statements of our bank accounts, which show that payouts arrived.")


@bank.command(name="import")
def import_(
    file: Path,
    *,
    bank: str,
    file_format: Annotated[BankFormat, Parameter(name="--format")],
    missing_after_days: Annotated[
        int | None, Parameter(validator=validators.Number(gte=1, lte=MISSING_AFTER_DAYS_MAX))
    ] = None,
    rows: Annotated[int | None, Parameter(validator=validators.Number(gte=0))] = None,
    new: Annotated[bool, Parameter(negative="")] = False,
    live: Live = False,
) -> None:
    """Keep a bank's statement and read its lines; exit with 1 if it is refused, and then nothing of it is kept.

    The next `fincore reconcile run` compares the lines with the payouts.

    Parameters
    ----------
    file
        The file, as the bank made it.
    bank
        The name of the bank account in the ledger, such as main in bank:main:eur.
    file_format
        What the file is.
    missing_after_days
        How many days a payout to this bank account may take until a statement has it; 7 until it is said.
    rows
        How many entries the bank shows for the statement: it is refused if it has another number. Required for bank_csv, in which nothing else
        says where the file ends.
    new
        This is the first statement of a bank account that no payout has named, either.

    """
    name = bank_named(bank)

    async def act(settings: Settings, databases: Databases) -> Imported:
        async with open_evidence(settings) as evidence, operator_stores(databases, LEDGERDB) as stores:
            return await import_statement(
                stores.ledgerdb,
                evidence,
                file,
                name,
                file_format,
                livemode=live,
                rows=rows,
                is_new=new,
                missing_after_days=missing_after_days,
            )

    show(imported_text(on_installation(act), name))


def imported_text(imported: Imported, name: BankAccount) -> str:
    """What an import did."""
    if not imported.is_new:
        return f"statement {imported.statement_no} of {name} has the same content: nothing is imported"
    known = (
        f", {imported.known_lines:,} of them known from earlier statements" if imported.known_lines else ""
    )
    return (
        f"statement {imported.statement_no} of {name}: {counted(imported.lines, 'line')}{known}\n"
        "`fincore reconcile run` compares them with the payouts"
    )


@bank.command(name="list")
def list_statements(*, bank: str | None = None, limit: Limit = 100, live: Live = False) -> None:
    """List statements, the last one first, and what became of their lines: those that name a payout of ours, matched or not, and all other ones.

    Parameters
    ----------
    bank
        Only statements of this bank account.
    limit
        Rows to list.

    """
    name = None if bank is None else bank_named(bank)
    rows = on_stores(
        lambda stores: BankStatements(stores.ledgerdb).list(livemode=live, bank=name, limit=limit), LEDGERDB
    )
    show_table(
        (
            "statement",
            "bank",
            "account",
            "name",
            "from",
            "to",
            "imported",
            "lines",
            "known",
            "payouts",
            "matched",
            "other",
        ),
        [
            (
                str(one.statement_no),
                one.bank,
                one.stated_account or "",
                one.name,
                moment_text(one.period_start),
                moment_text(one.period_end),
                moment_text(one.imported_at),
                f"{one.lines:,}",
                f"{one.known_lines:,}",
                f"{one.of_payouts:,}",
                f"{one.matched:,}",
                f"{one.other:,}",
            )
            for one in rows
        ],
    )
