"""The demo, as `make demo` runs it, from an empty folder."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
TIMEOUT_SECONDS: Final = 300.0


def test_demo_takes_payments_and_all_records_agree(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo"],
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
    assert "of 10 calls within 60 s did not reach the account" in said
    assert "usd: balanced" in said
    assert "invariants hold over" in said
