"""Objects that belong to another one: a charge's refunds, a payment's charges."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from psp_sandbox.bounded_store import BoundedStore


class Named(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> str:
        """Its id in the store."""


C = TypeVar("C", bound=Named)


class Children(Generic[C]):
    """An index over a bounded store by parent. A child that the store dropped by itself is left out."""

    def __init__(self, objects: BoundedStore[C], *, parent: Callable[[C], str]) -> None:
        self._objects = objects
        self._parent = parent
        self._ids: dict[str, tuple[str, ...]] = {}

    def put(self, account: str, child: C) -> None:
        """A new child, or a newer snapshot of one."""
        if self._objects.get(account, child.id) is not None:
            self._objects.replace(child.id, child)
            return
        self._objects.add(account, child.id, child)
        parent = self._parent(child)
        self._ids[parent] = (*self._ids.get(parent, ()), child.id)

    def of(self, account: str, parent_id: str) -> list[C]:
        """The parent's children, newest first."""
        found = (self._objects.get(account, child_id) for child_id in reversed(self._ids.get(parent_id, ())))
        return [child for child in found if child is not None]

    def drop(self, account: str, parent_id: str) -> list[C]:
        """Remove the parent's children; those that were removed."""
        gone = self.of(account, parent_id)
        self._ids.pop(parent_id, None)
        for child in gone:
            self._objects.discard(child.id)
        return gone

    def clear(self) -> None:
        """Forget which child has which parent; the owner of the store clears the store."""
        self._ids.clear()
