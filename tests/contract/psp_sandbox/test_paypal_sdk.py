"""PayPal's own Python client works against the sandbox. It runs in an environment of its own: see pyproject.toml."""

import json
import subprocess
from pathlib import Path

import pytest

from docs.printed import PROJECT
from fixtures.sandbox import SandboxProcess

DRIVER = Path(__file__).with_name("paypal_sdk_driver.py")
UV = PROJECT / ".venv/bin/uv"


@pytest.fixture(scope="module")
def sdk() -> list[str]:
    """The command that runs a program with PayPal's client."""
    command = [str(UV), "run", "--quiet", "--isolated", "--frozen", "--only-group", "paypal-sdk", "python"]
    tried = subprocess.run(
        [*command, "-c", "import paypalserversdk"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    if tried.returncode != 0:
        pytest.skip(f"PayPal's client could not be installed: {tried.stderr.strip()[-200:]}")
    return command


@pytest.mark.long
def test_paypals_own_client_pays_at_the_sandbox(psp_sandbox: SandboxProcess, sdk: list[str]) -> None:
    done = subprocess.run(
        [*sdk, str(DRIVER), psp_sandbox.url], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["captured"] == {
        "status": 201,
        "created": "PAYER_ACTION_REQUIRED",
        "early": "ORDER_NOT_APPROVED",
        "back": "https://shop.example/return?token=ORDER",
        "approved": "APPROVED",
        "payer": "buyer@example.com",
        "order": "COMPLETED",
        "capture": "COMPLETED",
        "fee": "3.98",
        "refund": "COMPLETED",
        "capture_now": "PARTIALLY_REFUNDED",
        "refund_now": "re_1",
    }
    assert seen["authorized"] == {
        "holds": ["CREATED", "CREATED"],
        "capture": "COMPLETED",
        "amount": "60.00",
        "hold_now": "CAPTURED",
        "voided": "VOIDED",
    }
    assert psp_sandbox.state()["requests"]["POST v1/oauth2/token"] == 1
