"""Which tests play a part of their examples, and that all are played in some run."""

from pathlib import Path

import pytest

from fixtures.sampling import ALL, EXAMPLES_VARIABLE, sampled

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
    assert f"{EXAMPLES_VARIABLE}={ALL} " in long_run
    assert '-m "sampled and not long"' in long_run


def test_modules_that_sample_mark_their_tests() -> None:
    """Some import the number from `test_simulation.py`."""
    words = ("fixtures.sampling import", "test_simulation import EXAMPLES")
    files = [
        file
        for folder in ("contract", "integration", "simulation")
        for file in (PROJECT / "tests" / folder).rglob("test_*.py")
        if any(word in file.read_text() for word in words)
    ]
    assert len(files) >= 6
    assert [file.name for file in files if "@pytest.mark.sampled" not in file.read_text()] == []
