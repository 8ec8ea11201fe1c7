"""Payment intents or charges by what their metadata says, so that a search does not walk a million of them."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

from psp_sandbox.bounded_store import BoundedStore

MAX_INDEXED_KEYS = 8


class Described(Protocol):
    """Anything with metadata."""

    @property
    def id(self) -> str:
        """Its id in the store."""

    @property
    def metadata(self) -> dict[str, str]:
        """What its owner notes on it."""


D = TypeVar("D", bound=Described)


class MetadataIndex(Generic[D]):
    """Built for a key when it is first searched for, and kept from then on. Keys past MAX_INDEXED_KEYS are not indexed."""

    def __init__(self, objects: BoundedStore[D]) -> None:
        self._objects = objects
        self._ids: dict[str, defaultdict[tuple[str, str], dict[str, None]]] = {}

    def find(self, account: str, key: str, value: str) -> Iterable[D] | None:
        """The account's objects with this pair, newest first. None: the key is not indexed."""
        ids = self._ids.get(key)
        if ids is None:
            if len(self._ids) >= MAX_INDEXED_KEYS:
                return None
            ids = self._ids[key] = defaultdict(dict)
            for owner, one in self._objects.all():
                if key in one.metadata:
                    ids[owner, one.metadata[key]][one.id] = None
        found = (
            self._objects.get(account, object_id) for object_id in reversed(ids.get((account, value), {}))
        )
        return [one for one in found if one is not None]

    def note(self, account: str, one: D) -> None:
        """A new object, or one that was given metadata."""
        for key, ids in self._ids.items():
            value = one.metadata.get(key)
            if value is not None:
                ids[account, value][one.id] = None

    def forget(self, account: str, one: D) -> None:
        """The object is gone, or its metadata is."""
        for key, ids in self._ids.items():
            value = one.metadata.get(key)
            if value is None or (account, value) not in ids:
                continue
            listed = ids[account, value]
            listed.pop(one.id, None)
            if not listed:
                del ids[account, value]

    def clear(self) -> None:
        """Forget everything, also which keys are searched for."""
        self._ids.clear()
