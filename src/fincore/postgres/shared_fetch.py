"""One statement for many callers: look-ups that arrive while one is under way share the next."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from itertools import chain
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


class SharedFetch(Generic[Key, Found]):
    """Looks keys up together. `fetch` gets all keys that wait, each once; a key it leaves out is found to be absent.

    There is no timer: a lone look-up is made at once, and under load the statements grow by themselves.
    """

    def __init__(self, fetch: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Found]]]) -> None:
        self._fetch = fetch
        # A future for each caller: one that goes away takes the answer from no other.
        self._waiting: dict[Key, list[asyncio.Future[Found | None]]] = {}
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, key: Key) -> Found | None:
        """What belongs to a key, or None. Raises what `fetch` raises, to every caller that shared it."""
        future: asyncio.Future[Found | None] = asyncio.get_running_loop().create_future()
        callers = self._waiting.get(key)
        if callers is None:
            self._waiting[key] = [future]
            if self._fetching is None or self._fetching.done():
                self._fetching = asyncio.create_task(self._fetch_waiting())
        else:
            callers.append(future)
        return await future

    async def _gather(self) -> None:
        """Let the look-ups of this turn of the loop go along, and as long as each turn brings more."""
        seen = 0
        while seen < len(self._waiting):
            seen = len(self._waiting)
            await asyncio.sleep(0)

    async def _fetch_waiting(self) -> None:
        while self._waiting:
            await self._gather()
            batch, self._waiting = self._waiting, {}
            try:
                found = await self._fetch(list(batch))
            except Exception as error:  # noqa: BLE001 -- every caller gets the error, of any kind
                for future in chain.from_iterable(batch.values()):
                    if not future.done():
                        future.set_exception(error)
                continue
            for key, callers in batch.items():
                answer = found.get(key)
                for future in callers:
                    if not future.done():
                        future.set_result(answer)
