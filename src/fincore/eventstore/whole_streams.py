"""Reading the whole log stream by stream, for what is built again from its beginning."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final, TypeVar
from uuid import UUID

from fincore.domain.ids import StreamId
from fincore.eventstore.log import EventLog, LoggedEvent

E = TypeVar("E")

_BEFORE_ALL: Final = StreamId(UUID(int=0))


async def whole_streams(
    log: EventLog[E], until: tuple[int, int], batch_events: int
) -> AsyncIterator[list[LoggedEvent[E]]]:
    """All events up to a place of the log, stream by stream, in batches that end where a stream ends."""
    held: list[LoggedEvent[E]] = []
    async for batch in _batches(log, until, batch_events):
        held += batch
        last = held[-1].stream_id
        whole = len(held)
        while whole and held[whole - 1].stream_id == last:
            whole -= 1
        if whole:
            yield held[:whole]
            held = held[whole:]
    if held:
        yield held


async def _batches(
    log: EventLog[E], until: tuple[int, int], batch_events: int
) -> AsyncIterator[list[LoggedEvent[E]]]:
    """All events up to a place of the log, stream by stream. The next batch is on its way while one is folded."""
    upcoming = asyncio.create_task(log.read_streams_after(_BEFORE_ALL, 0, until=until, limit=batch_events))
    try:
        while batch := await upcoming:
            last = batch[-1]
            upcoming = asyncio.create_task(
                log.read_streams_after(last.stream_id, last.version, until=until, limit=batch_events)
            )
            yield batch
    finally:
        upcoming.cancel()
