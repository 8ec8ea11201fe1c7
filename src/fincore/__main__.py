"""The `fincore` command: one sub-command per role and per operator task."""

import os
import sys
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from fincore.arguments import require_text
from fincore.bootstrap.databases import databases_of
from fincore.bootstrap.roles import Role, run_role
from fincore.domain.errors import FinCoreError
from fincore.event_loop import run_coroutine
from fincore.observability.logs import configure_logs
from fincore.settings import Settings, read_settings

app = App(name="fincore", help="FinCore Payments. Settings come from the environment: `fincore settings`.")
# By name, so that a role which starts does not load what only operators need.
app.command("fincore.operators:migrate", help="Bring the schemas of the three stores up to date.")
app.command("fincore.operators:settings", help="List every setting with its default and meaning.")
app.command(
    "fincore.operators:check",
    help="Check the laws that must hold; exit with 1 when one is broken, 2 when unchecked.",
)
app.command("fincore.operators:merchants", name="merchant", help="Merchants.")
app.command("fincore.operators:keys", name="key", help="API keys of merchants.")
app.command(
    "fincore.operators:charges",
    name="charges",
    help="Look at a charge, and at those whose outcome at the PSP nobody knows.",
)
app.command("fincore.operators:jobs", name="jobs", help="The job queue.")
app.command("fincore.upkeep:rebuilds", name="rebuild", help="Build read models again from the log.")
app.command(
    "fincore.upkeep:parked",
    name="parked",
    help="Charges that a consumer leaves alone because of an event it cannot apply.",
)
app.command(
    "fincore.outgoing:webhooks",
    name="webhooks",
    help="Webhooks to merchants: what does not arrive, and the key of their secrets.",
)
app.command("fincore.bookkeeping:ledger", name="ledger", help="The double-entry ledger.")


@app.command
def up() -> None:
    """Run every role under one supervisor, on the embedded PostgreSQL unless a DSN is set, until Ctrl-C."""
    from fincore.bootstrap.everything import run_everything

    configured = _configured()
    with databases_of(configured) as databases:
        run_coroutine(run_everything(configured, databases, announce=print))


@app.command
def run(role: Role, *, until_eof: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Run one role alone, until Ctrl-C.

    Parameters
    ----------
    role
        Which one.
    until_eof
        Also stop when standard input ends; `fincore up` uses it so that no role outlives it.

    """
    configured = _configured()
    with databases_of(configured) as databases:
        run_coroutine(run_role(role, configured, databases, stop_at_eof=until_eof))


def main() -> None:
    """Run the command line. What goes wrong on purpose is one sentence on stderr and exit code 1."""
    try:
        require_text(sys.argv[1:])
        app()
    except FinCoreError as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(f"fincore: {error}", markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _configured() -> Settings:
    configured = read_settings(os.environ)
    configure_logs(level=configured.log_level, log_format=configured.log_format)
    return configured


if __name__ == "__main__":
    main()
