"""The bounded store, and the index over it."""

import pytest

from psp_sandbox.shelf import Shelf


def test_past_its_bound_the_oldest_go_and_are_told_of() -> None:
    gone: list[tuple[str, str, int]] = []
    shelf: Shelf[int] = Shelf(max_rows=2, dropped=lambda *row: gone.append(row))
    for number, name in enumerate("abc"):
        shelf.add("acct", name, number)
    assert gone == [("acct", "a", 0)]
    assert (shelf.get("acct", "a"), shelf.get("acct", "c"), len(shelf)) == (None, 2, 2)


def test_a_newer_snapshot_keeps_its_place() -> None:
    shelf: Shelf[int] = Shelf(max_rows=9)
    for number, name in enumerate("abc"):
        shelf.add("acct", name, number)
    shelf.replace("a", 10)
    assert list(shelf.newest_first("acct")) == [2, 1, 10]
    with pytest.raises(KeyError):
        shelf.replace("z", 0)


def test_accounts_have_shelves_of_their_own() -> None:
    shelf: Shelf[int] = Shelf(max_rows=9)
    shelf.add("one", "a", 1)
    shelf.add("two", "b", 2)
    assert (shelf.get("one", "a"), shelf.get("two", "a")) == (1, None)
    assert list(shelf.newest_first("two")) == [2]
    assert list(shelf.all()) == [("one", 1), ("two", 2)]
    assert (shelf.account_of("b"), shelf.account_of("c")) == ("two", None)
    shelf.discard("a")
    assert shelf.get("one", "a") is None
