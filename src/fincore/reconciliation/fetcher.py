"""Looks at every source at the times of its schedule, in one process of those that run.

A process claims a source before it looks at it, and renews the claim while it does; when it dies, another one takes over. No
connection is held meanwhile.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Final
from uuid import uuid4

import msgspec
import structlog

from fincore.postgres.failures import is_outage
from fincore.reconciliation.fetching.look import Look, Looker
from fincore.reconciliation.fetching.remote import OpenRemote
from fincore.reconciliation.metrics import LOOKS
from fincore.reconciliation.source import SettlementSource
from fincore.reconciliation.sources import LEASE_SECONDS, Sources

_log = structlog.get_logger(__name__)

INTERVAL_SECONDS: Final = 2.0
"""How often the schedules are consulted."""
LOOKS_AT_A_TIME: Final = 4

AfterLook = Callable[[], Awaitable[None]]
"""What is done with the files that are kept by now."""


class WatchedSource(msgspec.Struct, frozen=True):
    """A source and how it is reached."""

    source: SettlementSource
    open_remote: OpenRemote


class Fetcher:
    """Looks at sources; `after_look` is called at the beginning and after each look, one call at a time."""

    def __init__(
        self,
        watched: Sequence[WatchedSource],
        sources: Sources,
        looker: Looker,
        after_look: AfterLook | None = None,
        *,
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        self._watched: Mapping[str, WatchedSource] = {one.source.name: one for one in watched}
        self._sources = sources
        self._looker = looker
        self._after_look = after_look
        self._interval_seconds = interval_seconds
        self._places = asyncio.Semaphore(LOOKS_AT_A_TIME)
        self._stopping = asyncio.Event()
        self._looked = asyncio.Event()
        self._looked.set()
        self._process = uuid4()

    async def run(self) -> None:
        """Look until `stop`; then end the looks under way, which the next process continues."""
        for name in self._watched:
            # A series that begins at 0 tells that this role runs, and that its first look failed.
            LOOKS.labels(name, "good")
            LOOKS.labels(name, "failed")
        await self._sources.declare([one.source for one in self._watched.values()])
        try:
            await self._run()
        except ExceptionGroup as failed:
            # One is enough to say why the role ends.
            raise failed.exceptions[0] from None

    def stop(self) -> None:
        """Let `run` return."""
        self._stopping.set()

    async def look_once(self, seconds_max: float) -> int:
        """Declare the sources, look at each that is due now, within so many seconds, and return how many were looked at.

        A look that does not end in time is continued by the next one. Raises outages of the database.
        """
        began = time.monotonic()
        await self._sources.declare([one.source for one in self._watched.values()])
        due = await self._sources.due([one.source for one in self._watched.values()])

        async def look(name: str) -> bool:
            async with self._places:
                if (seconds_left := seconds_max - (time.monotonic() - began)) <= 0:
                    return False
                return await self.look(name, seconds_max=seconds_left) is not None

        looks = await asyncio.gather(*(look(one.name) for one in due), return_exceptions=True)
        for failed in looks:
            if isinstance(failed, BaseException):
                raise failed
        return sum(map(bool, looks))

    async def look(self, name: str, *, seconds_max: float | None = None) -> Look | None:
        """Look at a source now, within so many seconds; None while another process does."""
        watched = self._watched[name]
        if not await self._sources.claim(name, self._process):
            return None
        failure: str | None = "the process that looked at the source stopped"
        try:
            async with self._claim_kept(name):
                look = await self._looked_at(watched, seconds_max)
            failure = look.failure
        finally:
            await self._sources.finish(name, self._process, failure)
        LOOKS.labels(name, "good" if failure is None else "failed").inc()
        if failure is None:
            _log.info("settlement.source_read", source=name, files=len(look.fetched))
        else:
            _log.warning("settlement.source_failed", source=name, files=len(look.fetched), reason=failure)
        self._looked.set()
        return look

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            using = [] if self._after_look is None else [group.create_task(self._use(self._after_look))]
            looking: dict[str, asyncio.Task[Look | None]] = {}
            while not self._stopping.is_set():
                looking = {name: task for name, task in looking.items() if not task.done()}
                for source in await self._due():
                    if source.name not in looking:
                        looking[source.name] = group.create_task(self._look_in_turn(source.name))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._interval_seconds):
                        await self._stopping.wait()
            for task in (*using, *looking.values()):
                task.cancel()

    async def _looked_at(self, watched: WatchedSource, seconds_max: float | None) -> Look:
        """A look that no answer of a server can make more of than a failed look at its own source. Raises outages of the database."""
        try:
            return await self._looker.look(watched.source, watched.open_remote, seconds_max=seconds_max)
        except Exception as error:
            if is_outage(error):
                raise
            _log.exception("settlement.look_broken", source=watched.source.name)
            return Look(
                source=watched.source.name,
                fetched=(),
                failure=f"FinCore failed by an error of its own ({type(error).__name__}), which the log has",
            )

    async def _due(self) -> list[SettlementSource]:
        try:
            return await self._sources.due([one.source for one in self._watched.values()])
        except Exception as error:
            if not is_outage(error):
                raise
            _log.warning("settlement.schedule_unread", error=repr(error))
            return []

    async def _look_in_turn(self, name: str) -> Look | None:
        async with self._places:
            try:
                return await self.look(name)
            except Exception as error:
                if not is_outage(error):
                    raise
                # The files of this look are fetched again by the next one, once its lease is over.
                _log.warning("settlement.look_interrupted", source=name, error=repr(error))
                return None

    @contextlib.asynccontextmanager
    async def _claim_kept(self, name: str) -> AsyncIterator[None]:
        """Renew the claim while the look lasts."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(LEASE_SECONDS / 3)
                try:
                    await self._sources.renew(name, self._process)
                except Exception as error:
                    if not is_outage(error):
                        raise
                    _log.warning("settlement.lease_not_renewed", source=name, error=repr(error))

        renewing = asyncio.create_task(renew())
        try:
            yield
        finally:
            renewing.cancel()

    async def _use(self, after_look: AfterLook) -> None:
        """Call it, and again after the looks that ended meanwhile."""
        while True:
            await self._looked.wait()
            self._looked.clear()
            try:
                await after_look()
            except Exception as error:
                if not is_outage(error):
                    raise
                _log.warning("settlement.use_interrupted", error=repr(error))
                await asyncio.sleep(self._interval_seconds)
                self._looked.set()
