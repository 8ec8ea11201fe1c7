"""`fincore reconcile bank import` and `list`: what they print, keep and refuse."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import pytest

from fincore.__main__ import main

HEADER = "date,amount,currency,reference,account"
Typed = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def typed(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typed:
    """Runs `fincore reconcile bank`; returns its exit code and what it prints."""
    monkeypatch.setenv("FINCORE_EVENTSTORE_DSN", dsn)
    monkeypatch.setenv("FINCORE_DATA_DIR", str(tmp_path / "data"))

    async def typed(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["fincore", "reconcile", "bank", *words])

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


def statement(tmp_path: Path, name: str, *rows: str) -> str:
    file = tmp_path / name
    file.write_text("\n".join([HEADER, *rows, ""]))
    return str(file)


async def test_imported_bank_statement_is_kept_and_listed(typed: Typed, tmp_path: Path) -> None:
    bank = f"b{uuid4().hex[:16]}"
    file = statement(tmp_path, "november.csv", "2026-11-20,-3.00,EUR,E1,DE1")
    options = ("--bank", bank, "--format", "bank_csv", "--rows", "1")
    code, printed = await typed("import", file, *options, "--new")
    assert (code, f"of {bank}: 1 line\n" in printed) == (0, True), printed
    kept = [one for one in (tmp_path / "data").rglob("*-november.csv") if bank in one.parts]
    assert [one.read_text() for one in kept] == [Path(file).read_text()]
    code, printed = await typed("list", "--bank", bank)
    assert code == 0
    assert all(word in printed for word in (bank, "DE1", "november.csv", "2026-11-20")), printed
    code, printed = await typed("import", file, *options)
    assert (code, "nothing is imported" in printed) == (0, True)


async def test_mistyped_bank_name_imports_nothing(typed: Typed, tmp_path: Path) -> None:
    file = statement(tmp_path, "november.csv", "2026-11-20,-3.00,EUR,E1,DE1")
    code, printed = await typed(
        "import", file, "--bank", f"b{uuid4().hex[:16]}", "--format", "bank_csv", "--rows=1"
    )
    assert code != 0
    assert "add --new" in printed


async def test_statement_that_may_be_cut_off_is_refused(typed: Typed, tmp_path: Path) -> None:
    """The bank shows two entries, and the file ends after the first one."""
    options = ("--bank", f"b{uuid4().hex[:16]}", "--format", "bank_csv", "--new")
    file = statement(tmp_path, "cut.csv", "2026-11-20,-3.00,EUR,E1,DE1")
    code, printed = await typed("import", file, *options)
    assert (code != 0, "Add --rows" in printed) == (True, True), printed
    code, printed = await typed("import", file, *options, "--rows=2")
    assert (code != 0, "it has 1 entry, and the bank shows 2" in printed) == (True, True), printed
    assert not list((tmp_path / "data").rglob("*-cut.csv"))
    code, printed = await typed("import", file, *options, "--rows=1")
    assert code == 0, printed


async def test_statement_of_another_bank_account_is_refused(typed: Typed, tmp_path: Path) -> None:
    bank = f"b{uuid4().hex[:16]}"
    options = ("--bank", bank, "--format", "bank_csv", "--rows=1", "--new")
    await typed("import", statement(tmp_path, "a.csv", "2026-11-20,-3.00,EUR,E1,DE1"), *options)
    code, printed = await typed(
        "import", statement(tmp_path, "b.csv", "2026-11-21,-3.00,EUR,E2,DE2"), *options
    )
    assert code != 0
    assert "line 2: is about the account 'DE2'" in printed
    assert not list((tmp_path / "data").rglob("*-b.csv"))
