"""Waiting for an outcome that another process records, for as long as a client will: the one way in which requests wait."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

from fincore.domain.ids import StreamId
from fincore.eventstore.aggregate import Aggregate
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.postgres.failures import is_outage

_log = structlog.get_logger(__name__)

IdT = TypeVar("IdT")
StateT = TypeVar("StateT")
E = TypeVar("E")


class OutcomeWait(Generic[StateT]):
    """Reads a stream of one aggregate again whenever it grows, while a request waits. `watch` must be running."""

    def __init__(self, aggregate: Aggregate[IdT, StateT, E], log: EventLog[E], watch: StreamWatch) -> None:
        async def load(stream_id: StreamId) -> StateT | None:
            return aggregate.fold(recorded.event for recorded in await log.load(stream_id))

        self._load = load
        self._version_of = aggregate.version_of
        self._watch = watch

    async def until(
        self,
        is_final: Callable[[StateT], bool],
        state: StateT,
        stream_id: StreamId,
        *,
        wait_seconds: float,
    ) -> StateT:
        """The state once it `is_final`, or as it is known when the time is over or the event store is away."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_seconds
        while not is_final(state) and (left_seconds := deadline - loop.time()) > 0:
            version = self._version_of(state)
            if not await self._watch.wait_beyond(stream_id, version, timeout_seconds=left_seconds):
                break
            try:
                loaded = await self._load(stream_id)
            except Exception as error:
                if not is_outage(error):
                    raise
                _log.warning("payments.outcome_unread", stream_id=str(stream_id), error=repr(error))
                break
            state = state if loaded is None else loaded
        return state
