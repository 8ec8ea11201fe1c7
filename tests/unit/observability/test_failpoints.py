"""Failpoints: nothing dies unless it was armed, and then by SIGKILL at the hit that was asked for."""

import signal
import subprocess
import sys

import pytest

from fincore.observability import failpoints


def test_failpoints_are_disarmed_by_default() -> None:
    assert not failpoints.is_any_armed()
    for name in failpoints.FAILPOINTS:
        where, _, place = name.rpartition(".")
        failpoints.failpoint(where, "before" if place == "before" else "after")


def test_an_armed_process_dies_at_the_hit_asked_for() -> None:
    script = (
        "from fincore.observability import failpoints\n"
        "failpoints.arm('psp.capture.after', hits=2)\n"
        "for n in range(3):\n"
        "    failpoints.failpoint('psp.capture', 'before')\n"
        "    print(n, flush=True)\n"
        "    failpoints.failpoint('psp.capture', 'after')\n"
    )
    died = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert died.returncode == -signal.SIGKILL
    assert died.stdout.split() == ["0", "1"]


def test_a_place_that_does_not_exist_cannot_be_armed() -> None:
    with pytest.raises(ValueError, match="no failpoint"):
        failpoints.arm("psp.captrue.after")
