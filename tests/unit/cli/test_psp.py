"""`fincore psp accounts` without a database, and the sentence with which a wrong account stops every command."""

import sys
from pathlib import Path

import pytest

from fincore.__main__ import main

ACCOUNT = """
[[account]]
psp = "stripe"
name = "eu"
mode = "test"
secret_key = "env:EU_KEY"
webhook_secrets = "env:EU_WEBHOOKS"
base_url = "http://127.0.0.1:9"
"""


class Terminal:
    """Types commands in an environment of its own, and reads what came back."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.file = folder / "accounts.toml"
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        monkeypatch.setenv("FINCORE_DATA_DIR", str(folder / "none"))
        monkeypatch.setenv("FINCORE_PSP_ACCOUNTS_FILE", str(self.file))

    def types(self, *words: str, file: str) -> tuple[int, str, str]:
        """The exit code of a command with a file of accounts, its output, and what it says on stderr."""
        self.file.write_text(file)
        self._monkeypatch.setattr(sys, "argv", ["fincore", *words])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("command", [("run", "worker"), ("run", "ledger"), ("up",), ("psp", "accounts")])
def test_wrong_account_stops_each_command_in_one_sentence(
    terminal: Terminal, command: tuple[str, ...]
) -> None:
    code, _, said = terminal.types(*command, file=ACCOUNT.replace("env:EU_KEY", "sk_test_hidden"))
    assert code == 1
    (sentence,) = said.splitlines()
    assert sentence.startswith(
        f"fincore: FINCORE_PSP_ACCOUNTS_FILE ({terminal.file}): account stripe/eu: secret_key must be a reference"
    )
    assert "hidden" not in said


def test_accounts_are_listed_before_there_is_a_database(terminal: Terminal) -> None:
    code, shown, said = terminal.types("psp", "accounts", file=ACCOUNT)
    assert (code, said) == (0, "")
    lines = shown.splitlines()
    assert lines[1].split() == ["stripe/eu", "test", "yes", "127.0.0.1:9", "-"]
    assert lines[2].startswith("breakers are not shown: ")
    assert [line.split() for line in lines[-5:] if line] == [
        ["stripe/eu", "/webhooks/stripe/eu", "(at", "FINCORE_API_URL)"],
        ["account", "value", "comes", "from"],
        ["stripe/eu", "secret_key", "env:EU_KEY"],
        ["stripe/eu", "webhook_secrets", "env:EU_WEBHOOKS"],
    ]


@pytest.mark.parametrize(
    ("secrets", "problem"),
    [
        ({}, "secret_key: the environment variable EU_KEY is not set"),
        ({"EU_KEY": "sk_test_hidden"}, "webhook_secrets: the environment variable EU_WEBHOOKS is not set"),
        (
            {"EU_KEY": "sk_test_hidden", "EU_WEBHOOKS": "whsec_hidden"},
            "could not connect to Stripe (connection refused): check base_url and the network, then repeat",
        ),
    ],
)
def test_account_with_a_problem_fails_the_check(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, secrets: dict[str, str], problem: str
) -> None:
    for name, secret in secrets.items():
        monkeypatch.setenv(name, secret)
    code, shown, _ = terminal.types("psp", "accounts", "--check", file=ACCOUNT)
    assert code == 1
    assert shown.splitlines()[-1].startswith(f"stripe/eu  problem  {problem}")
    assert "hidden" not in shown


def test_without_accounts_the_command_says_what_to_set(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FINCORE_PSP_ACCOUNTS_FILE", "")
    code, _, said = terminal.types("psp", "accounts", file="")
    assert code == 1
    assert (
        said == "fincore: no PSP account is configured: set FINCORE_PSP_ACCOUNTS_FILE or a PSP's settings\n"
    )
