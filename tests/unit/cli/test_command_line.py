"""Every command, given what is wrong: one sentence, exit code 2, and no store is reached. And the one version."""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import version

import pytest
from cyclopts import App

from fincore.__main__ import app, main
from fincore.api.docs.document import openapi_document
from psp_sandbox import __main__ as sandbox

HELP_AND_VERSION = ("--help", "-h", "--version")
NOT_ONE = "\x00 \x1b[2J 4242 4242 4242 4242 " + "x" * 5_000


def commands(of: App, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], App]]:
    """Every command that does something, by its words."""
    for name in of:
        if name not in HELP_AND_VERSION:
            command = of[name]
            if command.default_command is None:
                yield from commands(command, (*path, name))
            else:
                yield (*path, name), command


def groups(of: App, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command that only has commands."""
    yield path
    for name in of:
        if name not in HELP_AND_VERSION and of[name].default_command is None:
            yield from groups(of[name], (*path, name))


COMMANDS = dict(commands(app))
REQUIRED = {
    words: [one for one in command.assemble_argument_collection() if one.required]
    for words, command in COMMANDS.items()
}


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> "Typed":
    # What would reach a store after all would have to come here first.
    monkeypatch.setattr("fincore.cli.stores.databases_of", lambda _: pytest.fail("a store was reached"))
    monkeypatch.setattr("fincore.cli.roles.databases_of", lambda _: pytest.fail("a store was reached"))
    return Typed(monkeypatch, capsys)


class Typed:
    """A terminal."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def refused(self, *arguments: str) -> str:
        """The one sentence with which arguments are refused."""
        self._monkeypatch.setattr(sys, "argv", ["fincore", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self._capsys.readouterr()
        assert (ended.value.code, out) == (2, ""), (arguments, out, err)
        assert re.fullmatch(r"fincore: [^\n]{1,1000}\n", err), err
        assert err[:-1].isprintable()
        assert "4242" not in err
        return err


def test_commands_are_all_found() -> None:
    assert len(COMMANDS) >= 30
    assert ("merchant", "fee-plan", "set") in COMMANDS


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_command_with_unknown_option_is_refused(typed: Typed, words: tuple[str, ...]) -> None:
    for option in ("--no-such-option", "--no-such-option=1", "-q", f"--{NOT_ONE}"):
        said = typed.refused(*words, option)
        assert f"see `fincore {' '.join(words)} --help`" in said


@pytest.mark.parametrize("words", [words for words, needed in REQUIRED.items() if needed], ids=" ".join)
def test_command_without_arguments_names_a_missing_one(typed: Typed, words: tuple[str, ...]) -> None:
    assert f"fincore: `fincore {' '.join(words)}` needs " in typed.refused(*words)


# `jobs requeue` takes any number of ids, and an id is any word.
@pytest.mark.parametrize("words", [one for one in COMMANDS if one != ("jobs", "requeue")], ids=" ".join)
def test_command_with_too_many_arguments_is_refused(typed: Typed, words: tuple[str, ...]) -> None:
    for text in ("x", "9" * 50, NOT_ONE, "\N{PILE OF POO}"):
        typed.refused(*words, *[text] * 40)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_option_without_or_with_absurd_value_is_refused(typed: Typed, words: tuple[str, ...]) -> None:
    for argument in COMMANDS[words].assemble_argument_collection():
        if argument.index is None:
            may_repeat = str(argument.hint).startswith("tuple[")
            takes_text = argument.hint is str or may_repeat
            if argument.hint is not bool:
                typed.refused(*words, argument.name)
            if not takes_text or argument.parameter.validator:
                typed.refused(*words, f"{argument.name}={NOT_ONE}")
            if not may_repeat:
                typed.refused(*words, f"{argument.name}=1", f"{argument.name}=1")


@pytest.mark.parametrize("words", [*groups(app)], ids=lambda words: " ".join(words) or "fincore")
def test_unknown_command_is_refused_with_those_there_are(typed: Typed, words: tuple[str, ...]) -> None:
    said = typed.refused(*words, "zzzzzz")
    assert said.startswith(f"fincore: `{' '.join(('fincore', *words))}` has no command 'zzzzzz': it has ")
    typed.refused(*words, NOT_ONE)
    typed.refused(*words, "--zzzzzz")


def test_wrong_arguments_give_messages_of_one_form(typed: Typed) -> None:
    charge = "ch_01h2xcejqtf2nbrexx3vqjhp41"
    said = {
        arguments: typed.refused(*arguments.split())
        for arguments in (
            "charges sho",
            "charges show",
            "charges show mer_01h2xcejqtf2nbrexx3vqjhp41",
            "charges unknown --limit 0",
            "charges unknown --limit many",
            f"charges resolve {charge} captured --by ada --reason seen --by ada",
            f"charges resolve {charge} maybe --by ada --reason seen",
            f"charges resolve {charge} succeeded --by ada --reason seen",
            "ledger balance suspense:usd --at yesterday",
            "ledger statement suspense:usd --from 2026-02-31 --to 2026-03-01",
            "run everything",
        )
    }
    assert said == {
        "charges sho": "fincore: `fincore charges` has no command 'sho' (did you mean show?);"
        " see `fincore charges --help`\n",
        "charges show": "fincore: `fincore charges show` needs CHARGE-ID; see `fincore charges show --help`\n",
        "charges show mer_01h2xcejqtf2nbrexx3vqjhp41": "fincore: 'mer_01h2xcejqtf2nbrexx3vqjhp41' is not an id of the"
        " form ch_...: it is the `id` in the API's answers, and in `fincore charges unknown`\n",
        "charges unknown --limit 0": "fincore: --limit must be at least 1, and '0' is not;"
        " see `fincore charges unknown --help`\n",
        "charges unknown --limit many": "fincore: 'many' is not a whole number, which --limit must be;"
        " see `fincore charges unknown --help`\n",
        f"charges resolve {charge} captured --by ada --reason seen --by ada": "fincore: --by is given more than once;"
        " see `fincore charges resolve --help`\n",
        f"charges resolve {charge} maybe --by ada --reason seen": "fincore: 'maybe' is not captured, authorized,"
        " canceled, expired, succeeded, failed or given_back, which OUTCOME must be; see `fincore charges resolve --help`\n",
        f"charges resolve {charge} succeeded --by ada --reason seen": "fincore: a charge ends as captured,"
        " authorized, canceled, expired, failed or given_back (name a refund with --refund), not as succeeded\n",
        "ledger balance suspense:usd --at yesterday": "fincore: 'yesterday' is no moment: write a day such as"
        " 2026-10-31, or 2026-10-31T12:00:00, by UTC\n",
        "ledger statement suspense:usd --from 2026-02-31 --to 2026-03-01": "fincore: '2026-02-31' is not a day such as"
        " 2026-10-31, which --from must be; see `fincore ledger statement --help`\n",
        "run everything": "fincore: 'everything' is not api, worker, projectionist, ledger, notify, auditor, checkout, card-edge, risk, reconciliation, staff or relay,"
        " which ROLE must be; see `fincore run --help`\n",
    }


def test_defect_is_one_sentence_without_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def defective(_: object, **_options: object) -> None:
        raise KeyError("sk_test_abcdefghijklmnop\n4242 4242 4242 4242")

    monkeypatch.setattr("fincore.cli.stores.databases_of", defective)
    monkeypatch.setattr(sys, "argv", ["fincore", "merchant", "list"])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (1, "")
    assert err.startswith("fincore: a defect: KeyError: ")
    assert err.count("\n") == 1
    assert "abcdef" not in err
    assert "4242" not in err


# The version


@pytest.mark.parametrize(
    ("program", "distribution"),
    [(app, "fincore-payments"), (sandbox.app, "psp-sandbox")],
    ids=["fincore", "psp-sandbox"],
)
def test_version_is_that_of_the_package(
    program: App, distribution: str, capsys: pytest.CaptureFixture[str]
) -> None:
    program("--version", result_action="return_value")
    assert capsys.readouterr().out == f"{version(distribution)}\n"


def test_openapi_document_has_the_version_of_the_package() -> None:
    assert openapi_document((), {})["info"]["version"] == version("fincore-payments") != "0.0.0"
