"""A whole run by its command, and the bundle for other machines: real processes, from the schedule to the exit code."""

import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar, Final

import pytest
from harness.ports import Ports
from loadtest.bundle import write_bundle
from loadtest.generator.arrivals import arrivals
from loadtest.generator.load_settings import API_KEY_VARIABLE, SETTINGS_VARIABLE, LoadSettings
from loadtest.generator.records import rows_of
from loadtest.running import Run, RunFailed
from loadtest.target import Target
from loadtest.thresholds import Thresholds

from fixtures.system import System

ROOT: Final = Path(__file__).parents[2]
KEY: Final = "sk_test_1"


def python(
    *arguments: str, timeout_seconds: float = 150, key: str | None = None
) -> subprocess.CompletedProcess[str]:
    """A program of the load, run to its end from the repository."""
    kept = {name: value for name, value in os.environ.items() if name != API_KEY_VARIABLE}
    return subprocess.run(
        [sys.executable, "-m", "loadtest", *arguments],
        cwd=ROOT,
        env=kept if key is None else kept | {API_KEY_VARIABLE: key},
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )


@pytest.mark.long
@pytest.mark.timeout(180)
def test_two_workers_offer_one_schedule_and_all_agrees(tmp_path: Path) -> None:
    """One bound is so low that it must break: the report names that one alone."""
    system = System()
    said: list[str] = []
    try:
        system.start_stores()
        merchant = system.new_merchant()
        system.start("api", "worker", "projectionist", "ledger", "notify")
        settings = LoadSettings(
            api_url=system.api_url(),
            api_key=merchant.api_key,
            rate=12,
            seconds=6,
            seed=5,
            workers=2,
            has_phases=False,
            run_id="test",
        )
        target = Target(
            api_url=system.api_url(),
            api_key=merchant.api_key,
            dsn=system.dsn,
            sandbox_url=system.sandbox.url,
            pids={name: process.pid for name, process in system.processes.items()},
            check=partial(system.fincore, "check"),
            is_own=True,
        )
        bounds = Thresholds(accept_p99_ms_max=0.001, generator_late_p99_ms_max=60_000)
        report = Run(settings, target, tmp_path, bounds=bounds, say=said.append).run()
    finally:
        system.stop()

    assert [one.name for one in report.verdicts if not one.holds] == [
        "accepted, p99 from the intended moment"
    ], report.verdicts
    assert (report.ending.disagreements, report.ending.broken, report.ending.backlog) == ((), (), 0)
    assert report.charges_accepted > 0
    assert {name for one in report.samples for name in one.memory_mib} >= {
        "api",
        "worker",
        "generator 1",
        "generator 2",
    }
    assert any(" arrivals/s, accepted p50 " in line for line in said)
    rows = rows_of(tmp_path / "records.jsonl")[0]
    due = [round(one.due_seconds, 4) for one in arrivals(settings.plan, seed=5, spacing="poisson")]
    assert sorted(row[1] for row in rows if row[0] == "arrived") == due
    assert {row[1] for row in rows if row[0] == "ended" and row[2] > 0} == {0, 1}


@pytest.mark.long
@pytest.mark.timeout(400)
def test_the_command_starts_loads_and_ends_a_system(tmp_path: Path) -> None:
    """Every scenario and phase of the mix, on all roles; a bound that cannot hold decides the exit code."""
    run = python(
        *("run", "--seconds", "40", "--rate", "12", "--seed", "5"),
        *("--accept-p99-ms-max", "0.001", "--generator-late-p99-ms-max", "60000", "--folder", str(tmp_path)),
        timeout_seconds=350,
    )

    assert run.returncode == 1, run.stdout + run.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    broken = [one["name"] for one in report["verdicts"] if not one["holds"]]
    assert broken == ["accepted, p99 from the intended moment"], run.stdout
    assert "BROKEN  accepted, p99 from the intended moment" in run.stdout
    begun = {row[2] for row in rows_of(tmp_path / "records.jsonl")[0] if row[0] == "arrived"}
    assert begun >= {"card", "hold_capture", "refund", "paypal", "card_testing", "query"}
    assert "<h1>Load of FinCore</h1>" in (tmp_path / "report.html").read_text()
    left = {file.name for file in tmp_path.iterdir()}
    assert left == {"report.html", "report.json", "records.jsonl", "locust.log"}, (
        "no key and no token is left"
    )


def test_a_run_with_a_live_key_is_refused(tmp_path: Path) -> None:
    run = python(
        *("run", "--url", "http://127.0.0.1:1", "--folder", str(tmp_path)),
        key="sk_live_1",
    )

    assert run.returncode == 2
    assert run.stderr.startswith(
        "The load is sent with a secret key of test mode only. Set FINCORE_LOAD_API_KEY"
    )
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_a_run_takes_no_other(tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").touch()
    settings = LoadSettings(api_url="http://127.0.0.1:1", api_key=KEY, seed=1)
    run = Run(
        settings, Target(api_url=settings.api_url, api_key=KEY), tmp_path, bounds=Thresholds(), say=print
    )

    with pytest.raises(RunFailed, match="holds a run already"):
        run.run()


def test_the_file_with_the_key_goes_where_no_generator_begins(tmp_path: Path) -> None:
    """Two workers are awaited that have no port to come to: the master ends at once."""
    settings = LoadSettings(api_url="http://127.0.0.1:1", api_key=KEY, seed=1, workers=2)
    target = Target(api_url=settings.api_url, api_key=KEY)
    run = Run(settings, target, tmp_path, bounds=Thresholds(), say=print, remote_bind="203.0.113.1:1")

    with pytest.raises(RunFailed, match="did not begin"):
        run.run()
    assert {file.name for file in tmp_path.iterdir()} == {"locust.log"}


def test_only_what_locust_runs_imports_locust() -> None:
    """It patches the sockets and threads of its process, which the rest of the load, and the tests, must not have."""
    modules = "loadtest.__main__, loadtest.generator.till, loadtest.generator.load_settings"
    code = f"import sys, {modules}; sys.exit('locust' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, timeout=60).returncode == 0


class _Accepting(BaseHTTPRequestHandler):
    """Accepts every charge at once."""

    protocol_version = "HTTP/1.1"
    keys: ClassVar[list[str]]
    authorizations: ClassVar[set[str]]

    def do_POST(self) -> None:
        """Answer as the API does."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.keys.append(self.headers["Idempotency-Key"])
        self.authorizations.add(self.headers["Authorization"])
        body = json.dumps({"id": f"ch_{len(self.keys)}", "status": "processing"}).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


class _Slow(_Accepting):
    """Accepts each charge after a moment in which others are sent."""

    def do_POST(self) -> None:
        """Answer late."""
        time.sleep(0.3)
        super().do_POST()


@pytest.mark.long
@pytest.mark.timeout(120)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_step_that_breaks_loses_no_record_of_the_load(tmp_path: Path, workers: int) -> None:
    handler = _Slow
    handler.keys, handler.authorizations = [], set()
    said: list[str] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        settings = LoadSettings(
            api_url=url,
            api_key=KEY,
            profile="steps",
            rate=100,
            seconds=20,
            seed=3,
            workers=workers,
            scenarios=("card",),
        )
        bounds = Thresholds(accept_p99_ms_max=1, generator_late_p99_ms_max=60_000)
        report = Run(
            settings, Target(api_url=url, api_key=KEY), tmp_path, bounds=bounds, say=said.append
        ).run()
        server.shutdown()

    rows = rows_of(tmp_path / "records.jsonl")[0]
    assert [step.number for step in report.steps if step.broken] == [1], said
    assert report.figures.arrivals < 150, "a whole run offers 1,100"
    assert {row[1] for row in rows if row[0] == "ended"} == set(range(workers))
    assert sorted(row[1] for row in rows if row[0] == "charge") == sorted(handler.keys)
    assert not [one for one in report.verdicts if "generator" in one.name and not one.holds]
    assert {file.name for file in tmp_path.iterdir()} == {"records.jsonl", "locust.log"}


@pytest.mark.long
@pytest.mark.timeout(120)
def test_workers_of_other_machines_share_one_schedule(tmp_path: Path) -> None:
    """Started as docs/guides/load.md says, with a copy of load.json and in a folder that holds nothing else."""
    handler = _Accepting
    handler.keys, handler.authorizations = [], set()
    here = tmp_path / "here"
    here.mkdir()
    ports = Ports()
    port = ports.take()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        settings = LoadSettings(
            api_url=url,
            api_key=KEY,
            profile="soak",
            rate=20,
            seconds=4,
            seed=3,
            workers=2,
            scenarios=("card",),
            has_phases=False,
        )
        run = Run(
            settings,
            Target(api_url=url, api_key=KEY),
            here,
            bounds=Thresholds(accept_p99_ms_max=60_000, generator_late_p99_ms_max=60_000),
            say=print,
            remote_bind=f"127.0.0.1:{port}",
        )
        with ThreadPoolExecutor(1) as master:
            running = master.submit(run.run)
            while not (here / "load.json").exists():
                if running.done():
                    running.result()
                time.sleep(0.05)
            away = [_worker(tmp_path / f"machine-{number}", here / "load.json", port) for number in (1, 2)]
            report = running.result()
        codes = [worker.wait(30) for worker in away]
        server.shutdown()
    ports.release()

    rows = rows_of(here / "records.jsonl")[0]
    due = [round(one.due_seconds, 4) for one in arrivals(settings.plan, seed=3, spacing="poisson")]
    assert sorted(row[1] for row in rows if row[0] == "arrived") == due
    assert {row[1] for row in rows if row[0] == "ended" and row[2] > 0} == {0, 1}
    assert len(handler.keys) == len(set(handler.keys)) == len(due)
    assert [
        one.name for one in report.verdicts if not one.holds and one.name != "comparison of every charge"
    ] == []
    assert codes == [0, 0]
    for number in (1, 2):
        assert [file.name for file in (tmp_path / f"machine-{number}").iterdir()] == ["load.json"]


def _worker(folder: Path, settings_file: Path, port: int) -> "subprocess.Popen[bytes]":
    """A worker on a machine of its own: it has the repository, and the settings in a folder."""
    folder.mkdir()
    own = folder / "load.json"
    own.write_bytes(settings_file.read_bytes())
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "locust", "-f", str(ROOT / "loadtest" / "locustfile.py")),
            *("--worker", "--master-host=127.0.0.1", f"--master-port={port}"),
        ],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != API_KEY_VARIABLE}
        | {SETTINGS_VARIABLE: str(own)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.timeout(120)
def test_a_bundle_runs_alone_with_a_key_from_outside(tmp_path: Path) -> None:
    """As a task of AWS Distributed Load Testing runs it: unpacked into an empty folder, with Locust and nothing of FinCore in the path."""
    handler = _Accepting
    handler.keys, handler.authorizations = [], set()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        file = tmp_path / "fincore-load.zip"
        settings = LoadSettings(
            api_url=f"http://127.0.0.1:{server.server_port}",
            api_key=KEY,
            profile="soak",
            rate=40,
            tasks=2,
            seconds=2,
            scenarios=("card",),
            spacing="uniform",
            has_phases=False,
        )
        names = write_bundle(file, settings, with_key=False)
        folder = tmp_path / "task"
        with zipfile.ZipFile(file) as bundle:
            bundle.extractall(folder)
            assert not any(KEY in bundle.read(name).decode() for name in names)
        without_key, done = _locust(folder), _locust(folder, **{API_KEY_VARIABLE: KEY})
        server.shutdown()

    assert without_key.returncode == 1
    assert "The load is sent with a secret key of test mode only." in without_key.stderr
    assert done.returncode == 0, done.stderr[-2_000:]
    assert "one of 2 parts" in done.stderr
    assert "locustfile.py" in names
    assert len(handler.keys) == len(set(handler.keys)) == 38, (
        "half of 40 a second, after a tenth of the time up to it"
    )
    assert handler.authorizations == {f"Bearer {KEY}"}


def _locust(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Locust in a folder, as a task runs it."""
    unset = ("PYTHONPATH", API_KEY_VARIABLE)
    return subprocess.run(
        [sys.executable, "-P", "-m", "locust", "-f", "./locustfile.py", "-u1", "-r1", "-t30s"],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in unset} | environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_two_bundles_of_the_same_settings_are_equal(tmp_path: Path) -> None:
    settings = LoadSettings(api_url="https://pay.example", api_key=KEY)
    write_bundle(tmp_path / "one.zip", settings, with_key=True)
    write_bundle(tmp_path / "two.zip", settings, with_key=True)

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
