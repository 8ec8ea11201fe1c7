"""Finishing proposals beside the server of staff: what two people agreed on is carried out, though the process that they asked died."""

import asyncio
import contextlib
from typing import Final

import structlog

from fincore.backoffice.proposals import ProposalDecisions

PAUSE_SECONDS: Final = 15.0

_log = structlog.get_logger(__name__)


async def finish_proposals(
    decisions: ProposalDecisions, stop: asyncio.Event, *, pause_seconds: float = PAUSE_SECONDS
) -> None:
    """Finish what is to be finished, at once and again after each pause, until `stop`. A failure is logged, and the next round goes on.

    Several processes may do this at a time: carrying a proposal out is safe to repeat.
    """
    while not stop.is_set():
        try:
            try:
                await decisions.finish()
            finally:
                await decisions.measure()
        except Exception:  # noqa: BLE001 -- a store that is away, or a proposal that fails, ends no server
            _log.exception("staff.proposals_not_finished")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause_seconds)
