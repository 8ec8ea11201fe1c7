"""What the sandbox's guide shows is run, and what its tables say is what the code does."""

import json
import re
import subprocess
from typing import get_args

import pytest

from docs.markdown import named_block, prose
from docs.printed import PROJECT
from fixtures.sandbox import SandboxProcess
from psp_sandbox.stripe import dispute_machine, payout_machine, test_helpers
from psp_sandbox.stripe.api import OPERATIONS
from psp_sandbox.stripe.cards import CARDS
from psp_sandbox.stripe.falsification import FalsificationKind
from psp_sandbox.stripe.report_types import REPORT_TYPES

GUIDE = "docs/guides/sandbox.md"


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


def test_the_guides_dispute_opens_when_the_clock_is_advanced(psp_sandbox: SandboxProcess) -> None:
    psp_sandbox.call("POST", "/sandbox/aftermath", {"delay_seconds": 30})
    assert '"happened":1' in typed(psp_sandbox, "scheduled-effect")
    (dispute,) = json.loads(typed(psp_sandbox, "disputes"))["data"]
    assert (dispute["amount"], dispute["status"], dispute["reason"]) == (
        5000,
        "needs_response",
        "fraudulent",
    )


def test_the_guides_checkout_session_is_paid(psp_sandbox: SandboxProcess) -> None:
    typed(psp_sandbox, "checkout")
    assert psp_sandbox.state()["amount_received"] == {"usd": 1000}


def test_the_guides_payout_can_be_falsified(psp_sandbox: SandboxProcess) -> None:
    assert '"object":"payout"' in typed(psp_sandbox, "payout")
    assert '"kind":"drop_row"' in typed(psp_sandbox, "falsify")


def test_guide_lists_each_payout_step_and_falsification(guide: str) -> None:
    for step in payout_machine.STEPS:
        assert f"/sandbox/payouts/{{id}}/{step}`" in guide
    for kind in get_args(FalsificationKind):
        assert f"| `{kind}` |" in guide


def test_guide_lists_each_type_of_report(guide: str) -> None:
    for name, kind in REPORT_TYPES.items():
        needs = ", ".join(f"`{one}`" for one in sorted(kind.required, reverse=True))
        assert f"| `{name}` | {needs} |" in guide


def test_the_guides_fault_of_an_operation_can_be_ordered(psp_sandbox: SandboxProcess) -> None:
    (fault,) = json.loads(typed(psp_sandbox, "fault-operation"))["faults"]
    assert fault["match"]["operation"] == "POST refunds"


def test_guide_lists_each_card_with_later_effects(guide: str) -> None:
    for card in CARDS:
        if card.disputing is not None or card.refunding != "succeeds":
            assert f"| `{card.tokens[0]}` |" in guide


def test_every_operation_that_is_named_exists(guide: str) -> None:
    named = set(re.findall(r"`((?:GET|POST) [a-z_]+(?:/\{\})?(?:/[a-z_]+)?)`", guide))
    assert "POST payment_intents/{}/capture" in named
    assert named - OPERATIONS == set()


def test_guide_lists_each_dispute_step(guide: str) -> None:
    moves = [
        path.removeprefix("disputes/") for _, path in test_helpers.OPERATIONS if path.startswith("disputes/")
    ]
    assert set(dispute_machine.STEPS) < set(moves)
    for move in moves:
        assert re.search(rf"[`/]{move}`", guide), move


def test_guide_lists_each_dispute_evidence_text(guide: str) -> None:
    for text, _ in dispute_machine.RESOLUTIONS:
        assert f"| `{text}` |" in guide
