"""The `fincore` command: one sub-command per role and per operator task."""

import os
import sys
from functools import partial
from typing import Annotated, Final, NoReturn

import structlog
from cyclopts import App, CycloptsError, Parameter

from fincore.bootstrap.databases import databases_of, installation_of
from fincore.bootstrap.roles import Role, run_role
from fincore.cli.arguments import require_text
from fincore.cli.usage import PROGRAM, usage_sentence
from fincore.domain.errors import FinCoreError, UsageError
from fincore.event_loop import run_coroutine
from fincore.observability.logs import configure_logs, redact
from fincore.postgres.failures import OUTAGES, outage_of
from fincore.settings import Settings, read_settings
from fincore.version import VERSION

EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130
EXIT_PIPE_CLOSED: Final = 141
"""The reader of the output went away. This and the one above are as a shell has them: 128 and the number of the signal."""
SENTENCE_CHARACTERS_MAX: Final = 1_000

_log = structlog.get_logger(__name__)

app = App(
    name=PROGRAM,
    version=VERSION,
    help="FinCore Payments. Settings come from the environment: `fincore settings` lists them.",
)
# By name, so that a role which starts does not load what only operators need.
app.command("fincore.cli.installation:migrate", help="Bring the schemas of the three stores up to date.")
app.command(
    "fincore.cli.installation:settings",
    help="List every setting with the value in force, where it comes from and what it means.",
)
app.command(
    "fincore.cli.installation:check",
    help="Check the invariants that must hold; exit with 1 when one is broken, 3 when unchecked.",
)
app.command(
    "fincore.cli.merchants:merchants", name="merchant", help="Merchants, and what the platform charges them."
)
app.command("fincore.cli.keys:keys", name="key", help="API keys of merchants: create, list, revoke.")
app.command(
    "fincore.cli.charges:charges",
    name="charges",
    help="Show a charge; list and resolve outcomes at the PSP that are unknown.",
)
app.command(
    "fincore.cli.jobs:jobs", name="jobs", help="Jobs that FinCore has given up: list them, try them again."
)
app.command(
    "fincore.cli.rebuild:rebuilds",
    name="rebuild",
    help="Build PaymentDB or LedgerDB again from the log, or compare it with the log.",
)
app.command("fincore.cli.restore:restores", name="restore", help="Restore the stores from dumps of pg_dump.")
app.command(
    "fincore.cli.reports:reports",
    name="reports",
    help="Reports of PSPs that are held: list, release, read again.",
)
app.command(
    "fincore.cli.parked:parked",
    name="parked",
    help="Charges that a read model no longer follows, because of an event it cannot apply.",
)
app.command(
    "fincore.cli.webhooks:webhooks",
    name="webhooks",
    help="Webhooks to merchants that do not arrive, and the key that encrypts their secrets.",
)
app.command(
    "fincore.cli.ledger:ledger",
    name="ledger",
    help="The books: balances, statements, suspense, closing, seals, export.",
)


@app.command
def up() -> None:
    """Run every role under one supervisor, on the embedded PostgreSQL unless a DSN is set, until Ctrl-C."""
    from fincore.bootstrap.everything import run_everything

    configured, announce = _configured(), partial(print, flush=True)
    announce("FinCore is starting: first the database, then the roles")
    with installation_of(configured, creates=True) as installation:
        run_coroutine(run_everything(configured, installation, announce=announce))


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
    """Run the command line. What goes wrong is one sentence on stderr: exit code 2 for wrong arguments, 1 for the rest."""
    try:
        require_text(sys.argv[1:])
        app(sys.argv[1:], print_error=False, exit_on_error=False)
        sys.stdout.flush()
    except CycloptsError as error:
        _fail(usage_sentence(error), EXIT_USAGE)
    except UsageError as error:
        _fail(str(error), EXIT_USAGE)
    except FinCoreError as error:
        _fail(str(error), EXIT_FAILED)
    except BrokenPipeError:
        # Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_PIPE_CLOSED)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except Exception as error:  # noqa: BLE001 -- a defect: where it is goes to the log, a person is told in a sentence
        if (outage := outage_of(error)) is not None:
            _fail(f"{OUTAGES[outage]} ({type(error).__name__}): repeat the command", EXIT_FAILED)
        _fail_by_defect(error)


def _fail(sentence: str, code: int) -> NoReturn:
    shown = redact("".join(one if one.isprintable() else " " for one in sentence))[:SENTENCE_CHARACTERS_MAX]
    sys.stderr.write(f"{PROGRAM}: {shown}\n")
    sys.exit(code)


def _fail_by_defect(error: Exception) -> NoReturn:
    """A role logs a failure where it happened; a command logs it only on request."""
    asks = os.environ.get("FINCORE_LOG_LEVEL", "").lower() == "debug"
    if asks or sys.argv[1:2] in (["run"], ["up"]):
        if not structlog.is_configured():
            configure_logs()
        _log.error("fincore.failed", exc_info=error)
    hint = "" if asks else "; repeat it with FINCORE_LOG_LEVEL=debug to see where"
    _fail(f"a defect: {type(error).__name__}: {error}{hint}", EXIT_FAILED)


def _configured() -> Settings:
    configured = read_settings(os.environ)
    configure_logs(level=configured.log_level, log_format=configured.log_format)
    return configured


if __name__ == "__main__":
    main()
