"""Waiting for a stream to move on, for requests that wait for an outcome another process will record."""

import asyncio
from typing import Final

from fincore.domain.ids import StreamId
from fincore.eventstore.log import EventLog
from fincore.postgres.failures import is_outage

POLL_INTERVAL_SECONDS: Final = 0.01
"""One statement for all waiting requests together, only while any waits. The store adds no NOTIFY of its own."""


class StreamWatch:
    """Tells many waiting requests of one process when their streams have grown. `run` must be running."""

    def __init__(self, log: EventLog[object]) -> None:
        self._log = log
        self._waiting: dict[StreamId, list[tuple[int, asyncio.Event]]] = {}
        self._wake = asyncio.Event()

    async def wait_beyond(self, stream_id: StreamId, version: int, *, timeout_seconds: float) -> bool:
        """Whether the stream grew past `version` within the time."""
        grown = asyncio.Event()
        entry = (version, grown)
        self._waiting.setdefault(stream_id, []).append(entry)
        self._wake.set()
        try:
            async with asyncio.timeout(timeout_seconds):
                await grown.wait()
        except TimeoutError:
            return False
        finally:
            entries = self._waiting.get(stream_id, [])
            if entry in entries:
                entries.remove(entry)
            if not entries:
                self._waiting.pop(stream_id, None)
        return True

    async def run(self) -> None:
        """Look at the watched streams until cancelled."""
        while True:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            try:
                versions = await self._log.versions(self._waiting)
            except Exception as error:
                if not is_outage(error):
                    raise
                versions = {}
            for stream_id, version in versions.items():
                for seen, grown in self._waiting.get(stream_id, []):
                    if version > seen:
                        grown.set()
            await asyncio.sleep(POLL_INTERVAL_SECONDS)
