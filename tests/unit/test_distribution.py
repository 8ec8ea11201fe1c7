"""The order in which test files begin, and which of them go to one process."""

from pathlib import Path

from fixtures.distribution import LONG, USE_THE_SHARED_SYSTEM, begins, uses_shared_system

PROJECT = Path(__file__).parents[2]


def test_files_listed_for_distribution_exist() -> None:
    assert [file for file in (*USE_THE_SHARED_SYSTEM, *LONG) if not (PROJECT / file).is_file()] == []


def test_files_of_the_shared_system_begin_first_others_last() -> None:
    listed = [begins(f"{file}::test_one[a::b]") for file in (*USE_THE_SHARED_SYSTEM, *LONG)]
    assert listed == sorted(set(listed))
    assert max(listed) < begins("tests/unit/test_distribution.py::test_one") == begins("tests/unit/a.py::b")


def test_shared_system_is_asked_for_by_listed_files_only() -> None:
    assert uses_shared_system(PROJECT / "tests/acceptance/test_payments.py")
    assert not uses_shared_system(PROJECT / "tests/acceptance/test_crashes.py")
