"""The demo, as `make demo` runs it, from an empty folder."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

import asyncpg
import pytest

from fincore.bootstrap.databases import databases_of
from fincore.bootstrap.environment import read_settings
from fixtures.forking import FORK_SERVER

ROOT: Final = Path(__file__).parents[2]
TIMEOUT_SECONDS: Final = 300.0


class Demo(NamedTuple):
    """A demo that has ended: its exit code, what it said, and the folder that it left."""

    code: int
    said: str
    data_dir: Path


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """One demo for the tests that look at what it said and left."""
    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [FORK_SERVER.python, "-m", "demo"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    return Demo(done.returncode, done.stdout + done.stderr, folder / "var" / "demo" / "data")


def test_demo_takes_payments_and_all_records_agree(demo: Demo) -> None:
    said = demo.said
    assert demo.code == 0, said
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
    assert "7 accounts tied to the ledger" in said
    assert re.search(r"\d +open +amount +-5\.00 EUR +paypal/shop .* ch_\w{26}\n", said)
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
    ) as running:
        assert running.stdout is not None
        begun = running.stdout.readline() + running.stdout.readline()
        running.terminate()
        said, _ = running.communicate(timeout=TIMEOUT_SECONDS)
    assert running.returncode == 0, begun + said
    assert "stopping" in said
    assert list((tmp_path / "var").rglob("postmaster.pid")) == []


@pytest.mark.long
def test_lost_ledgerdb_is_derived_anew_from_log_and_evidence(demo: Demo) -> None:
    """Real files of two PSPs, two runs: with both schemas dropped, the role books the log, and the command derives the rest."""
    environment = os.environ | {
        "FINCORE_DATA_DIR": str(demo.data_dir),
        "FINCORE_STRIPE_TEST_SECRET_KEY": "sk_test_1",
        "FINCORE_STRIPE_TEST_WEBHOOK_SECRETS": "whsec_1",
        "FINCORE_OPS_PORT": "0",
    }

    def fincore(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "fincore", *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def looked() -> list[str]:
        return [
            fincore("ledger", "trial-balance"),
            fincore("reconcile", "breaks"),
            fincore("reconcile", "report", run_id),
        ]

    with databases_of(read_settings(environment)) as databases:
        run_id = asyncio.run(last_match(databases.ledgerdb))
        before = looked()
        asyncio.run(lose_ledgerdb(databases.ledgerdb))
    fincore("migrate")
    with subprocess.Popen(
        [sys.executable, "-m", "fincore", "run", "ledger"], env=environment, stderr=subprocess.DEVNULL
    ) as ledger:
        try:
            told = fincore("rebuild", "reconciliation")
        finally:
            ledger.terminate()
    assert "derived anew: 7 files, 2 runs, 0 adjustments" in told
    assert looked() == before
    assert "invariants hold over" in fincore("check")


async def last_match(dsn: str) -> str:
    """The last run that matched something: the log tells of no other."""
    connection = await asyncpg.connect(dsn)
    try:
        found = await connection.fetchval(
            "select run_id from reconciliation.runs join reconciliation.matched_totals using (run_no) order by run_no desc limit 1"
        )
    finally:
        await connection.close()
    return str(found)


async def lose_ledgerdb(dsn: str) -> None:
    """Drop all that is in LedgerDB's database, and the record of its migrations."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("drop schema reconciliation cascade; drop schema ledgerdb cascade")
        tables = await connection.fetch(
            "select tablename from pg_tables where schemaname = 'public' and tablename ~ '(ledgerdb|reconciliation)_schema$'"
        )
        for row in tables:
            await connection.execute(f"drop table public.{row['tablename']} cascade")
    finally:
        await connection.close()
