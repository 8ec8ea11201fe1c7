"""Effects that come due by the sandbox's clock: holds that expire, refunds that complete, disputes that open."""

import asyncio
import heapq
from collections.abc import Callable

import msgspec
import structlog

from psp_sandbox.clock import Clock

log = structlog.get_logger("psp_sandbox.scheduler")

LONGEST_SLEEP_SECONDS = 3_600.0
COMPACT_ABOVE_ENTRIES = 1_024


class Due(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that happens to an object of an account; `kind` is a word the performer knows."""

    account: str
    kind: str
    object_id: str


class _Entry(msgspec.Struct, frozen=True, order=True, gc=False):
    """Ordered by time, then by the order in which they were scheduled."""

    at: float
    number: int
    due: Due


class Scheduler:
    """At most one thing waits for each object, so that its size is bounded by the store's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._perform: Callable[[Due], None] | None = None
        self._heap: list[_Entry] = []
        self._number_of: dict[str, int] = {}
        self._scheduled = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self, perform: Callable[[Due], None]) -> None:
        """Perform what is due as its time comes, until `stop`. To be called in the event loop."""
        self._perform = perform
        self._loop = asyncio.get_running_loop()
        self._arm()

    def stop(self) -> None:
        """Perform nothing any more."""
        self._loop = None
        if self._timer is not None:
            self._timer.cancel()

    def schedule(self, due: Due, *, after_seconds: float) -> None:
        """Perform it `after_seconds` from now. It replaces what waited for the same object."""
        self._scheduled += 1
        self._number_of[due.object_id] = self._scheduled
        entry = _Entry(self._clock.now() + after_seconds, self._scheduled, due)
        heapq.heappush(self._heap, entry)
        self._compact()
        if self._heap[0] is entry:
            self._arm()

    def cancel(self, object_id: str) -> None:
        """Drop what waits for this object, if anything does."""
        if self._number_of.pop(object_id, None) is not None:
            self._compact()

    def run_due(self) -> int:
        """Perform all effects that are due, in order; return how many."""
        performed = 0
        while self._heap and self._heap[0].at <= self._clock.now():
            entry = heapq.heappop(self._heap)
            if not self._waits(entry):
                continue
            del self._number_of[entry.due.object_id]
            self._carry_out(entry.due)
            performed += 1
        self._arm()
        return performed

    def waiting(self) -> list[tuple[float, Due]]:
        """When, in unix seconds, and what; the soonest first."""
        return [(entry.at, entry.due) for entry in sorted(self._heap) if self._waits(entry)]

    def clear(self) -> None:
        """Nothing waits any more."""
        self._heap.clear()
        self._number_of.clear()

    def _waits(self, entry: _Entry) -> bool:
        return self._number_of.get(entry.due.object_id) == entry.number

    def _compact(self) -> None:
        """A canceled or replaced entry stays in the heap; once most of the heap is such, the heap is made anew."""
        if len(self._heap) > COMPACT_ABOVE_ENTRIES + 2 * len(self._number_of):
            self._heap = [entry for entry in self._heap if self._waits(entry)]
            heapq.heapify(self._heap)

    def _carry_out(self, due: Due) -> None:
        if self._perform is None:
            return
        try:
            self._perform(due)
        except Exception:
            log.exception("scheduler.failed", kind=due.kind, object_id=due.object_id)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._loop is not None and self._heap:
            wait = min(max(self._heap[0].at - self._clock.now(), 0.0), LONGEST_SLEEP_SECONDS)
            self._timer = self._loop.call_later(wait, self.run_due)
