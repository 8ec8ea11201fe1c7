"""The bounded store, and the index over it."""

import pytest

from psp_sandbox.bounded_store import BoundedStore


def test_store_above_max_rows_drops_oldest_and_reports_it() -> None:
    gone: list[tuple[str, str, int]] = []
    objects: BoundedStore[int] = BoundedStore(max_rows=2, dropped=lambda *row: gone.append(row))
    for number, name in enumerate("abc"):
        objects.add("acct", name, number)
    assert gone == [("acct", "a", 0)]
    assert (objects.get("acct", "a"), objects.get("acct", "c"), len(objects)) == (None, 2, 2)


def test_a_newer_snapshot_keeps_its_place() -> None:
    objects: BoundedStore[int] = BoundedStore(max_rows=9)
    for number, name in enumerate("abc"):
        objects.add("acct", name, number)
    objects.replace("a", 10)
    assert list(objects.newest_first("acct")) == [2, 1, 10]
    with pytest.raises(KeyError):
        objects.replace("z", 0)


def test_store_keeps_accounts_apart() -> None:
    objects: BoundedStore[int] = BoundedStore(max_rows=9)
    objects.add("one", "a", 1)
    objects.add("two", "b", 2)
    assert (objects.get("one", "a"), objects.get("two", "a")) == (1, None)
    assert list(objects.newest_first("two")) == [2]
    assert list(objects.all()) == [("one", 1), ("two", 2)]
    assert (objects.account_of("b"), objects.account_of("c")) == ("two", None)
    objects.discard("a")
    assert objects.get("one", "a") is None
