"""What a process says of the ledger that it has not looked at."""

import subprocess
import sys


def test_ledger_metrics_before_first_check_are_nan() -> None:
    # In a process of its own: others may have looked in this one.
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import fincore.read.ledgerdb.metrics, prometheus_client as p; print(p.generate_latest().decode())",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert "fincore_ledger_altered_rows NaN" in told
    assert "fincore_ledger_sealed_entry NaN" in told
