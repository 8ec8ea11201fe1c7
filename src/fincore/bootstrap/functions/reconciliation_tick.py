"""What one invocation does of the work of the role `reconciliation`: a run that is owed, looks that are due, the run after them, notices, evidence.

Each step ends in time for those after it, so that the next invocation goes on where this one ended. Sources are claimed and runs take turns, as
between processes of the role: invocations at once, and a service beside them, do nothing twice.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import structlog

from fincore.reconciliation.notification.channel import SEND_SECONDS_MAX

_log = structlog.get_logger(__name__)

TELL_SECONDS: Final = 2 * SEND_SECONDS_MAX
"""Kept of each invocation for notices: more than one attempt to send may take."""
TELL_SHARE: Final = 0.2
"""Of what an invocation may take: as much is kept at most."""
LOOKS_SHARE: Final = 0.5
"""Of what is left for work, for looks; the rest is for the run after them."""
EVIDENCE_SECONDS: Final = 30.0
"""How long files are read again; one that was begun is read to its end, if the invocation lasts so long."""


class Fetches(Protocol):
    """As `fincore.reconciliation.fetcher.Fetcher` does."""

    async def look_once(self, seconds_max: float) -> int: ...


class Tells(Protocol):
    """As `fincore.reconciliation.notification.teller.Teller` does."""

    async def tell_once(self) -> None: ...


class Reads(Protocol):
    """As `fincore.reconciliation.evidence_watch.EvidenceWatch` does."""

    async def read_once(self, *, may_go_on: Callable[[], bool]) -> None: ...


class ReconciliationTick:
    """Kept by a process from invocation to invocation. `attempt`: one run, or False where another process has the turn.

    `too_long` keeps why a run was ended that had an invocation to itself, so that operations are told.
    """

    def __init__(
        self,
        *,
        fetcher: Fetches,
        attempt: Callable[[], Awaitable[bool]],
        too_long: Callable[[str], Awaitable[None]],
        teller: Tells,
        evidence: Reads,
    ) -> None:
        self._fetcher = fetcher
        self._attempt = attempt
        self._too_long = too_long
        self._teller = teller
        self._evidence = evidence
        self._owes_run = True
        """The process before may have been killed after a look, or in a run."""

    async def work(self, seconds_left: Callable[[], float]) -> None:
        """Do what is due within the time that is left. Raises outages of the databases, after notices were sent."""
        try:
            await self._reconcile(seconds_left)
        finally:
            await _within(seconds_left(), self._teller.tell_once())
        until = time.monotonic() + EVIDENCE_SECONDS
        await _within(seconds_left(), self._evidence.read_once(may_go_on=lambda: time.monotonic() < until))

    async def _reconcile(self, seconds_left: Callable[[], float]) -> None:
        all_seconds = seconds_left()
        kept_seconds = min(TELL_SECONDS, all_seconds * TELL_SHARE)
        whole_seconds = all_seconds - kept_seconds

        def for_work() -> float:
            return max(0.0, seconds_left() - kept_seconds)

        if self._owes_run and not await self._run(for_work()):
            await self._too_long(
                f"a run did not end within {whole_seconds:,.0f} s, all that an invocation has for it, and is begun again by the next one: "
                "run the role `reconciliation` as a service, which has no such bound"
            )
            return
        if await self._fetcher.look_once(min(for_work(), whole_seconds * LOOKS_SHARE)):
            self._owes_run = True
            if not await self._run(for_work()):
                _log.warning(
                    "reconciliation.run_continues", reason="the next invocation goes on with the run"
                )

    async def _run(self, seconds: float) -> bool:
        """One run; False where its time was over. It stays owed then, and where another process has the turn or a database is away."""
        has_ended, is_ours = await _within(seconds, self._attempt())
        self._owes_run = not (has_ended and is_ours)
        return has_ended


async def _within(seconds: float, work: Awaitable[object]) -> tuple[bool, object]:
    """Whether work ended in time, and with what. Work that does not is ended."""
    bound = asyncio.timeout(seconds)
    try:
        async with bound:
            return True, await work
    except TimeoutError:
        if not bound.expired():
            raise
        return False, None
