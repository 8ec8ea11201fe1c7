"""The books on their way out, read back by those they are for: Beancount, a CSV reader, a JSON parser."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from beancount import loader
from beancount.core import realization
from beancount.core.data import Transaction

from fincore.backoffice.books import require_order
from fincore.cli.output_file import written_to
from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.errors import ConfigurationError, UsageError
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.domain.ids import charge_of
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.read.ledger.ledger_service import LedgerService
from fincore.read.ledgerdb import export as export_module
from fincore.read.ledgerdb.beancount_text import OPENING, beancount_account
from fincore.read.ledgerdb.export import LedgerExport
from fincore.read.ledgerdb.export_formats import CSV_COLUMNS, FORMATS, ExportFormat
from fixtures.commits import created
from fixtures.forking import FORK_SERVER
from fixtures.money_events import EXAMPLES, MERCHANT, captured, refunded, withdrawn
from fixtures.traffic import follow, live, running_writer, store_pool

BEAN_CHECK = str(Path(sys.executable).with_name("bean-check"))
KWD, JPY = Currency("kwd"), Currency("jpy")
FIRST_DAY = date(2026, 3, 1)

_A_DAY_EACH = """
set session_replication_role = replica;
update ledgerdb.entries set booked_at = '2026-03-01 12:00+00'::timestamptz + (entry_id - 1) * interval '1 day';
set session_replication_role = origin;
"""


@pytest.fixture
async def ledgerdb(dsn: str) -> AsyncIterator[Pool]:
    async with store_pool(dsn, "ledgerdb") as pool:
        yield pool


@pytest.fixture
async def booked(pool: Pool, ledgerdb: Pool, owner_pool: Pool) -> Pool:
    """An entry of each kind, in four currencies, one of them to suspense; and one of live money. Each on a day of its own."""
    lives: list[tuple[ChargeEvent, ...]] = [
        (created(), *EXAMPLES.values()),
        (created(), captured(currency=JPY, amount_minor=500), refunded(currency=JPY, amount_minor=499)),
        (created(), captured(currency=KWD, amount_minor=12_345, fee_currency=Currency("eur"))),
        (created(), withdrawn(currency=KWD, amount_minor=99_999, fee_minor=1)),
        (created(), captured(amount_minor=-5)),
        (created(livemode=True), captured(livemode=True)),
    ]
    async with running_writer(pool) as writer:
        await live(writer, lives)
    await follow(EventLog(pool, CHARGE_EVENTS), ledgerdb, LedgerService())
    await owner_pool.execute(_A_DAY_EACH)
    return ledgerdb


async def exported(
    pool: Pool,
    file_format: ExportFormat,
    *,
    livemode: bool = False,
    from_day: date | None = None,
    to_day: date | None = None,
) -> str:
    export = LedgerExport(pool, livemode=livemode, from_day=from_day, to_day=to_day)
    return "".join([piece async for piece in export.pieces(FORMATS[file_format])])


def loaded(text: str) -> list[Any]:
    entries, errors, _ = loader.load_string(text)
    assert errors == []
    return entries


def held(entries: list[Any], account: str, currency: str) -> Decimal:
    realized = realization.realize(entries)  # type: ignore[no-untyped-call]  # beancount's, half annotated
    balance = realization.get(realized, account).balance  # type: ignore[no-untyped-call]  # as above
    number: Decimal = balance.get_currency_units(currency.upper()).number
    return number


async def balances(pool: Pool, *, livemode: bool, until: int | None = None) -> dict[tuple[str, str], Decimal]:
    """Account and currency -> what it holds after an entry, summed from its postings, debits positive, as Beancount has it."""
    rows = await pool.fetch(
        "select a.name, a.type, a.currency,"
        " sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end)::bigint as net"
        " from accounts a join postings p using (account_id)"
        " where a.livemode = $1 and p.entry_id <= coalesce($2, p.entry_id) group by a.account_id",
        livemode,
        until,
    )
    return {
        (beancount_account(row["name"], row["type"]), row["currency"]): Decimal(row["net"]).scaleb(
            -EXPONENTS[row["currency"]]
        )
        for row in rows
    }


@pytest.mark.parametrize("livemode", [False, True], ids=["test", "live"])
async def test_beancount_finds_the_balances_that_the_ledger_has(booked: Pool, *, livemode: bool) -> None:
    entries = loaded(await exported(booked, "beancount", livemode=livemode))
    expected = await balances(booked, livemode=livemode)
    assert len(expected) >= 3
    for (account, currency), amount in expected.items():
        assert held(entries, account, currency) == amount


async def test_export_of_days_has_opening_and_closing_balances(
    booked: Pool,
) -> None:
    total = await booked.fetchval("select count(*) from entries")
    assert total > 10
    for first in range(1, total + 1):
        last = min(first + 3, total)
        from_day, to_day = (FIRST_DAY + timedelta(days=entry_id - 1) for entry_id in (first, last))
        entries = loaded(await exported(booked, "beancount", from_day=from_day, to_day=to_day))
        for (account, currency), amount in (await balances(booked, livemode=False, until=last)).items():
            assert held(entries, account, currency) == amount
            assert held(entries, OPENING, currency) == 0
        in_range = await booked.fetch(
            "select entry_id from entries where not livemode and entry_id between $1 and $2", first, last
        )
        shown = [
            one.meta["entry_id"] for one in entries if isinstance(one, Transaction) and "entry_id" in one.meta
        ]
        assert shown == [row["entry_id"] for row in in_range]


@pytest.mark.parametrize(
    "days", [(-9, -5), (100, 200), (100, None), (None, -5)], ids=["before", "after", "on", "until"]
)
async def test_export_of_days_without_entries_is_valid(
    booked: Pool, days: tuple[int | None, int | None]
) -> None:
    from_day, to_day = (None if day is None else FIRST_DAY + timedelta(days=day) for day in days)
    text = await exported(booked, "beancount", from_day=from_day, to_day=to_day)
    transactions = [one for one in loaded(text) if isinstance(one, Transaction)]
    assert all(one.narration == "opening balance" for one in transactions)
    assert bool(transactions) == ((from_day or FIRST_DAY) > FIRST_DAY)
    assert await exported(booked, "jsonl", from_day=from_day, to_day=to_day) == ""


async def test_a_ledger_without_entries_can_be_exported(ledgerdb: Pool) -> None:
    assert loaded(await exported(ledgerdb, "beancount")) == []
    assert await exported(ledgerdb, "csv") == ",".join(CSV_COLUMNS) + "\n"
    assert await exported(ledgerdb, "jsonl") == ""


async def test_csv_and_json_lines_export_the_same_postings(booked: Pool) -> None:
    rows = list(csv.DictReader(io.StringIO(await exported(booked, "csv"))))
    lines = [json.loads(line) for line in (await exported(booked, "jsonl")).splitlines()]
    assert len(rows) == await booked.fetchval(
        "select count(*) from postings join entries using (entry_id) where not livemode"
    )
    flat = [{**entry, **posting} for entry in lines for posting in entry["postings"]]
    for row, entry in zip(rows, flat, strict=True):
        del entry["postings"]
        told = {key: "" if value is None else str(value) for key, value in entry.items()}
        assert row == told | {"livemode": "false"}


async def test_exported_posting_has_minor_units_and_units(booked: Pool) -> None:
    rows = list(csv.DictReader(io.StringIO(await exported(booked, "csv"))))
    by_currency = {
        row["currency"]: (int(row["amount_minor"]), row["amount"])
        for row in reversed(rows)
        if row["leg"] == "1"
    }
    assert by_currency == {
        "usd": (10_000, "100.00"),
        "jpy": (500, "500"),
        "kwd": (12_345, "12.345"),
    }
    first = rows[0]
    assert first["charge"].startswith("ch_")
    assert first["event_id"].startswith("evt_")
    assert (first["kind"], first["booked_at"], first["effective_at"]) == (
        "charge.captured",
        "2026-03-01T12:00:00Z",
        "2026-01-02T12:00:00Z",
    )
    assert {row["account"] for row in rows} >= {
        f"merchant:{MERCHANT}:payable:usd",
        "psp:stripe:test:clearing:kwd",
    }


@pytest.mark.parametrize("file_format", list(FORMATS))
async def test_export_is_equal_for_any_read_size(
    booked: Pool, monkeypatch: pytest.MonkeyPatch, file_format: ExportFormat
) -> None:
    whole = await exported(booked, file_format)
    monkeypatch.setattr(export_module, "ENTRIES_AT_A_TIME", 2)
    export = LedgerExport(booked, livemode=False)
    pieces = [piece async for piece in export.pieces(FORMATS[file_format])]
    assert "".join(pieces) == whole
    assert len(pieces) > 7


async def test_entry_booked_during_export_is_not_exported(booked: Pool, pool: Pool) -> None:
    export = LedgerExport(booked, livemode=False)
    pieces = export.pieces(FORMATS["beancount"])
    text = await anext(pieces)
    async with running_writer(pool) as writer:
        (late,) = await live(writer, [(created(), captured(amount_minor=777))])
    await follow(EventLog(pool, CHARGE_EVENTS), booked, LedgerService())
    text += "".join([piece async for piece in pieces])
    assert loaded(text)
    assert charge_of(late) not in text
    assert charge_of(late) in await exported(booked, "beancount")


async def written(booked: Pool, file: Path, *, may_replace: bool = False) -> None:
    with written_to(file, may_replace=may_replace) as write:
        async for piece in LedgerExport(booked, livemode=False).pieces(FORMATS["jsonl"]):
            write(piece)


async def test_a_file_is_replaced_only_where_that_was_asked_for(booked: Pool, tmp_path: Path) -> None:
    file = tmp_path / "books.jsonl"
    await written(booked, file)
    assert file.read_text() == await exported(booked, "jsonl")
    file.write_text("mine")
    with pytest.raises(ConfigurationError, match=r"books\.jsonl exists: choose another name"):
        await written(booked, file)
    assert file.read_text() == "mine"
    await written(booked, file, may_replace=True)
    assert file.read_text() == await exported(booked, "jsonl")
    assert [found.name for found in tmp_path.iterdir()] == ["books.jsonl"]
    with pytest.raises(ConfigurationError, match="cannot be written: No such file or directory"):
        await written(booked, tmp_path / "nowhere" / "books.jsonl")


async def test_failed_export_leaves_no_new_file_and_keeps_old(
    booked: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    old.write_text("last month")

    async def dying(_: LedgerExport, __: object) -> AsyncIterator[list[Any]]:
        yield []
        raise ConnectionResetError("the database went away")

    monkeypatch.setattr(LedgerExport, "entries", dying)
    for file in (old, new):
        with pytest.raises(ConnectionResetError, match="went away"):
            await written(booked, file, may_replace=True)
    assert [(found.name, found.read_text()) for found in tmp_path.iterdir()] == [("old.jsonl", "last month")]


def test_days_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(UsageError, match="--from 2026-03-02 is after --to 2026-03-01"):
        require_order(FIRST_DAY + timedelta(days=1), FIRST_DAY)


async def test_the_command_writes_a_file_that_bean_check_passes(
    booked: Pool, dsn: str, tmp_path: Path
) -> None:
    file = tmp_path / "march.beancount"
    fincore = [FORK_SERVER.python, "-m", "fincore", "ledger", "export", "--format", "beancount"]
    environment = {"FINCORE_EVENTSTORE_DSN": dsn, "PATH": ""}
    days = ["--from", "2026-03-03", "--to", "2026-03-31"]

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    done = run(*fincore, *days, "--output", str(file))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    checked = run(BEAN_CHECK, str(file))
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    piped = run(*fincore, *days)
    assert (
        piped.stdout
        == file.read_text()
        == await exported(booked, "beancount", from_day=date(2026, 3, 3), to_day=date(2026, 3, 31))
    )
    again = run(*fincore, "--output", str(file))
    assert (again.returncode, again.stderr.count("--force")) == (1, 1)
    file.write_text(file.read_text().replace(" 100.00 USD", " 100.01 USD", 1))
    assert run(BEAN_CHECK, str(file)).returncode == 1
