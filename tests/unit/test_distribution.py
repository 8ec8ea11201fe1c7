"""The order in which test files begin, and which of them go to one process."""

from pathlib import Path

from fixtures.distribution import (
    LONG,
    USE_AWS,
    USE_THE_SHARED_SYSTEM,
    begins,
    collected_from,
    uses_shared_system,
)

PROJECT = Path(__file__).parents[2]


def test_files_listed_for_distribution_exist() -> None:
    assert [
        file for file in (*USE_THE_SHARED_SYSTEM, *LONG, *USE_AWS) if not (PROJECT / file).is_file()
    ] == []


def test_files_of_the_shared_system_begin_first_others_last() -> None:
    listed = [begins(f"{file}::test_one[a::b]") for file in (*USE_THE_SHARED_SYSTEM, *LONG, *USE_AWS)]
    assert listed == sorted(set(listed))
    assert (
        max(listed) < begins("tests/unit/a.py::test_one") < begins("tests/unit/test_distribution.py::test_a")
    )


def test_listed_files_alone_use_the_emulator_of_aws() -> None:
    files = [*PROJECT.glob("tests/contract/**/test_*.py"), *PROJECT.glob("tests/integration/test_*.py")]
    using = {str(file.relative_to(PROJECT)) for file in files if "aws_url" in file.read_text()}
    assert using == set(USE_AWS)


def test_tests_of_one_file_keep_their_order() -> None:
    assert begins("tests/unit/a.py::test_two") == begins("tests/unit/a.py::test_one[x]")


def test_each_process_collects_all_folders_from_another_on() -> None:
    orders = [collected_from("abcde", process=process, processes=3) for process in range(3)]
    assert ["".join(order) for order in orders] == ["abcde", "bcdea", "deabc"]


def test_all_tests_are_in_folders_of_tests() -> None:
    """Each process names these folders to collect."""
    assert list((PROJECT / "tests").glob("test_*.py")) == []


def test_shared_system_is_asked_for_by_listed_files_only() -> None:
    assert uses_shared_system(PROJECT / "tests/acceptance/test_payments.py")
    assert not uses_shared_system(PROJECT / "tests/acceptance/test_crashes.py")
