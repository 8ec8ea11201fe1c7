"""Waiting for an outcome that another process records, for as long as a client will: the one way in which requests wait."""

import asyncio
from collections.abc import Callable

import structlog

from fincore.domain.charge import Charge, fold
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import StreamId
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.postgres.failures import is_outage

_log = structlog.get_logger(__name__)


class OutcomeWait:
    """Follows the stream of a charge while a request waits. `watch` must be running."""

    def __init__(self, log: EventLog[ChargeEvent], watch: StreamWatch) -> None:
        self._event_log = log
        self._watch = watch

    async def until(
        self,
        is_final: Callable[[Charge], bool],
        charge: Charge,
        stream_id: StreamId,
        *,
        wait_seconds: float,
    ) -> Charge:
        """The charge once it `is_final`, or as it is known when the time is over or the event store is away."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_seconds
        while not is_final(charge) and (left_seconds := deadline - loop.time()) > 0:
            if not await self._watch.wait_beyond(stream_id, charge.version, timeout_seconds=left_seconds):
                break
            try:
                events = await self._event_log.load(stream_id)
            except Exception as error:
                if not is_outage(error):
                    raise
                _log.warning("payments.outcome_unread", stream_id=str(stream_id), error=repr(error))
                break
            charge = fold(recorded.event for recorded in events) or charge
        return charge
