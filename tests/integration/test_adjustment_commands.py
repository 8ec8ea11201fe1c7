"""`fincore reconcile adjust`, `write-off`, `reverse`, `explain-opening` and `adjustments`: what they print, and what they refuse."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from fincore.__main__ import main
from fincore.postgres.pool import create_pool
from fixtures.settlement_account import Settlement, line, settlement
from fixtures.traffic import store_pool

Typed = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def typed(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typed:
    """Runs `fincore reconcile`; returns its exit code and what it prints."""
    monkeypatch.setenv("FINCORE_EVENTSTORE_DSN", dsn)
    monkeypatch.setenv("FINCORE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FINCORE_ADJUSTMENT_LIMITS_MINOR", "usd:1000:100000")

    async def typed(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["fincore", "reconcile", *words])

        def run() -> int:
            try:
                main()
            except SystemExit as ended:
                return int(ended.code or 0)
            return 0

        capsys.readouterr()
        code = await asyncio.to_thread(run)
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return typed


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


async def broken(account: Settlement, gross_minor: int, *, opening_minor: int = 0) -> str:
    """A line that nothing explains; the number of its break."""
    await account.fetched([line("adjustment", gross_minor)], beginning_minor={"usd": opening_minor})
    await account.reconciliation.run()
    return str(await account.ledgerdb.fetchval("select max(break_id) from reconciliation.breaks"))


WHO = ("--reason=agreed with the PSP", "--by=ada")


async def test_break_is_written_off_listed_and_taken_back(account: Settlement, typed: Typed) -> None:
    number = await broken(account, -700)
    code, printed = await typed("write-off", number, "--amount-minor=-700", *WHO)
    assert code == 0, printed
    assert f"ends the break {number}: -7.00 USD against expense:write_offs:paypal:" in printed
    (adjustment,) = re.findall(r"adj_\w+", printed)
    assert (await typed("write-off", number, "--amount-minor=-700", *WHO))[1] == printed
    code, printed = await typed("adjustments")
    assert code == 0
    assert all(
        word in printed for word in (adjustment, "unexpected_movement", "ada", "-7.00 USD", "waits for a run")
    )
    await account.reconciliation.run()
    assert "matched" in (await typed("adjustments"))[1]
    code, printed = await typed("reverse", adjustment, "--reason=the PSP paid", "--by=grace")
    assert (code, "is taken back: 7.00 USD" in printed) == (0, True)
    assert "reversed by grace at" in (await typed("adjustments"))[1]


async def test_refused_adjustment_is_one_sentence(account: Settlement, typed: Typed) -> None:
    number = await broken(account, -1_001)
    for words, sentence in (
        (("adjust", "999", "--amount-minor=1"), "there is no break 999"),
        (("adjust", number, "--amount-minor=-1000"), "comes to -10.01 USD"),
        (("adjust", number, "--amount-minor=-1001"), "a second person has to agree"),
    ):
        code, printed = await typed(*words, *WHO)
        assert (code != 0, sentence in printed, printed.count("\n")) == (True, True, 1), printed
    code, printed = await typed("reverse", "adj_nothing", *WHO)
    assert (code != 0, "`fincore reconcile adjustments` lists" in printed) == (True, True)
    assert await account.rows("select from reconciliation.adjustments") == []


async def test_opening_is_explained_by_command(account: Settlement, typed: Typed) -> None:
    await broken(account, -7, opening_minor=900)
    name = f"{account.psp}/{account.psp_account}"
    words = ("explain-opening", name, "--currency=usd", *WHO)
    code, printed = await typed(*words, "--amount-minor=900")
    assert code == 0, printed
    assert f"explains 9.00 USD that {name} held before its first statement" in printed
    code, printed = await typed("explain-opening", name, "--currency=zzz", "--amount-minor=1", *WHO)
    assert (code != 0, "'zzz' is no currency of payments" in printed) == (True, True)
