"""`fincore risk test` and `fincore risk compare` as an operator types them: what they print, and what they refuse in one sentence."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from fincore.__main__ import main
from fincore.domain.events import ChargeFailed
from fincore.postgres.pool import Pool
from fixtures.cases import on_one_installation
from fixtures.commits import append, created, new_stream
from fixtures.risk import NOON, rule
from fixtures.traffic import running_writer

Run = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def run(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `fincore risk` in a thread, on the stores of the test; returns its exit code, what it prints, and the errors."""
    monkeypatch.setenv("FINCORE_EVENTSTORE_DSN", dsn)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "risk.toml").write_text(rule("declined", "declines_by_merchant_24h > 0"))

    async def run_command(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["fincore", "risk", *words])
        code = 0
        try:
            await asyncio.to_thread(main)
        except SystemExit as ended:
            code = int(str(ended.code))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run_command


@on_one_installation(
    ("words", "code", "sentence"),
    [
        (("test", "absent.toml"), 2, "the file with the rules cannot be read (No such file or directory)"),
        (("test", "."), 2, "the file with the rules cannot be read (Is a directory)"),
        (("test", "binary.toml"), 2, "the file with the rules has no usable name, or is not UTF-8 text"),
        (
            ("test", "7"),
            1,
            "there is no version 7 of the risk rules: `fincore risk show` lists those there are",
        ),
        (("test", "9" * 10), 2, "the number of a version has at most 9 digits"),
        (("compare", "7"), 1, "there is no version 7 of the risk rules"),
        (
            ("test", "risk.toml", "--since", "2026-11-26", "--until", "2026-11-25"),
            2,
            "--until 2026-11-25 is before --since 2026-11-26",
        ),
        (
            ("compare", "1", "--since", "2026-11-26", "--until", "2026-11-25"),
            2,
            "--until 2026-11-25 is before --since 2026-11-26",
        ),
    ],
)
async def test_risk_trial_refuses_in_one_sentence(
    run: Run, tmp_path: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    ended, out, err = await run(*words)
    assert (ended, out) == (code, ""), err
    assert err.startswith("fincore: ")
    assert sentence in err
    assert "Traceback" not in err
    assert err.count("\n") == 1


async def test_risk_trial_of_wrong_rules_names_each_flaw(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text(rule("wrong", "amuont_minor > 0"))
    code, flaws, err = await run("test", "wrong.toml")
    assert (code, err.count("\n"), "Traceback" in err) == (1, 1, False)
    assert "rule wrong, column 1 of the condition: undeclared reference to 'amuont_minor'" in flaws


async def test_risk_trial_of_an_empty_log_says_so(run: Run) -> None:
    assert await run("test", "risk.toml") == (0, "the rules of risk.toml: no charge to look at\n", "")


async def test_risk_trial_prints_what_rules_would_have_done(run: Run, pool: Pool) -> None:
    async with running_writer(pool) as writer:
        no = ChargeFailed(code="card_declined", message="no", advice="do_not_retry", occurred_at=NOON)
        await writer.commit(append(new_stream(), created(created_at=NOON), no))
    code, out, err = await run("test", "risk.toml", "--show", "1")
    assert (code, err) == (0, "")
    assert "the rules of risk.toml: 1 charge from 2026-11-26 12:00:00 to 2026-11-26 12:00:00 UTC" in out
    assert "allow      declined  1        10.00 USD" in out
    assert "declined  block   0     0        0        0" in out
