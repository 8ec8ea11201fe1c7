"""What `fincore restore` can do: the steps before and after `pg_restore`."""

import sys

from cyclopts import App

from fincore.bootstrap import restore
from fincore.cli.terminal import on_databases, show

restores = App(name="restore", help="Restore the stores from dumps of pg_dump.")


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
