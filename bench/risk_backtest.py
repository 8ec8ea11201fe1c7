"""How fast `fincore risk test` tries rules on the charges of a log, and how much memory it takes.

Run as a module, it does a `fincore` command in a process of its own and prints a `Used` to standard error.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import msgspec

from bench.cpu import memory_peak_mib
from bench.figures import Figure, show
from bench.history import write_history
from bench.store import Store
from fincore.__main__ import main

CHARGES: Final = (2_000, 20_000)
"""The logs, by their charges: each is two events."""
CUSTOMERS: Final = 5_000
SECONDS_APART: Final = 30.0
TARGET_CHARGES_PER_SECOND: Final = 2_000.0
TIMEOUT_SECONDS: Final = 300.0


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """What a command took."""

    cpu_seconds: float
    memory_peak_mib: float


def measure_back_test(store: Store, rules: str, *, rules_count: int) -> None:
    """Try rules on a short log and on one ten times as long."""
    file = store.folder / "past-rules.toml"
    file.write_text(rules, encoding="utf-8")
    short, long = (_used(store, file, charges) for charges in CHARGES)
    # What both took to begin, such as imports and the check of the rules, is left out of the rate.
    rate = (CHARGES[1] - CHARGES[0]) / (long.cpu_seconds - short.cpu_seconds)
    show(
        "Rules tried on past charges",
        f"`fincore risk test` by {rules_count} rules over five counters, of which none hits, on logs of {CHARGES[0]:,} and {CHARGES[1]:,} "
        f"charges of {CUSTOMERS:,} customers, {SECONDS_APART:g} s apart, each captured. CPU time is that of the command's process.",
        [
            Figure(
                name=f"charges tried by {rules_count} rules, a second of CPU",
                value=rate,
                unit="/s",
                target=TARGET_CHARGES_PER_SECOND,
            ),
            Figure(
                name=f"memory at the peak, {CHARGES[1]:,} charges",
                value=long.memory_peak_mib,
                unit="MiB",
                reference=f"{CHARGES[0]:,} charges",
                reference_value=short.memory_peak_mib,
                lower_is_better=True,
            ),
        ],
    )


def _used(store: Store, file: Path, charges: int) -> Used:
    dsn = store.fresh_database()
    asyncio.run(
        write_history(dsn, charges=charges, merchants=1, seconds_apart=SECONDS_APART, customers=CUSTOMERS)
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FINCORE_")}
    done = subprocess.run(
        [sys.executable, "-m", "bench.risk_backtest", "risk", "test", str(file)],
        env={**clean, "FINCORE_EVENTSTORE_DSN": dsn, "FINCORE_DATA_DIR": str(store.folder)},
        capture_output=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if f": {charges:,} charges".encode() not in done.stdout:
        raise RuntimeError(f"rules were not tried on {charges:,} charges: {done.stderr.decode()}")
    return msgspec.json.decode(done.stderr.splitlines()[-1], type=Used)


if __name__ == "__main__":
    with contextlib.suppress(SystemExit):
        main()
    used = Used(cpu_seconds=time.process_time(), memory_peak_mib=memory_peak_mib(os.getpid()))
    print(msgspec.json.encode(used).decode(), file=sys.stderr)
