"""The `fincore` command: one sub-command per role and per operator task."""

import os
import sys
from typing import Final, NoReturn

from cyclopts import App, CycloptsError

from fincore.cli.commands import COMMANDS
from fincore.cli.usage import PROGRAM, require_text, usage_sentence
from fincore.domain.errors import FinCoreError, UsageError
from fincore.version import VERSION

EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130
EXIT_PIPE_CLOSED: Final = 141
"""The reader of the output went away. This and the one above are as a shell has them: 128 and the number of the signal."""
SENTENCE_CHARACTERS_MAX: Final = 1_000

app = App(
    name=PROGRAM,
    version=VERSION,
    help="FinCore Payments. Settings come from the environment: `fincore settings` lists them.",
)
for _name, _command in COMMANDS.items():
    app.command(_command.place, name=_name, help=_command.help)


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
    except Exception as error:  # noqa: BLE001 -- a defect: the log has its place, the person gets a sentence
        from fincore.postgres.failures import OUTAGES, outage_of

        if (outage := outage_of(error)) is not None:
            _fail(f"{OUTAGES[outage]} ({type(error).__name__}): repeat the command", EXIT_FAILED)
        _fail_by_defect(error)


def _fail(sentence: str, code: int) -> NoReturn:
    from fincore.observability.logs import redact

    shown = redact("".join(one if one.isprintable() else " " for one in sentence))[:SENTENCE_CHARACTERS_MAX]
    sys.stderr.write(f"{PROGRAM}: {shown}\n")
    sys.exit(code)


def _fail_by_defect(error: Exception) -> NoReturn:
    """A role logs a failure where it happened; a command logs it only on request."""
    asks = os.environ.get("FINCORE_LOG_LEVEL", "").lower() == "debug"
    if asks or sys.argv[1:2] in (["run"], ["up"]):
        import structlog

        from fincore.observability.logs import configure_logs

        if not structlog.is_configured():
            configure_logs()
        structlog.get_logger(__name__).error("fincore.failed", exc_info=error)
    hint = "" if asks else "; repeat it with FINCORE_LOG_LEVEL=debug to see where"
    _fail(f"a defect: {type(error).__name__}: {error}{hint}", EXIT_FAILED)


if __name__ == "__main__":
    main()
