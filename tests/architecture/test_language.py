"""Names and texts are in the language of `CONTRIBUTING.md`: plain words, bounded names, files that exist."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from architecture.language import (
    Text,
    files_named_in,
    flaws_of_test,
    is_long_title,
    may_hold_refused_words,
    misnamed_links,
    names_of_tests,
    notes_in,
    refused_parts,
    refused_words,
    texts_in,
    top_section,
)
from docs.markdown import prose
from docs.printed import DOCUMENTS, PROJECT, printed_blocks
from fincore.http.problems import PROBLEMS

TESTS = sorted((PROJECT / "tests").rglob("test_*.py"))
MODULES = sorted(
    path
    for root in ("src", "tests", "bench", "demo", "harness", "loadtest", "scripts", "infra")
    for path in (PROJECT / root).rglob("*.py")
)
SOURCES = [path for path in MODULES if path.is_relative_to(PROJECT / "src")]
LINTER = PROJECT / "tests/architecture/language.py"
STATEMENTS = sorted(path for path in (PROJECT / "src").rglob("*.sql") if path.parent.name != "schema")
"""Migrations are left out: what is applied somewhere stays as it was."""


def relative(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def written(document: Path) -> str:
    """The prose of a document, without the tables that are printed from the code."""
    text = prose(document)
    for _, printed in printed_blocks(text):
        text = text.replace(printed, "")
    return top_section(text) if document.name == "CHANGELOG.md" else text


def test_test_names_are_plain_bounded_and_unique() -> None:
    flaws = []
    for path in TESTS:
        names = names_of_tests(path.read_text())
        flaws += [f"{relative(path)}: {flaw}" for name in names for flaw in flaws_of_test(name)]
        flaws += [f"{relative(path)}: {name} twice" for name, count in Counter(names).items() if count > 1]
    assert flaws == []


def test_module_and_package_names_are_plain() -> None:
    assert [
        relative(path)
        for path in MODULES
        if any(refused_parts(part.removesuffix(".py")) for part in path.relative_to(PROJECT).parts)
    ] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_documents_use_plain_words(document: Path) -> None:
    assert refused_words(written(document)) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_link_that_shows_a_path_leads_to_it(document: Path) -> None:
    assert misnamed_links(prose(document)) == []


def test_problem_titles_are_short() -> None:
    assert [kind.title for kind in PROBLEMS.values() if is_long_title(kind.title)] == []


def test_strings_docstrings_and_comments_use_plain_words() -> None:
    assert refused_in(SOURCES, texts_in) == []


def test_docstrings_and_comments_of_tests_use_plain_words() -> None:
    """The strings of tests are data: a database user may well be called nobody."""
    others = [path for path in MODULES if path not in (*SOURCES, LINTER, Path(__file__))]
    assert refused_in(others, notes_in) == []


def refused_in(modules: Iterable[Path], texts: Callable[[str], Iterator[Text]]) -> list[str]:
    """The refused words in the texts of modules, with their places. Few modules hold such a word at all."""
    return [
        f"{relative(path)}:{text.line}: {word}"
        for path in modules
        if may_hold_refused_words(source := path.read_text())
        for text in texts(source)
        for word in refused_words(text.text)
    ]


def test_sql_statements_use_plain_words() -> None:
    assert [
        f"{relative(path)}: {word}" for path in STATEMENTS for word in refused_words(path.read_text())
    ] == []


def test_files_named_in_docstrings_exist() -> None:
    missing = [
        f"{relative(path)}:{text.line}: {name}"
        for path in SOURCES
        if files_named_in(source := path.read_text())
        for text in texts_in(source)
        for name in files_named_in(text.text)
        if not any((folder / name).exists() for folder in folders_of(path))
    ]
    assert missing == []


def folders_of(module: Path) -> Iterator[Path]:
    """The folders from which a docstring may name a file: those of the module, and the roots of the packages."""
    yield from (folder for folder in module.parents if folder.is_relative_to(PROJECT))
    yield from (PROJECT / "src", PROJECT / "src/fincore", PROJECT / "docs")


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("Whoever asks gets the outcome, whatever it is.", ["Whoever", "whatever"]),
        ("A job nobody took, whose lease ended.", ["nobody", "whose"]),
        ("The write door of this house.", ["door", "house"]),
        ("The client asks; `nobody knows` is a name.", []),
        ("[Write](../room/door.md)", []),
        ("Storage, housekeeping and indoor use.", []),
    ],
)
def test_refused_words_of_a_text_are_found(text: str, refused: list[str]) -> None:
    assert refused_words(text) == refused


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("Take it, WHOEVER asks.", True),
        ("a_door_of_steel = 1", True),
        ("The history of an indoor household.", False),
        ("The history of a room.", True),
    ],
)
def test_module_with_a_refused_word_is_not_passed_over(text: str, *, may: bool) -> None:
    assert may_hold_refused_words(text) is may


@pytest.mark.parametrize(
    ("name", "flaws"),
    [
        ("test_repeated_charge_gets_the_same_answer", 0),
        ("test_a_key_nobody_has_is_refused", 1),
        ("test_every_room_has_a_door", 2),
        ("test_" + "x" * 56, 1),
        ("test_" + "x" * 55, 0),
        ("testCharge", 1),
    ],
)
def test_flaws_of_a_test_name_are_counted(name: str, flaws: int) -> None:
    assert len(flaws_of_test(name)) == flaws


def test_tests_of_classes_and_functions_are_found() -> None:
    source = "def test_one(): ...\nclass TestX:\n    async def test_two(self): ...\ndef helper(): ...\n"
    assert names_of_tests(source) == ["test_one", "test_two"]


def test_refused_parts_of_a_name_are_whole_words() -> None:
    assert refused_parts("sandbox_shelf") == ["shelf"]
    assert refused_parts("charge_history") == []


def test_strings_docstrings_and_comments_are_texts() -> None:
    source = '"""Doc."""\nname = f"for {name} only"  # why\n'
    assert [text.text for text in texts_in(source)] == ["Doc.", "for ", " only", "# why"]


def test_strings_that_are_data_are_no_notes() -> None:
    source = '"""Doc."""\nname = "data"  # why\n"""Of the name."""\n'
    assert [note.text for note in notes_in(source)] == ["Doc.", "Of the name.", "# why"]


def test_title_of_seven_words_is_long() -> None:
    assert is_long_title("The charge was not found at all")
    assert not is_long_title("The charge was not found here")


def test_file_in_backticks_is_named() -> None:
    assert files_named_in("See `eventstore/writer.py` and `decide`; not writer.py.") == [
        "eventstore/writer.py"
    ]


@pytest.mark.parametrize(
    ("link", "is_misnamed"),
    [
        ("[answer.py](../write/response.py)", True),
        ("[write/response.py](../src/fincore/write/response.py#part)", False),
        ("[`response.py`](../write/response.py)", False),
        ("[the response](../write/response.py)", False),
        ("[docs/decisions](docs/decisions/README.md)", False),
        ("[sponse.py](../write/response.py)", True),
    ],
)
def test_link_text_is_compared_with_its_target(link: str, *, is_misnamed: bool) -> None:
    assert bool(misnamed_links(link)) is is_misnamed


def test_top_section_ends_at_the_next_version() -> None:
    section = top_section("# Changelog\n\n## Unreleased\nnew\n\n## 0.1.0\nold\n")
    assert re.findall(r"new|old", section) == ["new"]
