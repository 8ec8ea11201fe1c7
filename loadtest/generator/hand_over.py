"""Hands records over: a process that runs alone writes them itself, workers send theirs to the master, which writes them.

The master ends the run once each worker has told its end. A file beside the records ends the offer before the schedule does: answers
that are awaited still come, and every record is handed over.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import gevent
from locust import events
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from loadtest.generator.load_settings import settings_here
from loadtest.generator.open_user import NO_MORE, RECORDER
from loadtest.generator.records import Row, append_rows, no_more_file

FLUSH_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 0.2
REPORT_KEY: Final = "fincore_records"
NO_MORE_MESSAGE: Final = "fincore_no_more"

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
    runner = environment.runner
    if isinstance(runner, LocalRunner):
        gevent.spawn(_write_now_and_then)
        gevent.spawn(_wait_for_no_more, NO_MORE.set)
    elif isinstance(runner, MasterRunner):
        gevent.spawn(_wait_for_no_more, lambda: runner.send_message(NO_MORE_MESSAGE))
    elif isinstance(runner, WorkerRunner):
        runner.register_message(NO_MORE_MESSAGE, lambda **_: NO_MORE.set())


def _wait_for_no_more(tell: Callable[[], object]) -> None:
    records = _file()
    while records is not None and not no_more_file(records).exists():
        gevent.sleep(LOOK_SECONDS)
    if records is not None:
        tell()


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
        gevent.sleep(LOOK_SECONDS)
    runner.quit()
