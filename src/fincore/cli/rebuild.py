"""What `fincore rebuild` can do: read models built again from the log, or compared with it."""

import sys
from typing import Annotated

from cyclopts import App, Parameter

from fincore.bootstrap import upkeep
from fincore.cli.terminal import on_databases, show

rebuilds = App(
    name="rebuild", help="Build PaymentDB or LedgerDB again from the log, or compare it with the log."
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
