"""`fincore reconcile fetch`, `files` and `sources`: what they print, and their exit codes."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import pytest
import standardwebhooks

from fincore.__main__ import main
from fincore.bootstrap import evidence_bucket
from fincore.bootstrap.databases import Databases, open_stores
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.reconciliation import run
from fincore.domain.errors import ConfigurationError
from fincore.postgres.database_clock import running_clock
from fincore.postgres.pool import Pool
from fincore.reconciliation.fetching import look
from fincore.reconciliation.files import SettlementFiles
from fincore.reconciliation.notification import teller
from fixtures.settlement_sources import DECLARED
from fixtures.waiting import eventually
from fixtures.webhook_receiver import WebhookReceiver

BANK_CSV = "date,amount,currency,reference,account\n2026-11-20,-3.00,EUR,E1,DE1\n"
AWS_AWAY = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_CONFIG_FILE": "/nowhere",
    "FINCORE_SETTLEMENT_EVIDENCE": "s3://evidence",
    "FINCORE_SETTLEMENT_BUCKET_REGION": "eu-central-1",
    "FINCORE_SETTLEMENT_BUCKET_URL": "http://127.0.0.1:9",
}

Typed = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def offered(tmp_path: Path) -> Path:
    folder = tmp_path / "offered"
    folder.mkdir()
    return folder


@pytest.fixture
def typed(
    offered: Path,
    dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Typed:
    """Runs the command; returns its exit code and what it prints."""
    file = tmp_path / "sources.toml"
    file.write_text(DECLARED.format(folder=offered))
    monkeypatch.setenv("FINCORE_EVENTSTORE_DSN", dsn)
    monkeypatch.setenv("FINCORE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FINCORE_SETTLEMENT_SOURCES_FILE", str(file))
    monkeypatch.setattr(look, "SETTLE_SECONDS", 0.0)

    async def typed(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["fincore", "reconcile", *words])

        def run() -> int:
            try:
                main()
            except SystemExit as ended:
                return int(ended.code or 0)
            return 0

        code = await asyncio.to_thread(run)
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return typed


async def test_fetched_files_are_printed_and_listed(offered: Path, typed: Typed, tmp_path: Path) -> None:
    (offered / "STL-1.CSV").write_text("one")
    code, printed = await typed("fetch")
    assert code == 0, printed
    assert printed.splitlines()[1].split()[2:] == ["STL-1.CSV", "3", "new"]
    assert await typed("fetch", "--source=paypal_eu") == (0, "none\n")
    code, printed = await typed("files")
    (row,) = printed.splitlines()[1:]
    assert row.split()[1:3] == ["paypal_eu", "paypal/eu"]
    assert row.split()[-3:-1] == ["kept", "STL-1.CSV"]
    assert row.split()[-1].startswith("7692c3ad3540")
    assert len(list((tmp_path / "data" / "settlement" / "paypal" / "eu").iterdir())) == 1
    assert await typed("files", "--status=refused") == (0, "none\n")


async def test_why_a_file_was_refused_is_listed(offered: Path, typed: Typed, pool: Pool) -> None:
    (offered / "STL-1.CSV").write_text("one")
    (offered / "STL-2.CSV").write_text("one")
    await typed("fetch")
    await pool.execute(
        "update reconciliation.files set status = 'refused', refusal_line = 1204, refusal = 'SB before CH'"
    )
    _, printed = await typed("files", "--status=refused", "--source=paypal_eu")
    assert "line 1,204: SB before CH; came 2 times" in printed


async def test_source_that_cannot_be_read_fails_the_command(offered: Path, typed: Typed) -> None:
    offered.rmdir()
    code, printed = await typed("fetch")
    assert code == 1
    assert f"paypal_eu: the folder {offered} cannot be read (No such file or directory)" in printed
    code, printed = await typed("sources")
    assert code == 0
    assert "No such file or directory" in printed


async def test_sources_are_listed_with_what_is_missing(typed: Typed, offered: Path, pool: Pool) -> None:
    for name in ("STL-1.CSV", "STL-2.CSV"):
        (offered / name).write_text(name)
    await typed("fetch")
    for name, day in (("STL-1.CSV", "2026-11-20"), ("STL-2.CSV", "2026-11-22")):
        await pool.execute(
            "update reconciliation.files set status = 'read', parser_version = '1', period_start = $2::date, "
            "period_end = $2::date + interval '1 day - 1 second', states_period = true where name = $1",
            name,
            date.fromisoformat(day),
        )
    _, printed = await typed("sources")
    header, row = printed.splitlines()
    assert header.split()[:4] == ["source", "account", "mode", "format"]
    assert "2026-11-20 23:59:59 to 2026-11-22 00:00:00" in row


@pytest.mark.parametrize("words", [("fetch", "--source=paypal_us"), ("files", "--status=lost")])
async def test_wrong_argument_is_told(typed: Typed, words: tuple[str, ...]) -> None:
    code, printed = await typed(*words)
    assert code == 2, printed


async def test_role_fetches_until_it_is_told_to_stop(
    typed: Typed, offered: Path, databases: Databases
) -> None:
    (offered / "STL-1.CSV").write_text("one")
    stop = asyncio.Event()
    async with (
        open_stores(databases, application_name="tests-reconciliation") as stores,
        running_clock(stores.eventstore) as clock,
    ):
        role = asyncio.create_task(run(read_settings(os.environ), stores, clock, stop))
        files = SettlementFiles(stores.ledgerdb)

        async def is_fetched() -> bool:
            return len(await files.list(limit=10)) == 1

        await eventually(is_fetched)
        stop.set()
        await role
    _, printed = await typed("files")
    assert "STL-1.CSV" in printed


async def test_role_tells_operations_of_a_refused_file(
    typed: Typed, offered: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the file in the folder to the signed webhook, and no longer than the role runs."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    monkeypatch.setattr(teller.Teller.__init__, "__kwdefaults__", {"interval_seconds": 0.05})
    (offered / "STL-1.CSV").write_text("one")
    stop = asyncio.Event()
    with WebhookReceiver() as receiver:
        monkeypatch.setenv("FINCORE_OPS_WEBHOOK_URL", receiver.url)
        monkeypatch.setenv("FINCORE_OPS_WEBHOOK_SECRET", secret)
        async with (
            open_stores(databases, application_name="tests-reconciliation") as stores,
            running_clock(stores.eventstore) as clock,
        ):
            role = asyncio.create_task(run(read_settings(os.environ), stores, clock, stop))
            (one,) = await asyncio.to_thread(receiver.take, 1, timeout_seconds=60)
            stop.set()
            await role
    headers = {name.lower(): value for name, value in one.headers.items()}
    told = standardwebhooks.Webhook(secret).verify(one.body, headers)
    assert told["data"]["subject"] == "Reconciliation: nothing uncleared, 1 new break"
    assert "file_refused: STL-1.CSV" in told["data"]["findings"][1]
    _, printed = await typed("notices")
    assert "webhook sent" in printed


async def test_role_without_sources_says_what_to_set(databases: Databases, dsn: str) -> None:
    settings = read_settings({"FINCORE_EVENTSTORE_DSN": dsn})
    async with (
        open_stores(databases, application_name="tests-reconciliation") as stores,
        running_clock(stores.eventstore) as clock,
    ):
        with pytest.raises(ConfigurationError, match="set FINCORE_SETTLEMENT_SOURCES_FILE"):
            await run(settings, stores, clock, asyncio.Event())


async def test_fetch_without_sources_says_what_to_set(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FINCORE_SETTLEMENT_SOURCES_FILE")
    code, printed = await typed("fetch")
    assert code == 2
    assert "set FINCORE_SETTLEMENT_SOURCES_FILE" in printed


async def test_kept_files_are_read_again(offered: Path, typed: Typed, tmp_path: Path) -> None:
    (offered / "STL-1.CSV").write_text("one")
    (offered / "STL-2.CSV").write_text("two")
    await typed("fetch")
    assert await typed("evidence") == (0, "2 kept files with 6 bytes read again: each is as it came\n")
    altered, missing = sorted((tmp_path / "data" / "settlement").rglob("*STL-*"))
    altered.chmod(0o600)
    altered.write_text("oops")
    missing.unlink()
    code, told = await typed("evidence")
    assert code == 1
    assert "2 are not as they came" in told
    assert f"{altered.name} was altered" in told
    assert f"{missing.name} cannot be read" in told


async def test_statement_of_a_bank_is_read_again(typed: Typed, tmp_path: Path) -> None:
    statement = tmp_path / "statement.csv"
    statement.write_text(BANK_CSV)
    code, told = await typed(
        "bank", "import", str(statement), "--bank=main", "--format=bank_csv", "--rows=1", "--new"
    )
    assert code == 0, told
    assert (await typed("evidence"))[0] == 0
    (kept,) = (tmp_path / "data" / "settlement" / "bank").rglob("*.csv")
    kept.unlink()
    code, told = await typed("evidence")
    assert code == 1
    assert "statement 1 of main: the kept file bank/main/" in told


async def test_evidence_that_cannot_be_reached_is_one_sentence(
    offered: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    (offered / "STL-1.CSV").write_text("one")
    await typed("fetch")
    for name, value in AWS_AWAY.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(evidence_bucket, "TRIES_MAX", 1)
    code, told = await typed("evidence")
    assert code != 0
    assert "S3 cannot be reached" in told
    assert "Traceback" not in told
    assert told.count("\n") == 1
