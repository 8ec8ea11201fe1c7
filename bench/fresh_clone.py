"""From a fresh clone to the first payment, with the packages already in uv's cache."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

from bench.figures import Figure, show

TIMEOUT_SECONDS: Final = 300.0
_PAID: Final = "succeeded"


def measure() -> None:
    """Clone this repository as committed, run `make demo`, and time it until a payment has succeeded."""
    folder = Path(tempfile.mkdtemp(prefix="fincore-clone-"))
    try:
        began = time.monotonic()
        subprocess.run(["git", "clone", "--quiet", str(Path.cwd()), str(folder / "fincore")], check=True)  # noqa: S607 - git as it is found
        cloned = time.monotonic() - began
        paid, output = _paid(folder / "fincore", began)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if paid is None:
        raise RuntimeError(f"no payment succeeded in a fresh clone:\n{output[-2_000:]}")
    show(
        "Fresh clone",
        "git clone of this repository as committed, then `make demo` with a warm package cache, until the first payment "
        "is shown as succeeded.",
        [Figure(name="clone to first payment", value=paid, unit="s", target=60, lower_is_better=True)],
        [f"of which git clone: {cloned:.1f} s"],
    )


def _paid(clone: Path, began: float) -> tuple[float | None, str]:
    """Seconds until a payment succeeded, if one did, and what was printed."""
    lines: list[str] = []
    paid: float | None = None
    with subprocess.Popen(
        ["make", "demo"],  # noqa: S607 - make as it is found
        cwd=clone,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as demo:
        if demo.stdout is None:
            raise RuntimeError("the demo has no standard output")
        for line in demo.stdout:
            lines.append(line)
            if paid is None and _PAID in line:
                paid = time.monotonic() - began
            if time.monotonic() - began > TIMEOUT_SECONDS:
                demo.terminate()
                break
    return paid, "".join(lines)
