"""Commands about the installation as a whole: its schemas, its settings, its invariants."""

import os
import sys

from fincore.bootstrap import operations
from fincore.bootstrap.databases import STORES
from fincore.bootstrap.schemas import migrate_databases
from fincore.cli.terminal import on_databases, show
from fincore.settings import read_settings, settings_in_force


def migrate() -> None:
    """Bring the schemas of the three stores up to date, and say what was applied to which."""
    applied = on_databases(migrate_databases, creates=True)
    show(
        "\n".join(f"{one.store}: {one.name}" for one in applied) or f"nothing to apply to {', '.join(STORES)}"
    )


def settings() -> None:
    """List every setting with the value in force, where it comes from and what it means. Secrets are not shown."""
    for one in settings_in_force(os.environ):
        value = "(hidden)" if one.setting.is_secret and one.value else one.value
        default = (
            f"; default {one.setting.default}" if one.origin != "default" and one.setting.default else ""
        )
        show(f"{one.setting.name}={value}  ({one.origin}{default})\n    {one.setting.meaning}")
    # What the roles would refuse at start is refused here, too.
    read_settings(os.environ)


def check() -> None:
    """Check the laws that must hold; exit with 1 when one is broken, with 3 when one could not be checked."""
    report = on_databases(operations.check_laws)
    show(report.text)
    sys.exit(report.exit_code)
