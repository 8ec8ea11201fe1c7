"""A test of the tester: the API stands still for five seconds under load, and the report says so; a closed model beside it does not."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest
from loadtest.figures import figures, percentile
from loadtest.generator.load_settings import LoadSettings
from loadtest.generator.records import rows_of
from loadtest.locust_processes import LocustProcesses

from fixtures.system import System

FREEZE_SECONDS: Final = 5.0
LOAD_SECONDS: Final = 11.0
FREEZE_AT_SECONDS: Final = 3.0
RATE: Final = 20.0
START_SECONDS_MAX: Final = 60.0
END_SECONDS_MAX: Final = 90.0
CLOSED: Final = Path(__file__).parent / "closed_locustfile.py"


@pytest.mark.long
@pytest.mark.timeout(180)
def test_a_frozen_api_shows_in_the_open_model_alone(tmp_path: Path) -> None:
    """The assertion is about the two generators' figures: what a user of each would have been told."""
    system = System()
    records, closed_out = tmp_path / "records.jsonl", tmp_path / "closed.json"
    try:
        system.start_stores()
        merchant = system.new_merchant()
        system.start("api")
        settings_file = tmp_path / "load.json"
        LoadSettings(
            api_url=system.api_url(),
            api_key=merchant.api_key,
            profile="soak",
            rate=RATE,
            seconds=LOAD_SECONDS,
            seed=11,
            scenarios=("card",),
            has_phases=False,
            records_file=str(records),
        ).write(settings_file)
        closed = _closed(system.api_url(), merchant.api_key, closed_out)
        opened = LocustProcesses(settings_file, tmp_path / "locust.log", seconds=LOAD_SECONDS, workers=1)
        try:
            _until_load_lasts(records, FREEZE_AT_SECONDS, opened)
            api = system.processes["api"].pid
            os.kill(api, signal.SIGSTOP)
            try:
                time.sleep(FREEZE_SECONDS)
            finally:
                os.kill(api, signal.SIGCONT)
            opened.processes["generator"].wait(END_SECONDS_MAX)
            closed.send_signal(signal.SIGTERM)
            closed.wait(END_SECONDS_MAX)
        finally:
            opened.stop()
            closed.kill()
            closed.wait()
    finally:
        system.stop()

    run = figures(rows_of(records)[0], seconds=LOAD_SECONDS)
    told_by_closed = sorted(json.loads(closed_out.read_text()))
    assert run.workers_ended == 1, (tmp_path / "locust.log").read_text()[-2_000:]
    assert (run.errors, run.unsent, run.failed) == (0, 0, 0)
    assert run.accept.p99_ms >= (FREEZE_SECONDS - 1) * 1000
    assert max(told_by_closed) >= FREEZE_SECONDS - 1, "the closed model met the freeze"
    assert percentile(told_by_closed, 0.99) * 1000 < run.accept.p99_ms / 4


def _closed(url: str, key: str, out: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "locust", "-f", str(CLOSED), "--headless", "-u1", "-r1", "--only-summary"],
        env=os.environ | {"CLOSED_URL": url, "CLOSED_KEY": key, "CLOSED_OUT": str(out)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _until_load_lasts(records: Path, seconds: float, generators: LocustProcesses) -> None:
    """Return once a request that was due so many seconds into the run has been begun."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while not any(row[0] == "arrived" and row[1] >= seconds for row in rows_of(records)[0]):
        assert time.monotonic() < deadline, "the load did not begin"
        assert not generators.is_over, "the generator ended before the freeze"
        time.sleep(0.1)
