"""Cases of one test on one installation."""

import inspect

import pytest

from fixtures.cases import on_one_installation


async def test_each_case_is_played_on_one_installation(subtests: pytest.Subtests) -> None:
    played = []

    @on_one_installation(("number", "word"), [(1, "one"), (2, "two")])
    async def test(installation: str, number: int, word: str) -> None:
        played.append((installation, number, word))

    assert list(inspect.signature(test).parameters) == ["subtests", "installation"]
    await test(subtests, installation="it")
    assert played == [("it", 1, "one"), ("it", 2, "two")]


async def test_case_of_one_parameter_is_taken_as_it_is(subtests: pytest.Subtests) -> None:
    played = []

    @on_one_installation("pair", [(1, 2), (3, 4)])
    async def test(pair: tuple[int, int]) -> None:
        played.append(pair)

    await test(subtests)
    assert played == [(1, 2), (3, 4)]


def test_name_that_the_test_does_not_take_is_an_error() -> None:
    async def test(number: int) -> None: ...

    with pytest.raises(AssertionError):
        on_one_installation("letter", "ab")(test)
