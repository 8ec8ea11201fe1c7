"""Payment intents by what their metadata says, so that a search does not walk a million of them."""

from collections import defaultdict
from collections.abc import Iterable

from psp_sandbox.bounded_store import BoundedStore
from psp_sandbox.stripe.wire import PaymentIntent

MAX_INDEXED_KEYS = 8


class MetadataIndex:
    """Built for a key when it is first searched for, and kept from then on. Keys past MAX_INDEXED_KEYS are not indexed."""

    def __init__(self, intents: BoundedStore[PaymentIntent]) -> None:
        self._intents = intents
        self._ids: dict[str, defaultdict[tuple[str, str], dict[str, None]]] = {}

    def find(self, account: str, key: str, value: str) -> Iterable[PaymentIntent] | None:
        """The account's intents with this pair, newest first. None: the key is not indexed."""
        ids = self._ids.get(key)
        if ids is None:
            if len(self._ids) >= MAX_INDEXED_KEYS:
                return None
            ids = self._ids[key] = defaultdict(dict)
            for owner, intent in self._intents.all():
                if key in intent.metadata:
                    ids[owner, intent.metadata[key]][intent.id] = None
        found = (
            self._intents.get(account, intent_id) for intent_id in reversed(ids.get((account, value), {}))
        )
        return [intent for intent in found if intent is not None]

    def note(self, account: str, intent: PaymentIntent) -> None:
        """A new intent, or one that was given metadata."""
        for key, ids in self._ids.items():
            value = intent.metadata.get(key)
            if value is not None:
                ids[account, value][intent.id] = None

    def forget(self, account: str, intent: PaymentIntent) -> None:
        """The intent is gone."""
        for key, ids in self._ids.items():
            value = intent.metadata.get(key)
            if value is None or (account, value) not in ids:
                continue
            listed = ids[account, value]
            listed.pop(intent.id, None)
            if not listed:
                del ids[account, value]

    def clear(self) -> None:
        """Forget everything, also which keys are searched for."""
        self._ids.clear()
