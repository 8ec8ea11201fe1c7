"""`fincore reconcile breaks`, `show`, `assign` ... and the decisions about files: what they print, and their exit codes."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from fincore.__main__ import main
from fincore.postgres.pool import Pool
from fixtures.cases import on_one_installation
from fixtures.settlement_account import Settlement, line, settlement
from fixtures.traffic import store_pool

Typed = Callable[..., Awaitable[tuple[int, str]]]
COLUMNS_MAX = 120


@pytest.fixture
async def account(dsn: str, pool: Pool) -> AsyncIterator[Settlement]:
    async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
        yield one


@pytest.fixture
def typed(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typed:
    """Runs a command; returns its exit code and what it prints."""
    monkeypatch.setenv("FINCORE_EVENTSTORE_DSN", dsn)
    monkeypatch.setenv("FINCORE_DATA_DIR", str(tmp_path / "data"))

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


async def test_break_is_followed_from_list_to_answer(account: Settlement, typed: Typed) -> None:
    await account.fetched([line("adjustment", -700, psp_reference="adj_1")])
    await account.reconciliation.run()
    code, printed = await typed("breaks", f"--account=paypal/{account.psp_account}", "--unowned")
    assert code == 0, printed
    row = printed.splitlines()[1].split()
    number = row[0]
    assert row[1:5] == ["open", "unexpected_movement", "-7.00", "USD"]
    code, printed = await typed("show", number)
    assert code == 0, printed
    assert "adj_1" in printed
    assert "next: Ask the PSP what the movement is" in printed
    for words, said in (
        (("assign", number, "--to=ann", "--by=bob"), "owner ann; its owner was none"),
        (("note", number, "--text=asked", "--by=ann"), f"break {number}: open, owner ann"),
        (("claim", number, "--reference=case-1", "--by=ann"), "claimed, owner ann; it was open"),
        (("reopen", number, "--reason=refused", "--by=ann"), "open, owner ann; it was claimed"),
        (("explain", number, "--reason=rounding", "--by=ann"), "explained, owner ann; it was open"),
        (("explain", number, "--reason=rounding", "--by=ann"), "not recorded twice"),
    ):
        code, printed = await typed(*words)
        assert code == 0, printed
        assert said in printed
    code, printed = await typed("claim", number, "--reference=case-2", "--by=bob")
    assert code == 1
    assert printed.startswith(f"fincore: the break {number} is explained (explain by ann at ")
    assert printed.count("\n") == 1
    code, printed = await typed("breaks", "--status=explained", "--owner=ann")
    assert code == 0
    assert max(map(len, printed.splitlines())) <= COLUMNS_MAX
    assert printed.splitlines()[1].split()[0] == number
    _, printed = await typed("show", number)
    assert [row.split()[2] for row in printed.partition("what was done\n")[2].splitlines()[1:]] == [
        "assign",
        "note",
        "claim",
        "reopen",
        "explain",
    ]


async def test_file_is_dismissed_and_released_by_command(account: Settlement, typed: Typed) -> None:
    file_id = await account.fetched([line("account_fee", -100)], refused_at=1)
    await account.reconciliation.run()
    code, printed = await typed("release", file_id, "--reason=whole", "--by=ann")
    assert code == 1
    assert "is refused: have it read again, or dismiss it" in printed
    code, printed = await typed(
        "read-again", file_id, "--format=stripe_payout_itemized", "--reason=whole", "--by=ann"
    )
    assert code == 1
    assert "choose a format of paypal's" in printed
    code, printed = await typed("dismiss", file_id, "--reason=copy", "--by=ann")
    assert code == 0, printed
    assert f"({file_id}): dismissed; it is not booked, unless it is released" in printed
    _, printed = await typed("files", "--status=dismissed")
    assert "dismiss by ann: copy" in printed
    code, printed = await typed("release", file_id, "--reason=whole", "--by=bob")
    assert code == 0, printed
    code, printed = await typed("dismiss", file_id, "--reason=copy", "--by=bob")
    assert code == 1
    assert "waits to be read" in printed


@on_one_installation(
    ("words", "said"),
    [
        (("show", "0"), "must be at least 1,"),
        (("show", "99999999999999999999"), "must be at most"),
        (("explain", "1", "--reason= ", "--by=ann"), "--reason must have"),
        (("claim", "1", "--reference=a b", "--by=ann"), "--reference must have"),
        (("breaks", "--owner=ann", "--unowned"), "exclude each other"),
        (("breaks", "--account=paypal"), "--account must be an account at a PSP"),
        (("breaks", "--min-days=-1"), "must be at least 0,"),
        (("dismiss", "sf_1", "--reason=copy", "--by=ann"), "`fincore reconcile files` lists"),
        (("assign", "1", "--to=4242424242424242", "--by=ann"), "holds a card number"),
    ],
)
async def test_wrong_words_are_refused_before_any_store_is_opened(
    typed: Typed, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.setenv("FINCORE_EVENTSTORE_DSN", "postgresql://nobody@127.0.0.1:1/none")
    code, printed = await typed(*words)
    assert code != 0
    assert said in printed
