"""A bounded store of one kind of object, in the order of their creation."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class _Row(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """Not a tuple: the collector would walk millions of those."""

    account: str
    value: T


class BoundedStore(Generic[T]):
    """Objects of all accounts by id. Past `max_rows` the oldest are dropped, each with a call of `dropped`."""

    def __init__(self, *, max_rows: int, dropped: Callable[[str, str, T], None] | None = None) -> None:
        self._rows: OrderedDict[str, _Row[T]] = OrderedDict()
        self._max_rows = max_rows
        self._dropped = dropped

    def add(self, account: str, object_id: str, value: T) -> None:
        """Store a new object as the newest."""
        while len(self._rows) >= self._max_rows:
            oldest, row = self._rows.popitem(last=False)
            if self._dropped is not None:
                self._dropped(row.account, oldest, row.value)
        self._rows[object_id] = _Row(account, value)

    def replace(self, object_id: str, value: T) -> None:
        """A newer snapshot of a stored object; its place in the order stays."""
        self._rows[object_id] = _Row(self._rows[object_id].account, value)

    def get(self, account: str, object_id: str) -> T | None:
        """The object, if it exists and belongs to the account."""
        row = self._rows.get(object_id)
        return row.value if row is not None and row.account == account else None

    def account_of(self, object_id: str) -> str | None:
        """The account that the object belongs to."""
        row = self._rows.get(object_id)
        return None if row is None else row.account

    def discard(self, object_id: str) -> None:
        """Remove the object if it is there."""
        self._rows.pop(object_id, None)

    def newest_first(self, account: str) -> Iterator[T]:
        """The account's objects, newest first."""
        return (row.value for row in reversed(self._rows.values()) if row.account == account)

    def all(self) -> Iterator[tuple[str, T]]:
        """Every object with its account, oldest first."""
        return ((row.account, row.value) for row in self._rows.values())

    def clear(self) -> None:
        """Drop everything, silently."""
        self._rows.clear()

    def __len__(self) -> int:
        """Objects held."""
        return len(self._rows)
