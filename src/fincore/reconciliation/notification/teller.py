"""Looks for what operations are to be told, and sends it on every channel, again and again until it arrives or is given up.

At least once: a process that dies between sending and noting lets its lease end, and another one sends the same notice with the same id.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

import structlog

from fincore.observability.failpoints import failpoint
from fincore.postgres.failures import is_outage
from fincore.postgres.pool import Pool
from fincore.reconciliation.metrics import NOTICE_ATTEMPTS, NOTICE_LOOKS
from fincore.reconciliation.notification.channel import SEND_SECONDS_MAX, Channel, NotSent
from fincore.reconciliation.notification.collector import Collector
from fincore.reconciliation.notification.notice import Notice
from fincore.reconciliation.notification.outbox import Outbox

_log = structlog.get_logger(__name__)

INTERVAL_SECONDS: Final = 5.0
FAILURE_INTERVAL_SECONDS_MAX: Final = 300.0


class Teller:
    """Never waits for a run. What fails is logged, counted and tried again, and ends nothing."""

    def __init__(
        self,
        ledgerdb: Pool,
        channels: Sequence[Channel],
        collector: Collector,
        *,
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        self._outbox = Outbox(ledgerdb)
        self._channels = channels
        self._collector = collector
        self._interval_seconds = interval_seconds
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Look and send until `stop`; then end the attempts under way. Raises what it cannot go on after, such as a log that is gone."""
        for result in ("good", "failed"):
            # A series that begins at 0 tells that the first look failed.
            NOTICE_LOOKS.labels(result)
        for channel in self._channels:
            for result in ("sent", "failed"):
                NOTICE_ATTEMPTS.labels(channel.name, result)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._look())
                for channel in self._channels:
                    tasks.create_task(self._send(channel))
        except ExceptionGroup as failed:
            # One is enough to say why the role ends.
            raise failed.exceptions[0] from None

    async def tell_once(self) -> None:
        """Look, then send what is due on each channel, each attempt once. What fails is logged and counted, as in `run`."""
        await self._tried("look", self._look_once)
        await asyncio.gather(
            *(self._tried(one.name, partial(self.deliver_due, one)) for one in self._channels)
        )

    def stop(self) -> None:
        """Let `run` return."""
        self._stopping.set()

    async def deliver_due(self, channel: Channel) -> int:
        """Send what is due on a channel once, the oldest first; return how many attempts were made."""
        attempts = 0
        while not self._stopping.is_set() and (claimed := await self._outbox.claim(channel.name)) is not None:
            attempts += 1
            reason = await attempted(channel, claimed.notice)
            NOTICE_ATTEMPTS.labels(channel.name, "failed" if reason else "sent").inc()
            if reason is None:
                failpoint("settlement_notice_sent", "before")
                await self._outbox.sent(claimed, channel.name)
                failpoint("settlement_notice_sent", "after")
                continue
            _log.warning(
                "reconciliation.notice_not_sent",
                channel=channel.name,
                notice_id=claimed.notice.notice_id,
                attempt=claimed.attempt,
                reason=reason,
            )
            await self._outbox.not_sent(claimed, channel.name, reason)
        return attempts

    async def _look_once(self) -> None:
        await self._outbox.give_up_all_but([one.name for one in self._channels])
        await self._collector.collect()
        NOTICE_LOOKS.labels("good").inc()

    async def _look(self) -> None:
        await self._repeat("look", self._look_once)

    async def _send(self, channel: Channel) -> None:
        await self._repeat(channel.name, partial(self.deliver_due, channel))

    async def _repeat(self, what: str, work: Callable[[], Awaitable[object]]) -> None:
        """Again and again, after longer pauses where it fails."""
        pause_seconds = self._interval_seconds
        while not self._stopping.is_set():
            if await self._tried(what, work):
                pause_seconds = self._interval_seconds
            else:
                pause_seconds = min(pause_seconds * 2, FAILURE_INTERVAL_SECONDS_MAX)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_seconds):
                    await self._stopping.wait()

    async def _tried(self, what: str, work: Callable[[], Awaitable[object]]) -> bool:
        """Whether it went well."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001 -- telling of reconciliation must not end it; what fails is counted
            NOTICE_LOOKS.labels("failed").inc()
            if is_outage(error):
                _log.warning("reconciliation.notices_interrupted", what=what, error=repr(error))
            else:
                _log.exception("reconciliation.notices_failed", what=what)
            return False
        return True


async def attempted(channel: Channel, notice: Notice) -> str | None:
    """Send a notice once, within bounded time; why it did not arrive, None where it did."""
    try:
        async with asyncio.timeout(SEND_SECONDS_MAX):
            await channel.send(notice)
    except NotSent as error:
        return str(error)
    except TimeoutError:
        return "it took too long"
    except Exception as error:  # noqa: BLE001 -- any error that a server makes a library raise ends here
        # The text of an error of a library may hold what was sent to the server.
        _log.error("reconciliation.channel_broken", channel=channel.name, error=type(error).__name__)
        return f"FinCore failed by an error of its own ({type(error).__name__})"
    return None
