"""Errands: what a process is doing at the moment, stopped between any two steps, gone on with in any order, or killed.

Each part that can change the world or see it (the store, the PSP) has a gate before it, and after it where its answer can be
lost. An errand waits at each gate until it is told to go on, so that one thread decides every interleaving.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from fincore.domain.clock import Clock

Result = TypeVar("Result")

STEPS_MAX: Final = 400
"""Gates that one errand may pass: a recording gives way after 20 conflicts, and passes a few gates for each."""


class Crash(BaseException):
    """The process is dead. No `except Exception` may live through it, as none lives through SIGKILL."""


class Errand(Generic[Result]):
    """One job, request or webhook under way. `place` is the gate it waits at; None once it is over."""

    def __init__(self, name: str, started_at: datetime) -> None:
        self.name = name
        self.started_at = started_at
        self.place: str | None = None
        self.result: Result | None = None
        self.error: Exception | None = None
        self.is_crashed = False
        self._resume: asyncio.Future[None] | None = None
        self._moved = asyncio.Event()
        self._work: Coroutine[Any, Any, None] | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether it came to its end, or was killed."""
        return self._task is not None and self._task.done()

    def __repr__(self) -> str:
        return f"{self.name} {'over' if self.is_over else f'at {self.place}'}"


_UNDER_WAY: Final[ContextVar[Errand[Any] | None]] = ContextVar("errand", default=None)


async def gate(place: str) -> None:
    """Wait here until the errand is told to go on; a caller on no errand passes."""
    errand = _UNDER_WAY.get()
    if errand is None:
        return
    errand.place = place
    errand._resume = asyncio.get_running_loop().create_future()
    errand._moved.set()
    await errand._resume


class Stage:
    """Runs errands on a loop of its own. Exactly one moves at a time.

    `runs` counts what it ran that may write: while it stays the same, what was read before need not be read again.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        self._loop = loop
        self._clock = clock
        self.errands: list[Errand[Any]] = []
        self.runs = 0

    def prepare(
        self, name: str, work: Awaitable[Result], then: Callable[[Errand[Result]], None]
    ) -> Errand[Result]:
        """An errand that has not begun; `then` is called when it is over, unless it was killed."""
        errand: Errand[Result] = Errand(name, self._clock.now())
        errand._work = _carried_out(errand, work, then)
        return errand

    def begin(self, errand: Errand[Result]) -> Errand[Result]:
        """Let an errand come to its first gate."""
        self.errands.append(errand)
        self.run(self._begin(errand))
        self._forget_finished()
        return errand

    def step(self, errand: Errand[Any]) -> None:
        """Let an errand pass its gate and come to the next one, or to its end."""
        self.run(self._pass(errand, None))
        self._forget_finished()

    def finish(self, errand: Errand[Any], *, steps: int = STEPS_MAX) -> None:
        """Let an errand pass so many gates, or all there are."""
        for _ in range(steps):
            if errand.is_over:
                return
            self.step(errand)
        assert steps < STEPS_MAX, f"{errand} goes on and on"

    def crash(self, errand: Errand[Any]) -> None:
        """Kill the process that is on an errand, where it stands."""
        if not errand.is_over:
            self.run(self._pass(errand, Crash()))
        self._forget_finished()

    def run(self, work: Awaitable[Result]) -> Result:
        """Run something to its end that is no errand."""
        self.runs += 1
        return self._loop.run_until_complete(work)

    def look(self, work: Awaitable[Result]) -> Result:
        """Run something to its end that only reads."""
        return self._loop.run_until_complete(work)

    async def _begin(self, errand: Errand[Any]) -> None:
        assert errand._work is not None
        errand._task = asyncio.get_running_loop().create_task(errand._work)
        await _moved(errand)

    async def _pass(self, errand: Errand[Any], death: Crash | None) -> None:
        assert errand._resume is not None
        errand._moved.clear()
        if death is None:
            errand._resume.set_result(None)
        else:
            errand._resume.set_exception(death)
        await _moved(errand)

    def _forget_finished(self) -> None:
        self.errands = [errand for errand in self.errands if not errand.is_over]


async def _moved(errand: Errand[Any]) -> None:
    await errand._moved.wait()
    if errand._task is not None and errand.place is None:
        # What `then` finds wrong is raised where the errand was moved.
        await errand._task


async def _carried_out(
    errand: Errand[Result], work: Awaitable[Result], then: Callable[[Errand[Result]], None]
) -> None:
    _UNDER_WAY.set(errand)
    try:
        errand.result = await work
    except Crash:
        errand.is_crashed = True
    except Exception as error:  # noqa: BLE001 -- what a process makes of an exception is decided by `then`
        errand.error = error
    finally:
        errand.place = None
        errand._moved.set()
    if not errand.is_crashed:
        then(errand)
