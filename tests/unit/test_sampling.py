"""Which tests play a part of their examples, and that all are played in some run."""

import re
from pathlib import Path

import pytest

from fixtures.sampling import ALL, EXAMPLES_VARIABLE, first_of, first_rows_of, sampled

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize(("examples", "part"), [(105, 35), (60, 20), (7, 2), (3, 2)])
def test_a_third_of_the_examples_is_played(monkeypatch: pytest.MonkeyPatch, examples: int, part: int) -> None:
    monkeypatch.delenv(EXAMPLES_VARIABLE, raising=False)
    assert sampled(examples) == part


def test_all_examples_are_played_where_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EXAMPLES_VARIABLE, ALL)
    assert sampled(105) == 105


def test_long_run_plays_all_examples_of_sampled_tests() -> None:
    long_run = (PROJECT / "Makefile").read_text().partition("test-long:")[2].partition("\n\n")[0]
    assert long_run.count(f"{EXAMPLES_VARIABLE}={ALL} $(BIN)/pytest") == long_run.count("$(BIN)/pytest") == 2
    assert '-m "sampled and not long"' in long_run


def test_modules_that_sample_mark_their_tests() -> None:
    """Some import the number from `test_simulation.py`."""
    words = re.compile(r"fixtures\.sampling import .*\bsampled\b|test_simulation import EXAMPLES")
    files = [
        file
        for folder in ("contract", "integration", "simulation")
        for file in (PROJECT / "tests" / folder).rglob("test_*.py")
        if words.search(file.read_text())
    ]
    assert len(files) >= 6
    assert [file.name for file in files if "@pytest.mark.sampled" not in file.read_text()] == []


def test_modules_that_look_for_flaws_mark_their_tests() -> None:
    """All examples are both colour schemes."""
    looking = [
        file.read_text()
        for file in (PROJECT / "tests/browser").glob("test_*.py")
        if re.search(r"^from fixtures\.dashboard import .*\bflaws\b", file.read_text(), re.MULTILINE)
    ]
    assert len(looking) >= 10
    marks = re.compile(r"^pytestmark = \[.*pytest\.mark\.(sampled|long)\b.*\]$", re.MULTILINE)
    assert [text.partition("\n")[0] for text in looking if not marks.search(text)] == []


def test_first_cases_are_played_and_the_rest_is_long() -> None:
    one, *others = first_of("abc")
    rows = first_rows_of([("a", 1), ("b", 2)])
    assert (one, [(other.values, [mark.name for mark in other.marks]) for other in others]) == (
        "a",
        [(("b",), ["long"]), (("c",), ["long"])],
    )
    assert (rows[0], rows[1].values, [mark.name for mark in rows[1].marks]) == (("a", 1), ("b", 2), ["long"])
