"""What `fincore reconcile` can do with files that were fetched: run, and list what is uncleared."""

import sys
from typing import Final

from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operator_stores import operator_stores
from fincore.bootstrap.reconciler import reconciliation_of
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.settlement_evidence import open_evidence
from fincore.cli.arguments import Live
from fincore.cli.ledger_tables import money_text
from fincore.cli.stores import on_installation, on_stores
from fincore.cli.terminal import moment_text, show, table_text
from fincore.domain.counting import counted
from fincore.domain.currency import Currency
from fincore.reconciliation.run import RunResult
from fincore.reconciliation.uncleared import UnclearedAmount, days_text, uncleared_by_age

EXIT_INCOMPLETE: Final = 1
LEDGERDB: Final = "ledgerdb"


def run() -> None:
    """Read and book the files that were fetched, and match their lines with the ledger; exit with 1 if a file could not be booked.

    The role `reconciliation` does the same after each fetch.
    """
    result = on_installation(_run)
    if result is None:
        show("another process runs a reconciliation now: repeat the command later")
        sys.exit(EXIT_INCOMPLETE)
    show(run_text(result))
    if result.problems:
        sys.exit(EXIT_INCOMPLETE)


async def _run(settings: Settings, databases: Databases) -> RunResult | None:
    async with (
        open_evidence(settings) as evidence,
        operator_stores(databases, "eventstore", LEDGERDB) as stores,
    ):
        return await reconciliation_of(stores, stores.writer, evidence, stores.clock).run()


def uncleared(*, live: Live = False) -> None:
    """List what PSPs took and no statement has told of yet, by account, currency and age in days."""
    show(
        uncleared_text(
            on_stores(
                lambda stores: uncleared_by_age(stores.ledgerdb, stores.clock.now(), livemode=live), LEDGERDB
            )
        )
    )


def run_text(result: RunResult) -> str:
    """What a run did, and what it leaves to people."""
    done = (
        f"{result.run_id}: {counted(result.files_booked, 'file')} booked, "
        f"{counted(result.lines_matched, 'line')} matched, {result.lines_open:,} open; "
        f"{counted(result.breaks_opened, 'break')} opened, {result.breaks_closed:,} closed, {result.breaks_open:,} open"
    )
    lines = [done, *(f"{one.file_id}: {one.reason}" for one in result.problems)]
    if result.breaks_open:
        lines.append("`fincore reconcile breaks` lists the breaks")
    return "\n".join(lines)


def uncleared_text(found: list[UnclearedAmount]) -> str:
    """What is uncleared as a table, and the sums of each currency."""
    table = table_text(
        ("account", "days", "items", "amount", "oldest", "overdue"),
        [
            (
                f"{one.psp}/{one.psp_account}",
                days_text(one.days),
                f"{one.items:,}",
                money_text(one.amount_minor, one.currency),
                moment_text(one.oldest_at),
                f"{one.overdue:,}" if one.overdue else "",
            )
            for one in found
        ],
    )
    sums: dict[Currency, int] = {}
    for one in found:
        sums[one.currency] = sums.get(one.currency, 0) + one.amount_minor
    totals = [f"uncleared: {money_text(minor, currency)}" for currency, minor in sorted(sums.items())]
    return "\n".join([table, *totals])
