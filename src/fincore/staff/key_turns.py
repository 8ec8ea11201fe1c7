"""The turns of idempotency keys in one process: requests with one key are carried out one after the other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from fincore.eventstore.commit import IdempotencyKey


class KeyTurns:
    """Gives turns. A key that no request has costs nothing."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[IdempotencyKey, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn_of(self, key: IdempotencyKey) -> AsyncIterator[None]:
        """A time in which no other request of this process has the turn of the key. It holds no connection."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        async with lock:
            yield
