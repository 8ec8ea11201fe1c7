"""How a command reaches the stores that the settings name."""

import os
from collections.abc import Callable, Coroutine
from typing import TypeVar

from fincore.bootstrap.databases import Databases, databases_of
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.event_loop import run_coroutine
from fincore.bootstrap.operator_stores import OperatorStores, operator_stores
from fincore.bootstrap.settings import Settings
from fincore.observability.logs import configure_logs

T = TypeVar("T")


def on_stores(act: Callable[[OperatorStores], Coroutine[object, object, T]], *needed: str) -> T:
    """Do a task on the stores that the settings name; only warnings are logged beside its output.

    `needed`: the stores that must be there; all of them unless said.
    """

    async def on(databases: Databases) -> T:
        async with operator_stores(databases, *needed) as stores:
            return await act(stores)

    return on_databases(on)


def on_databases(act: Callable[[Databases], Coroutine[object, object, T]], *, creates: bool = False) -> T:
    """The same for a task that opens databases in its own way. `creates`: make an embedded PostgreSQL if there is none."""
    return on_installation(lambda _, databases: act(databases), creates=creates)


def on_installation(
    act: Callable[[Settings, Databases], Coroutine[object, object, T]], *, creates: bool = False
) -> T:
    """The same for a task that needs further settings."""
    configured = read_settings(os.environ)
    configure_logs(level="warning", log_format="console")
    with databases_of(configured, creates=creates) as databases:
        return run_coroutine(act(configured, databases))
