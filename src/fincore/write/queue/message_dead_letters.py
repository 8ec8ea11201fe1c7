"""Dead letters of the queue of messages: a job that its workers left again and again is held for a person, and the message deleted.

A message may become a dead letter for reasons that are none of its job, such as an outage of the database. Its job is then due as before.
"""

import asyncio
import contextlib
from typing import Final

import structlog

from fincore.write.queue.job_claims import JobClaims
from fincore.write.queue.job_messages import JobMessages
from fincore.write.queue.metrics import DEAD_LETTERS

_log = structlog.get_logger(__name__)

WAIT_SECONDS: Final = 5
"""How long one call waits for dead letters, and so how long it may go on after `stop`."""
HIDDEN_SECONDS: Final = 60
PAUSE_SECONDS_MIN: Final = 0.5
PAUSE_SECONDS_MAX: Final = 10.0
"""The pause after an outage; it doubles while the outage lasts."""


class MessageDeadLetters:
    """`messages` is the queue of dead letters."""

    def __init__(self, claims: JobClaims, messages: JobMessages) -> None:
        self._claims = claims
        self._messages = messages
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Take dead letters until `stop`, through outages of either side."""
        pause_seconds = PAUSE_SECONDS_MIN
        while not self._stopping.is_set():
            try:
                await self.take()
            except Exception as error:  # noqa: BLE001 -- for any reason, what was not deleted comes again
                _log.warning("queue.dead_letters_interrupted", error=repr(error)[:200])
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause_seconds):
                        await self._stopping.wait()
                pause_seconds = min(pause_seconds * 2, PAUSE_SECONDS_MAX)
            else:
                pause_seconds = PAUSE_SECONDS_MIN

    def stop(self) -> None:
        """Let `run` return after the call under way."""
        self._stopping.set()

    async def take(self) -> int:
        """Take the next dead letters; how many jobs are held for them. One that cannot be read is left, and told of."""
        received = await self._messages.receive(
            messages_max=self._messages.messages_per_call,
            wait_seconds=WAIT_SECONDS,
            hidden_seconds=HIDDEN_SECONDS,
        )
        readable = [one for one in received if one.job_id is not None]
        if unreadable := len(received) - len(readable):
            _log.error("queue.dead_letter_unreadable", letters=unreadable)
            DEAD_LETTERS.labels("unreadable").inc(unreadable)
        if not readable:
            return 0
        held = await self._claims.hold_abandoned([one.job_id for one in readable if one.job_id])
        for job_id in sorted(held):
            _log.warning("queue.job_held", job_id=job_id, reason="its message became a dead letter")
        DEAD_LETTERS.labels("held").inc(len(held))
        DEAD_LETTERS.labels("due_as_before").inc(len(readable) - len(held))
        await self._messages.delete([one.receipt for one in readable])
        return len(held)
