"""The commands that keep read models right: what `fincore rebuild` and `fincore parked` can do."""

import sys
from functools import partial
from typing import Annotated, Literal

from cyclopts import App, Parameter

from fincore.arguments import Charge
from fincore.bootstrap import restore, upkeep
from fincore.domain.counting import counted
from fincore.domain.ids import charge_of
from fincore.terminal import moment_text, on_databases, show, show_table

rebuilds = App(
    name="rebuild", help="Build PaymentDB or LedgerDB again from the log, or compare it with the log."
)
restores = App(name="restore", help="Restore the stores from dumps of pg_dump.")
parked = App(
    name="parked", help="Charges that a read model no longer follows, because of an event it cannot apply."
)


@rebuilds.command(name="paymentdb")
def rebuild_paymentdb(*, verify: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Build PaymentDB again beside the live one and let it take its place, with everything running.

    Parameters
    ----------
    verify
        Only compare the live tables with the log, row for row; exit with 1 where they differ.
    """
    report = on_databases(lambda databases: upkeep.rebuild_paymentdb(databases, verify_only=verify))
    show(report.text)
    sys.exit(0 if report.is_good else 1)


@rebuilds.command(name="ledgerdb")
def rebuild_ledgerdb(*, verify: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Build the ledger again beside the live one, compare them, and replace what differs and is not sealed.

    Parameters
    ----------
    verify
        Only compare, row for row; exit with 1 where they differ.
    """
    report = on_databases(lambda databases: upkeep.rebuild_ledgerdb(databases, verify_only=verify))
    show(report.text)
    sys.exit(0 if report.is_good else 1)


@restores.command(name="prepare")
def prepare_restore() -> None:
    """Make what the dumps need on the new server, before pg_restore: the role of the services."""
    show(on_databases(restore.prepare_restore))


@restores.command(name="check")
def check_restore() -> None:
    """After pg_restore, say whether FinCore may start and what each read model lacks; exit with 1 if there is more to do."""
    report = on_databases(restore.check_restore)
    show(report.text)
    sys.exit(0 if report.is_good else 1)


@parked.command(name="list")
def list_parked() -> None:
    """List the parked charges: which consumer no longer follows it, since which of its events, and why.

    `fincore charges show` prints a charge with that event. Once the cause is mended, `fincore parked resume` lets the
    consumers catch up.
    """
    found = on_databases(upkeep.list_parked)
    show_table(
        ("consumer", "charge", "version", "event", "parked", "reason"),
        [
            (
                parked.consumer,
                charge_of(parked.stream_id),
                str(parked.since_version),
                event_type,
                moment_text(parked.parked_at),
                parked.reason,
            )
            for parked, event_type in found
        ],
    )


@parked.command(name="resume")
def resume_parked(
    charge_id: Charge,
    *more_charge_ids: Charge,
    consumer: Literal["projectionist", "ledger", "notify"] | None = None,
) -> None:
    """Let consumers catch up with parked charges and follow them again, once the cause is mended.

    Parameters
    ----------
    charge_id
        The charge, as `fincore parked list` lists it.
    more_charge_ids
        Further ones.
    consumer
        Only this one; all that left the charge alone, unless said.
    """
    for each in (charge_id, *more_charge_ids):
        for resumed in on_databases(partial(upkeep.resume_parked, charge_id=each, consumer_name=consumer)):
            show(
                f"{each} is followed again by {resumed.consumer}: {counted(resumed.events, 'event')} caught up"
            )
