"""The demo, as `make demo` runs it, from an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from fixtures.forking import FORK_SERVER

ROOT: Final = Path(__file__).parents[2]
TIMEOUT_SECONDS: Final = 300.0


def test_demo_takes_payments_and_all_records_agree(tmp_path: Path) -> None:
    done = subprocess.run(
        [FORK_SERVER.python, "-m", "demo"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
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
    assert said.count("account away, on to the next, 60.00 taken") == 12
    assert re.search(
        r"of \d+ calls within 60 s did not reach the account|call that tried the account did not", said
    )
    assert "risk: block; rule card-testing of version 1" in said
    assert "approved; the capture is under way" in said
    blocked = set(re.findall(r"(stolen card no\. \d|a watch) +\d+\.00 USD +failed +blocked_by_risk", said))
    assert blocked == {"a watch", *(f"stolen card no. {number}" for number in range(4, 9))}
    assert re.findall(r"(\w+/\w+ \w{3}) .*\d  explained", said) == [
        *(f"paypal/shop {currency}" for currency in ("eur", "usd")),
        *(f"stripe/test {currency}" for currency in ("eur", "gbp", "jpy", "kwd", "usd")),
    ]
    assert re.search(
        r"paypal/shop eur +479\.64 +479\.64 +0\.00 +79\.64 +79\.64 +400\.00 +0\.00  explained", said
    )
    assert re.search(r"amount +1 +-5\.00 EUR +open", said)
    assert "usd: balanced" in said
    assert "invariants hold over" in said


def test_demo_that_is_terminated_stops_what_it_started(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "demo"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        begun = demo.stdout.readline() + demo.stdout.readline()
        demo.terminate()
        said, _ = demo.communicate(timeout=TIMEOUT_SECONDS)
    assert demo.returncode == 0, begun + said
    assert "stopping" in said
    assert list((tmp_path / "var").rglob("postmaster.pid")) == []
