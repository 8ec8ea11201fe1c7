"""Clients that generators make of the served OpenAPI document: they compile, strictly, and a shop can work with them."""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from harness.installation import Merchant

from fixtures import node_tools
from fixtures.system import System

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(node_tools.INSTALL_SECONDS_MAX + 4 * node_tools.RUN_SECONDS_MAX),
]

CLIENTS = node_tools.PROJECT / "tests/openapi_tools/clients"


@pytest.fixture
def workshop(system: System, tmp_path: Path) -> Path:
    """A folder with the document as the running API serves it."""
    with urllib.request.urlopen(f"{system.api_url()}/openapi.json") as answer:  # noqa: S310 -- our own process
        (tmp_path / "openapi.json").write_bytes(answer.read())
    return tmp_path


def printed_by(command: Sequence[str | Path], cwd: Path, **environment: str) -> str:
    """What a command printed on stdout. Fails the test, with all it printed, unless it ends with 0."""
    finished = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=node_tools.RUN_SECONDS_MAX,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def assert_paid_and_refunded(system: System, output: str) -> None:
    """What a client says it did, and what the PSP knows of it."""
    got: dict[str, Any] = json.loads(output.splitlines()[-1])
    charge, refund, psp_reference = got.pop("charge"), got.pop("refund"), got.pop("psp_reference")
    assert got == {
        "status": "succeeded",
        "first_event": "charge.created",
        "refund_status": "succeeded",
        "listed": 1,
        "problem": "charge_failed",
    }
    assert (charge[:3], refund[:3]) == ("ch_", "re_")
    intent = system.stripe_shows(f"/v1/payment_intents/{psp_reference}")
    assert intent["amount_received"] == 1999
    assert intent["metadata"]["fincore_charge_id"] == charge


@pytest.mark.parametrize(
    ("program", "generate"),
    [
        (
            "use_openapi_typescript",
            ("openapi-typescript", "openapi.json", "-o", "generated/openapi-typescript.ts"),
        ),
        ("use_hey_api", ("openapi-ts", "-i", "openapi.json", "-o", "generated/hey-api", "--no-log-file")),
    ],
)
def test_a_typescript_client_compiles_and_takes_a_payment(
    system: System, merchant: Merchant, workshop: Path, program: str, generate: tuple[str, ...]
) -> None:
    clients = node_tools.install("tests/openapi_tools/clients")
    (workshop / "node_modules").symlink_to(clients / "node_modules")
    for name in ("package.json", "tsconfig.json", f"{program}.ts"):
        shutil.copy(CLIENTS / name, workshop)
    node_tools.run(clients, *generate, cwd=workshop)
    node_tools.run(clients, "tsc", "--project", ".", cwd=workshop)
    run = uuid4().hex
    script = workshop / "build" / f"{program}.js"
    output = printed_by(["node", script, system.api_url(), merchant.api_key, run], workshop)
    assert_paid_and_refunded(system, output)


def test_a_python_client_compiles_and_takes_a_payment(
    system: System, merchant: Merchant, workshop: Path
) -> None:
    bin_folder = Path(sys.executable).parent
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    shutil.copy(CLIENTS / "use_openapi_python_client.py", workshop)
    generated = printed_by(
        [
            bin_folder / "openapi-python-client",
            "generate",
            "--path=openapi.json",
            "--meta=none",
            "--output-path=fincore_client",
        ],
        workshop,
        PATH=path,
    )
    assert "Warning" not in generated
    check = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent"]
    printed_by([*check, "use_openapi_python_client.py"], workshop)
    run = uuid4().hex
    output = printed_by(
        [sys.executable, "use_openapi_python_client.py", system.api_url(), merchant.api_key, run], workshop
    )
    assert_paid_and_refunded(system, output)
