"""Commands that run roles until they are told to stop: all of them under one supervisor, or one alone."""

import os
from typing import Annotated

from cyclopts import Parameter

from fincore.bootstrap.databases import databases_of, installation_of
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.event_loop import run_coroutine
from fincore.bootstrap.roles import Role, run_role
from fincore.bootstrap.settings import Settings
from fincore.cli.terminal import show
from fincore.observability.logs import configure_logs


def up() -> None:
    """Run every role under one supervisor until Ctrl-C, on the embedded PostgreSQL unless a DSN is set."""
    from fincore.bootstrap.everything import run_everything

    configured = _configured()
    show("FinCore is starting: first the database, then the roles")
    with installation_of(configured, creates=True) as installation:
        run_coroutine(run_everything(configured, installation, announce=show))


def run(role: Role, *, until_eof: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Run one role alone until SIGTERM or Ctrl-C.

    Parameters
    ----------
    role
        The role to run.
    until_eof
        Also stop when standard input ends: `fincore up` starts its roles so, and none outlives it.

    """
    configured = _configured()
    with databases_of(configured) as databases:
        run_coroutine(run_role(role, configured, databases, stop_at_eof=until_eof))


def _configured() -> Settings:
    configured = read_settings(os.environ)
    configure_logs(level=configured.log_level, log_format=configured.log_format)
    return configured
