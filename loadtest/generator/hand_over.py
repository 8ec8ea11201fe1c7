"""Hands records over: a process that runs alone writes them itself, workers send theirs to the master, which writes them.

The master ends the run once each worker has told its end.
"""

from pathlib import Path
from typing import Any, Final

import gevent
from locust import events
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner

from loadtest.generator.load_settings import settings_here
from loadtest.generator.open_user import RECORDER
from loadtest.generator.records import Row, append_rows

FLUSH_SECONDS: Final = 1.0
REPORT_KEY: Final = "fincore_records"

_ended: set[int] = set()


def _file() -> Path | None:
    name = settings_here().records_file
    return None if name is None else Path(name)


def _write(rows: list[Row]) -> None:
    file = _file()
    if file is not None:
        append_rows(file, rows)


@events.init.add_listener
def _begin(environment: Environment, **_: object) -> None:
    if isinstance(environment.runner, LocalRunner):
        gevent.spawn(_write_now_and_then)


def _write_now_and_then() -> None:
    while True:
        gevent.sleep(FLUSH_SECONDS)
        _write(RECORDER.take())


@events.quitting.add_listener
def _write_last(environment: Environment, **_: object) -> None:
    if isinstance(environment.runner, LocalRunner):
        _write(RECORDER.take())


@events.report_to_master.add_listener
def _report(client_id: str, data: dict[str, Any]) -> None:  # noqa: ARG001 -- Locust hands it
    data[REPORT_KEY] = RECORDER.take()


@events.worker_report.add_listener
def _receive(client_id: str, data: dict[str, Any]) -> None:  # noqa: ARG001 -- Locust hands it
    rows: list[Row] = data.get(REPORT_KEY, [])
    _write(rows)
    _ended.update(row[1] for row in rows if row[0] == "ended")


@events.init.add_listener
def _end_with_workers(environment: Environment, **_: object) -> None:
    runner = environment.runner
    if isinstance(runner, MasterRunner):
        gevent.spawn(_quit_after_workers, runner, settings_here().workers)


def _quit_after_workers(runner: MasterRunner, workers: int) -> None:
    while len(_ended) < workers:
        gevent.sleep(0.2)
    runner.quit()
