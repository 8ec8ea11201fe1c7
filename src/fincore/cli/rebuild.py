"""What `fincore rebuild` can do: read models and counters built again from the log, or compared with it."""

import sys
from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter

from fincore.backoffice import rebuilds as use_cases
from fincore.backoffice.rebuilds import LedgerRebuild, PaymentRebuild, ReconciliationRebuild, RiskRebuild
from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operator_stores import operator_stores, owner_pool
from fincore.bootstrap.reconciler import reconciliation_of, record_rebuild_of
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.settlement_evidence import open_evidence
from fincore.cli.commands import COMMANDS
from fincore.cli.reconciliation_rebuild_text import reconciliation_rebuild_text
from fincore.cli.stores import on_databases, on_installation
from fincore.cli.terminal import show
from fincore.domain.counting import counted
from fincore.domain.ids import EventId, public_event_id
from fincore.read.projectionist.rebuild import Difference
from fincore.reconciliation.run import ledger_caught_up
from fincore.write.risk.outcome_comparison import Difference as OutcomeDifference

rebuilds = App(name="rebuild", help=COMMANDS["rebuild"].help)


@rebuilds.command(name="paymentdb")
def rebuild_paymentdb(*, verify: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Build PaymentDB again beside the live one and let it take its place, with everything running.

    Parameters
    ----------
    verify
        Only compare the live tables with the log, row for row; exit with 1 where they differ.
    """

    async def rebuild(databases: Databases) -> PaymentRebuild:
        async with operator_stores(databases) as stores, owner_pool(databases.paymentdb) as owner:
            return await use_cases.rebuild_paymentdb(stores.whole_log, owner, verify_only=verify)

    found = on_databases(rebuild)
    show(payment_rebuild_text(found))
    sys.exit(1 if found.differences else 0)


@rebuilds.command(name="ledgerdb")
def rebuild_ledgerdb(*, verify: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Build the ledger again beside the live one, compare them, and replace what differs and is not sealed.

    Parameters
    ----------
    verify
        Only compare, row for row; exit with 1 where they differ.
    """

    async def rebuild(databases: Databases) -> LedgerRebuild:
        async with operator_stores(databases) as stores, owner_pool(databases.ledgerdb) as owner:
            return await use_cases.rebuild_ledgerdb(stores.whole_log, owner, verify_only=verify)

    found = on_databases(rebuild)
    show(ledger_rebuild_text(found))
    sys.exit(0 if found.is_right else 1)


@rebuilds.command(name="risk")
def rebuild_risk(*, verify: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Count the outcomes that risk rules read again from the beginning of the log, with everything running.

    Counters of attempts stay as they are: the log does not hold the attempts that were refused.

    Parameters
    ----------
    verify
        Only compare the live counters with the log, window by window; exit with 1 where they differ.
    """

    async def rebuild(databases: Databases) -> RiskRebuild:
        async with (
            operator_stores(databases, "eventstore") as stores,
            owner_pool(databases.eventstore) as owner,
        ):
            return await use_cases.rebuild_risk(
                stores.whole_log, stores.risk_rules, owner, verify_only=verify
            )

    found = on_databases(rebuild)
    show(risk_rebuild_text(found))
    sys.exit(0 if found.is_right else 1)


@rebuilds.command(name="reconciliation")
def rebuild_reconciliation() -> None:
    """Derive settlement files, their lines and matches anew where LedgerDB lost them, from the log and the kept files; exit with 1 if they differ.

    Nothing that is there is changed. The command may be repeated, also after it was ended.
    """

    async def rebuild(settings: Settings, databases: Databases) -> ReconciliationRebuild | None:
        async with (
            open_evidence(settings) as evidence,
            operator_stores(databases, "eventstore", "ledgerdb") as stores,
        ):
            return await use_cases.rebuild_reconciliation(
                reconciliation_of(stores, stores.writer, evidence, stores.clock),
                record_rebuild_of(stores, stores.writer, evidence, stores.clock),
                ledger_caught_up(stores.eventstore, stores.ledgerdb),
            )

    found = on_installation(rebuild)
    if found is None:
        show("another process runs a reconciliation now: repeat the command later")
        sys.exit(1)
    show(reconciliation_rebuild_text(found))
    sys.exit(1 if found.rebuilt.differences or (found.run is not None and found.run.problems) else 0)


def payment_rebuild_text(found: PaymentRebuild) -> str:
    """What was rebuilt or compared, and how fast; the first rows that differ; the charges that could not be folded."""
    rebuilt, differences = found.rebuilt, found.differences
    verb = "rebuilt from" if differences is None else "compared with"
    compared = ""
    if differences is not None:
        compared = f", {counted(sum(difference.rows for difference in differences), 'difference')}"
    lines = [
        (
            f"paymentdb {verb} the log: {counted(rebuilt.events, 'event')}, {counted(rebuilt.rows, 'row')}, "
            f"{found.seconds:.1f} s, {rebuilt.events / found.seconds:,.0f} events/s{compared}"
        )
    ]
    for difference in differences or ():
        lines += _difference_lines(difference)
    lines += [
        f"  {found.names[stream_id]} cannot be folded from version {inapplicable.since_version} on: {inapplicable.reason}"
        for stream_id, inapplicable in rebuilt.parked.items()
    ]
    return "\n".join(lines)


def ledger_rebuild_text(found: LedgerRebuild) -> str:
    """What was compared, and how fast; the first differences; from which entry on the live ledger was replaced."""
    rebuilt = found.rebuilt
    lines = [
        (
            f"ledgerdb compared with the log: {counted(rebuilt.entries, 'entry', 'entries')}, "
            f"{counted(rebuilt.postings, 'posting')}, {found.seconds:.1f} s, "
            f"{rebuilt.entries / found.seconds:,.0f} entries/s, {counted(rebuilt.differences, 'difference')}"
        ),
        *(f"  {difference.where}: {difference.what}" for difference in rebuilt.named),
    ]
    if rebuilt.differences > len(rebuilt.named):
        lines.append(f"  only the first {len(rebuilt.named)} of {rebuilt.differences:,} are named")
    if rebuilt.is_replaced:
        lines.append(f"replaced from entry {rebuilt.first_id} on")
    return "\n".join(lines)


def risk_rebuild_text(found: RiskRebuild) -> str:
    """What was counted or compared, and how fast; the first windows that differ; the charges that could not be counted."""
    rebuilt, compared = found.rebuilt, found.compared
    verb = "rebuilt from" if compared is None else "compared with"
    differences = "" if compared is None else f", {counted(compared.differences, 'difference')}"
    lines = [
        (
            f"outcomes of risk {verb} the log: {counted(rebuilt.events, 'event')}, "
            f"{counted(rebuilt.counters, 'counter')}, {found.seconds:.1f} s, "
            f"{rebuilt.events / found.seconds:,.0f} events/s{differences}"
        )
    ]
    if compared is not None:
        lines += [_outcome_line(difference) for difference in compared.named]
        if compared.differences > len(compared.named):
            lines.append(f"  only the first {len(compared.named)} of {compared.differences:,} are named")
    lines += [
        f"  {found.names[stream_id]} cannot be counted from version {inapplicable.since_version} on: {inapplicable.reason}"
        for stream_id, inapplicable in rebuilt.parked.items()
    ]
    return "\n".join(lines)


def _outcome_line(difference: OutcomeDifference) -> str:
    name = "a counter" if difference.pair is None else " by ".join(difference.pair)
    least, most = difference.least, difference.most
    told = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return f"  {name} ({difference.outcome.hex()}) is {difference.live:,} in {difference.window}; the log tells {told}"


def _difference_lines(difference: Difference) -> list[str]:
    lines = [
        f"  {difference.table} {_public(difference.table, key)} {finding}"
        for key, finding in difference.first
    ]
    if difference.rows > len(difference.first):
        lines.append(
            f"  {difference.table}: only the first {len(difference.first)} of {difference.rows:,} are named"
        )
    return lines


def _public(table: str, key: str) -> str:
    """The key of a row as merchants and the other lists have it."""
    return public_event_id(EventId(UUID(key))) if table == "events" else key
