"""Look-ups that arrive while one is under way share the next statement, and share its fate."""

import asyncio
from collections.abc import Sequence

import pytest

from fincore.postgres.shared_fetch import SharedFetch


class Table:
    """Numbers and their names; each look-up waits until it is let go."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.go = asyncio.Event()
        self.error: Exception | None = None

    async def fetch(self, keys: Sequence[int]) -> dict[int, str]:
        self.asked.append(list(keys))
        await self.go.wait()
        if self.error:
            raise self.error
        return {key: str(key) for key in keys if key < 10}


async def started(table: Table, *keys: int) -> list[asyncio.Task[str | None]]:
    shared = SharedFetch(table.fetch)
    tasks = [asyncio.create_task(shared.find(keys[0]))]
    while not table.asked:
        await asyncio.sleep(0)
    tasks += [asyncio.create_task(shared.find(key)) for key in keys[1:]]
    await asyncio.sleep(0)
    return tasks


async def test_callers_during_a_fetch_share_the_next_one() -> None:
    table = Table()
    tasks = await started(table, 1, 2, 3, 2, 99)
    table.go.set()
    assert await asyncio.gather(*tasks) == ["1", "2", "3", "2", None]
    assert table.asked == [[1], [2, 3, 99]]


async def test_callers_of_a_few_turns_share_the_first_fetch() -> None:
    """Requests that one read of the sockets brought do not reach their look-ups in the same turn of the loop."""
    table = Table()
    table.go.set()
    shared = SharedFetch(table.fetch)

    async def after(turns: int) -> str | None:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await shared.find(turns)

    assert await asyncio.gather(*(after(turns) for turns in range(3))) == ["0", "1", "2"]
    assert table.asked == [[0, 1, 2]]


async def test_the_same_key_asked_again_later_is_looked_up_again() -> None:
    table = Table()
    tasks = await started(table, 1, 1)
    table.go.set()
    await asyncio.gather(*tasks)
    assert table.asked == [[1], [1]], "an answer on its way may be older than the question"


async def test_fetch_error_reaches_its_callers_only() -> None:
    table = Table()
    table.error = ConnectionResetError()
    table.go.set()
    shared = SharedFetch(table.fetch)
    results = await asyncio.gather(shared.find(1), shared.find(2), return_exceptions=True)
    assert [type(result) for result in results] == [ConnectionResetError] * 2
    table.error = None
    assert await shared.find(1) == "1"


async def test_cancelled_caller_does_not_cancel_shared_fetch() -> None:
    table = Table()
    impatient, patient = (await started(table, 1, 2, 2))[1:]
    impatient.cancel()
    table.go.set()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert await patient == "2"
