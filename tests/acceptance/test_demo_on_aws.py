"""The demo over an emulator of AWS, as `make aws-local` runs it, from an empty folder."""

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
        re.findall(r"^(SQS|Kinesis|DynamoDB|Secrets Manager|S3|SNS|Cognito) +(\d+) ", said, re.MULTILINE)
    )
    assert len(held) == 7
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
