"""`python -m bench`: every section, or those that are named."""

import platform
import sys
from collections.abc import Callable
from typing import Final, Literal, get_args

import psutil
from cyclopts import App

from bench import (
    accept,
    books,
    fresh_clone,
    latency,
    rebuild,
    reconciliation,
    refunds,
    relay,
    responses,
    risk,
    routing,
    tracing,
    webhooks,
    whole_way,
)
from bench.figures import out
from bench.store import Store, temporary_store

Section = Literal[
    "accept",
    "whole-way",
    "refunds",
    "webhooks",
    "latency",
    "rebuild",
    "books",
    "routing",
    "risk",
    "reconciliation",
    "traces",
    "relay",
    "responses",
]
MEASURES: Final[dict[Section, Callable[[Store], None]]] = {
    "accept": accept.measure,
    "whole-way": whole_way.measure,
    "refunds": refunds.measure,
    "webhooks": webhooks.measure,
    "latency": latency.measure,
    "rebuild": rebuild.measure,
    "books": books.measure,
    "routing": routing.measure,
    "risk": risk.measure,
    "reconciliation": reconciliation.measure,
    "traces": tracing.measure,
    "relay": relay.measure,
    "responses": responses.measure,
}

app = App(name="bench", help="Measure FinCore beside references taken in the same run.", version_flags=())


@app.default
def bench(*sections: Section, fresh_clone_too: bool = False) -> None:
    """Run sections, all of them unless some are named. Everything is bounded and cleans up after itself.

    Parameters
    ----------
    sections
        accept, whole-way, refunds, webhooks, latency, rebuild, books, routing, risk, reconciliation, traces, relay,
        responses.
    fresh_clone_too
        Also clone the repository and time the way to the first payment.

    """
    out.print(_machine(), markup=False)
    with temporary_store() as store:
        for section in sections or get_args(Section):
            MEASURES[section](store)
    if fresh_clone_too:
        fresh_clone.measure()


def _machine() -> str:
    load_average = psutil.getloadavg()[0]
    return (
        f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total / 1024**3:.0f} GiB, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}; load generator, FinCore and PostgreSQL share them.\n"
        f"Load before we began: {load_average:.2f} (above 0.3 something else is running: trust the ratios alone)."
    )


if __name__ == "__main__":
    sys.exit(app())
