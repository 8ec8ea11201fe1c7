"""The suites of ports with adapters that call AWS, once more on moto in place of MiniStack: what one emulator gets wrong, the other may get right."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from fixtures.aws_emulator import DEFECTS_OF_MOTO, MOTO_SERVER

PROJECT: Final = Path(__file__).parents[2]
SUITES: Final = (
    *(
        f"tests/contract/test_{port}_contract.py"
        for port in (
            "event_sink",
            "evidence_store",
            "job_messages",
            "job_queue",
            "key_service",
            "risk_store",
        )
    ),
    "tests/integration/test_notice_topic.py",
    "tests/integration/test_secrets_manager.py",
)
OTHER_ADAPTERS: Final = ("memory", "postgresql", "folder", "pgqueuer")


@pytest.mark.long
@pytest.mark.timeout(1_200)
def test_suites_of_ports_pass_on_a_second_emulator(tmp_path: Path) -> None:
    """But for what moto is known to get wrong, each of which has to fail (`fixtures/aws_emulator.py`)."""
    synced = ["sync", "--quiet", "--frozen", "--no-default-groups", "--group", "infra"]
    into = os.environ | {"UV_PROJECT_ENVIRONMENT": str(PROJECT / ".venv/infra")}
    subprocess.run([str(PROJECT / ".venv/bin/uv"), *synced], cwd=PROJECT, env=into, check=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    program = str(PROJECT / ".venv/infra/bin/moto_server")
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-n", "2", "-m", "", "-p", "no:cacheprovider", *SUITES),
        *("-k", " and ".join(f"not {adapter}" for adapter in OTHER_ADAPTERS)),
    ]
    # Not into a pipe: what servers of the tests inherit of it may outlast the run.
    printed = tmp_path / "printed"
    with printed.open("wb") as output:
        ran = subprocess.run(
            command,
            cwd=PROJECT,
            env=environment | {MOTO_SERVER: program},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    said = printed.read_text()
    assert ran.returncode == 0, said[-5_000:]
    assert f"{len(DEFECTS_OF_MOTO)} xfailed" in said
