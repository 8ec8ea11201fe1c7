"""What the guide to the sandbox's PayPal shows is run, and what its tables say is what the code does."""

import json
import re
import subprocess
from typing import get_args

import pytest

from docs.markdown import named_block, prose
from docs.printed import PROJECT
from fixtures.sandbox import SandboxProcess
from psp_sandbox.paypal import approval_page, payment_machine, settlement_helpers, test_helpers
from psp_sandbox.paypal.api import OPERATIONS
from psp_sandbox.paypal.cards import REJECTIONS
from psp_sandbox.paypal.change import EventType
from psp_sandbox.paypal.settlement_faults import FileFault, RowFault

GUIDE = "docs/guides/sandbox-paypal.md"


def typed(sandbox: SandboxProcess, name: str) -> str:
    """What one block of the guide prints."""
    code = named_block(GUIDE, "run", name).code
    code = code.replace("http://127.0.0.1:12111", sandbox.url).replace("curl ", "curl -fsS --noproxy '*' ")
    done = subprocess.run(["bash", "-euc", code], capture_output=True, text=True, timeout=30, check=False)  # noqa: S607 - the bash of the reader
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def guide() -> str:
    return prose(PROJECT / GUIDE)


def test_payment_of_the_paypal_guide_is_captured(psp_sandbox: SandboxProcess) -> None:
    assert '"final_capture":true' in typed(psp_sandbox, "paypal-payment")
    listed = typed(psp_sandbox, "paypal-lists")
    assert '"custom_id":"cart-7"' in listed
    assert psp_sandbox.state("any")["paypal"]["by_custom_id"] == {
        "cart-7": {"orders": 1, "captures": 1, "captured_minor": 10_000, "refunded_minor": 0}
    }


def test_day_of_the_paypal_guide_is_settled(psp_sandbox: SandboxProcess) -> None:
    typed(psp_sandbox, "paypal-payment")
    (file,) = json.loads(typed(psp_sandbox, "paypal-settlement"))["data"]
    assert (file["rows"], file["name"][:4]) == (2, "STL-")


def test_paypal_guide_lists_each_settlement_fault_and_code(guide: str) -> None:
    for kind in (*get_args(RowFault), *get_args(FileFault)):
        assert f"| `{kind}` |" in guide
    table = guide.partition("`move` takes these codes:")[2].partition("## ")[0]
    assert set(re.findall(r"`(T\d{4})`", table)) == set(settlement_helpers.CODES)


def test_other_blocks_of_the_paypal_guide_run(psp_sandbox: SandboxProcess) -> None:
    assert typed(psp_sandbox, "paypal-root").startswith("-----BEGIN CERTIFICATE-----")
    (fault,) = json.loads(typed(psp_sandbox, "paypal-fault"))["faults"]
    assert fault["match"]["operation"] in OPERATIONS


def test_paypal_guide_names_each_operation_and_no_other(guide: str) -> None:
    named = set(re.findall(r"`((?:GET|POST|DELETE) v\d/[a-z0-9_/{}-]+)`", guide))
    assert named - OPERATIONS == set()
    on_payments = {one for one in OPERATIONS if "/checkout/" in one or "/payments/" in one}
    assert on_payments <= named


def test_paypal_guide_lists_each_funding_and_card(guide: str) -> None:
    assert approval_page.FUNDINGS.keys() == payment_machine.CAPTURED.keys()
    for funding, (status, _) in payment_machine.CAPTURED.items():
        row = re.search(rf"^\| `{funding}` \| (.*) \|", guide, re.MULTILINE)
        assert row is not None, funding
        assert row[1].startswith(f"`{status}`")
    for name, code in REJECTIONS.items():
        assert f"| `{name}` | `{code}` |" in guide


def test_paypal_guide_lists_each_helper_and_event() -> None:
    guide = (PROJECT / GUIDE).read_text()
    for method, route in test_helpers.OPERATIONS:
        kind, _, step = route.partition("/")
        path = f"/sandbox/paypal/{kind}/{{id}}/{step}" if step else f"/sandbox/paypal/{kind}"
        listed = f"/sandbox/paypal/{kind}/{{id}}/{{step}}" in guide and f"`{step}`" in guide
        assert path in guide or listed, f"{method} {path}"
    for event_type in get_args(EventType):
        assert f"`{event_type}`" in guide or f"`{event_type.rpartition('.')[2]}`" in guide, event_type
