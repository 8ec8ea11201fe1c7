"""What operators may type: what is refused is refused in one sentence, before any store is reached."""

import sys

import pytest
from cyclopts import CycloptsError

from fincore.__main__ import app, main
from fincore.cli.terminal import show_table
from fincore.domain.errors import UsageError

MERCHANT = "mer_01h2xcejqtf2nbrexx3vqjhp41"
CHARGE = "ch_01h2xcejqtf2nbrexx3vqjhp41"
CARD = "4242 4242 4242 4242"
RESOLVE = ("charges", "resolve", CHARGE, "captured")

KEPT = {
    "a merchant's name": ("merchant", "create", "{}"),
    "a key's name": ("key", "create", MERCHANT, "--name", "{}"),
    "who sets a fee plan": (
        "merchant",
        "fee-plan",
        "set",
        MERCHANT,
        "usd",
        "--basis-points",
        "1",
        "--by",
        "{}",
    ),
    "who resolves": (*RESOLVE, "--reason", "seen", "--by", "{}"),
    "why one resolves": (*RESOLVE, "--by", "ada", "--reason", "{}"),
    "why one clears": ("ledger", "clear", "1", "--to", "suspense:usd", "--by", "ada", "--reason", "{}"),
    "who clears": ("ledger", "clear", "1", "--to", "suspense:usd", "--reason", "seen", "--by", "{}"),
    "who closes": ("ledger", "close", "2026-10", "--by", "{}"),
}
OUT_OF_BOUNDS = {
    "the last day of all": (
        "ledger",
        "statement",
        "suspense:usd",
        "--from",
        "2026-01-01",
        "--to",
        "9999-12-31",
    ),
    "the first day of all": ("ledger", "export", "--format", "csv", "--from", "0001-01-01"),
    "a moment with no place in UTC": (
        "ledger",
        "balance",
        "suspense:usd",
        "--at",
        "9999-12-31T23:59:59-14:00",
    ),
    "no day": ("ledger", "statement", "suspense:usd", "--from", "2026-02-31", "--to", "2026-03-01"),
    "a number no entry can have": ("ledger", "clear", "0", "--to", "a", "--by", "b", "--reason", "c"),
}


def parsed(arguments: tuple[str, ...], text: str = "") -> None:
    words = [text if word == "{}" else word for word in arguments]
    app.parse_args(words, print_error=False, exit_on_error=False)


@pytest.mark.parametrize("arguments", KEPT.values(), ids=KEPT)
def test_a_text_that_is_kept_is_one_line_and_no_card_number(arguments: tuple[str, ...]) -> None:
    parsed(arguments, "Ada L\u00f6vlace, 3 %")
    for wrong in ("", " ", "two\nlines", "\x1b[2J", "x" * 501):
        with pytest.raises(UsageError, match="must have 1 to 500 characters"):
            parsed(arguments, wrong)
    with pytest.raises(UsageError, match="holds a card number") as refused:
        parsed(arguments, f"card {CARD}")
    assert "4242" not in str(refused.value)


def test_psp_reference_is_one_word_and_no_card_number() -> None:
    resolve = (*RESOLVE, "--by", "ada", "--reason", "seen", "--psp-reference", "{}")
    parsed(resolve, "pi_3MtwBwLkdIwHu7ix28a3tqPa")
    for wrong in ("bad ref", "", "x" * 256, "pi_\u00fc", CARD.replace(" ", "")):
        with pytest.raises(UsageError, match="--psp-reference"):
            parsed(resolve, wrong)


def test_job_id_of_more_than_one_word_is_refused() -> None:
    parsed(("jobs", "requeue", "4711", "any-queue/s_id"))
    for wrong in ("", "two words", "x" * 256, "J\u00f6b"):
        for job_ids in ((wrong,), ("1", wrong)):
            with pytest.raises(UsageError, match="a job's id has 1 to 255 ASCII characters"):
                parsed(("jobs", "requeue", *job_ids))


@pytest.mark.parametrize("arguments", OUT_OF_BOUNDS.values(), ids=OUT_OF_BOUNDS)
def test_a_time_or_a_number_out_of_bounds_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CycloptsError):
        parsed(arguments)


def test_omitted_arguments_pass_bounds_check() -> None:
    parsed((*RESOLVE, "--by", "ada", "--reason", "seen"))
    parsed(("key", "create", MERCHANT))
    parsed(("ledger", "balance", "suspense:usd"))
    parsed(("ledger", "export", "--format", "csv"))


def test_argument_that_is_not_utf8_is_refused_by_position(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["fincore", "ledger", "balance", "\udcff"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == "fincore: argument 3 is not text in UTF-8: b'?'\n"


def test_control_characters_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("says",), [("two\nlines \x1b[2J\x9b",)])
    assert capsys.readouterr().out == "says\ntwo lines \ufffd[2J\ufffd\n"
