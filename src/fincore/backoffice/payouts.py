"""Payouts as staff see them: those of all accounts, and one with every event."""

from datetime import datetime
from typing import Final

from fincore.backoffice.stream_history import StreamHistory, Telling, stream_history
from fincore.domain.errors import FinCoreError
from fincore.domain.ids import PayoutId, payout_stream_of
from fincore.domain.payout import Payout, evolve_payout
from fincore.domain.recorded_event import RecordedEvent
from fincore.domain.settlement_events import PayoutEvent, payout_event_type
from fincore.eventstore.log import EventLog


def _occurred_at(recorded: RecordedEvent[PayoutEvent]) -> datetime:
    return recorded.event.occurred_at


_TELLING: Final[Telling[Payout, PayoutEvent]] = Telling(
    evolve=evolve_payout,
    type_of=payout_event_type,
    occurred_at=_occurred_at,
    hidden=frozenset(
        {
            "payout_id",
            "psp",
            "psp_account",
            "livemode",
            "psp_reference",
            "amount_minor",
            "currency",
            "occurred_at",
        }
    ),
)


class PayoutNotFound(FinCoreError):
    """The log has no such payout."""

    def __init__(self, payout_id: PayoutId) -> None:
        super().__init__(f"there is no payout {payout_id}: `fincore payouts list` lists those there are")


async def payout_history(log: EventLog[PayoutEvent], payout_id: PayoutId) -> StreamHistory[Payout]:
    """The history of a payout. Raise `PayoutNotFound`."""
    history = await stream_history(log, payout_stream_of(payout_id), _TELLING)
    if not history.events:
        raise PayoutNotFound(payout_id)
    return history
