"""What one process of Lambda keeps from invocation to invocation: an event loop, and what was opened on it, such as pools.

Lambda freezes the process between invocations and kills it without a word: nothing here relies on being closed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Final, Generic, TypeVar

import structlog
import uvloop

from fincore.aws.deadline import Deadline, LambdaContext
from fincore.domain.errors import FinCoreError, StoreUnavailable
from fincore.postgres.failures import OUTAGES, outage_of

_log = structlog.get_logger(__name__)

T = TypeVar("T")
R = TypeVar("R")


class FunctionFailed(FinCoreError):
    """An invocation failed by a fault of its own. Its log has the error; what Lambda shows holds nothing of it."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f"the function failed ({type(error).__name__}): see function.failed in its log")


class LambdaEnvironment(Generic[T]):
    """Opens what a function needs at its first invocation, and again where that failed. `ended` is called at the end of each invocation."""

    def __init__(
        self,
        opened: Callable[[], AbstractAsyncContextManager[T]],
        *,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self._opened: Final = opened
        self._ended: Final = ended
        self._stack: Final = AsyncExitStack()
        self._runner: asyncio.Runner | None = None
        self._kept: T | None = None

    def run(self, work: Callable[[T, Deadline], Awaitable[R]], context: LambdaContext) -> R:
        """Do an invocation's work. Raises `StoreUnavailable` while a database is away, other errors of FinCore, and `FunctionFailed`."""
        if self._runner is None:
            self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        try:
            return self._runner.run(self._done(work, Deadline(context)))
        finally:
            self._ended()

    async def _done(self, work: Callable[[T, Deadline], Awaitable[R]], deadline: Deadline) -> R:
        try:
            if self._kept is None:
                self._kept = await self._stack.enter_async_context(self._opened())
            return await work(self._kept, deadline)
        except FinCoreError:
            raise
        except Exception as error:  # noqa: BLE001 -- each is raised again, without what it holds
            # What PostgreSQL says of an error may hold a row: it goes to the log, which leaves secrets out, and not to Lambda.
            _log.exception("function.failed")
            if (outage := outage_of(error)) is not None:
                raise StoreUnavailable(OUTAGES[outage]) from None
            raise FunctionFailed(error) from None
