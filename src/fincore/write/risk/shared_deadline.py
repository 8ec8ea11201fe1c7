"""A bound of time for many waits at once. None has a timer of its own, which would cost a charge more than the look-up of its facts."""

import asyncio
from collections.abc import Awaitable
from typing import Any, Final, TypeVar

Answer = TypeVar("Answer")

RESOLUTION_SECONDS: Final = 0.001
"""Event loops round the time of a timer: what is due within this counts as due."""


class SharedDeadline:
    """Ends each wait at its deadline, as `asyncio.timeout_at` does, by one timer for all that stands at the earliest or before it."""

    def __init__(self) -> None:
        self._deadlines: dict[asyncio.Task[Any], float] = {}
        self._ended: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def answer(self, asked: Awaitable[Answer], deadline: float) -> Answer:
        """What the current task waits for. Raises `TimeoutError` at `deadline`, a time of the event loop."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task can wait")
        cancelled_before = task.cancelling()
        self._deadlines[task] = deadline
        if self._timer is None or deadline < self._timer.when():
            self._set_timer(deadline)
        try:
            return await asked
        except asyncio.CancelledError as error:
            # Cancelled from outside as well, it stays cancelled.
            if task in self._ended and task.cancelling() == cancelled_before + 1:
                raise TimeoutError from error
            raise
        finally:
            self._deadlines.pop(task, None)
            if task in self._ended:
                self._ended.remove(task)
                task.uncancel()

    def _set_timer(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(deadline, self._end_due)

    def _end_due(self) -> None:
        self._timer = None
        due_at = asyncio.get_running_loop().time() + RESOLUTION_SECONDS
        for task in [task for task, deadline in self._deadlines.items() if deadline <= due_at]:
            del self._deadlines[task]
            self._ended.add(task)
            task.cancel()
        if self._deadlines:
            self._set_timer(min(self._deadlines.values()))
