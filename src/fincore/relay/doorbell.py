"""Lets a consumer read the log on when something rings: a record of a stream, of which only its place counts, or a schedule."""

import asyncio
from typing import Final, Generic, TypeVar

import structlog

from fincore.eventstore.log import EventLog
from fincore.eventstore.subscription import Checkpoint, Fenced, Subscription

_log = structlog.get_logger(__name__)

E = TypeVar("E")

FENCED_DELAY_SECONDS: Final = 0.05
"""The pause after another runner of the consumer moved its checkpoint."""


class Doorbell(Generic[E]):
    """A consumer's doorbell. Others may ring at the same time, and the consumer's own role may run: one of them moves the checkpoint."""

    def __init__(self, log: EventLog[E], subscription: Subscription[E]) -> None:
        self._event_log = log
        self._subscription = subscription

    async def end(self) -> Checkpoint:
        """Where the log ends now."""
        return Checkpoint(*await self._event_log.end())

    async def ring(self, until: Checkpoint) -> None:
        """Return when the consumer has passed a place of the log, or the end of the log, should that come before.

        What was done stays done where this is cancelled. Raises as `Subscription.advance` does.
        """
        while await self.reached() < until:
            try:
                read = await self._subscription.advance()
            except Fenced:
                await asyncio.sleep(FENCED_DELAY_SECONDS)
                continue
            if read == 0 and (reached := await self.reached()) < until:
                # What rings stands below the oldest transaction: a place beyond the end is none of this log.
                _log.error("doorbell.place_not_in_log", tx=until.tx, pos=until.pos, reached=reached)
                return

    async def reached(self) -> Checkpoint:
        """Where the consumer stands."""
        return await self._subscription.checkpoint()
