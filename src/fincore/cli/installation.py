"""Commands about the installation as a whole: its schemas, its settings, its invariants."""

import os
import sys
from collections.abc import Sequence
from typing import Final

from fincore.audit.invariants import check_all, count_events
from fincore.audit.invariants.check_result import CheckResult, summary
from fincore.bootstrap.databases import STORES
from fincore.bootstrap.environment import read_settings, settings_in_force
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.bootstrap.schemas import migrate_databases
from fincore.cli.stores import on_databases, on_stores
from fincore.cli.terminal import show

EXIT_BROKEN: Final = 1
EXIT_UNCHECKED: Final = 3


def migrate() -> None:
    """Bring the schemas of the three stores up to date, and say what was applied to which."""
    applied = on_databases(migrate_databases, creates=True)
    show(
        "\n".join(f"{one.store}: {one.name}" for one in applied) or f"nothing to apply to {', '.join(STORES)}"
    )


def settings() -> None:
    """List every setting with its value, where the value comes from, and what it means. Secrets are not shown."""
    for one in settings_in_force(os.environ):
        setting = one.setting
        value = "(hidden)" if setting.is_secret and one.value else one.value
        default = f"; default {setting.default}" if one.origin != "default" and setting.default else ""
        show(f"{setting.name}={value}  ({one.origin}{default})")
        show(f"    {setting.meaning} (allowed: {setting.read.allowed})")
    # What the roles would refuse at start is refused here, too.
    read_settings(os.environ)


def check() -> None:
    """Check every invariant; exit with 1 if one is broken, with 3 if one could not be checked."""
    results, events = on_stores(_checked)
    show("\n".join([*(result.sentence for result in results), summary(results, events)]))
    sys.exit(exit_code_of(results))


async def _checked(stores: OperatorStores) -> tuple[list[CheckResult], int]:
    return await check_all(stores), await count_events(stores)


def exit_code_of(results: Sequence[CheckResult]) -> int:
    """0 where all invariants hold, 1 where one is broken, 3 where none is known to be and one could not be checked."""
    if any(result.is_broken for result in results):
        return EXIT_BROKEN
    return EXIT_UNCHECKED if any(result.unchecked is not None for result in results) else 0
