"""The demo over an emulator of AWS, as `make aws-local` runs it, from an empty folder."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
TIMEOUT_SECONDS: Final = 900.0
pytestmark = [pytest.mark.long, pytest.mark.timeout(1_000)]


def test_demo_on_aws_uses_every_service_and_records_agree(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo.aws"],
        cwd=tmp_path,
        # What the person who starts it has for AWS is not used.
        env=os.environ | {"PYTHONPATH": str(ROOT), "AWS_PROFILE": "none", "AWS_REGION": "us-east-1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "What is wrong" not in said
    assert "0 charged twice" in said
    assert "invariants hold over" in said
    held = dict(
        re.findall(
            r"^(SQS|Kinesis|DynamoDB|Secrets Manager|S3|SNS|Cognito|Lambda) +(\d+) ", said, re.MULTILINE
        )
    )
    assert len(held) == 8
    assert all(int(figure) > 0 for figure in held.values())
    assert list((tmp_path / "var").rglob("postmaster.pid")) == []


def test_emulator_ends_with_what_started_it(tmp_path: Path) -> None:
    """Also where that is killed, and can end nothing."""
    starter = (
        "import os, signal; from pathlib import Path; from demo.aws.emulator import Emulator;"
        "print(Emulator(Path('log')).url, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", starter],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    port = int(killed.stdout.rpartition(":")[2])
    until = time.monotonic() + 60.0
    while True:
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) != 0:
                break
        assert time.monotonic() < until, f"the emulator still listens on {port}"
        time.sleep(0.1)


def test_killed_demo_leaves_nothing_that_runs(tmp_path: Path) -> None:
    """`fincore up` with its roles and PostgreSQL, the sandboxes and the emulator: each has the variable of the demo."""
    mark = f"STARTED_BY_TEST={tmp_path}"
    name, _, value = mark.partition("=")
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "demo.aws"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), name: value},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        assert any(line.startswith("ready after") for line in demo.stdout)
        assert len(_marked(mark)) > 10
        demo.kill()
    until = time.monotonic() + 120.0
    while left := _marked(mark):
        assert time.monotonic() < until, left
        time.sleep(0.5)
    assert list((tmp_path / "var").rglob("postmaster.pid")) == []


def _marked(mark: str) -> list[str]:
    """The command lines of the processes that have a variable."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found
