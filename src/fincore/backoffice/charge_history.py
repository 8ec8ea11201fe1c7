"""One charge as staff see it: every event with all its fields, including the reasons that merchants are not shown."""

from typing import Final

from fincore.backoffice.stream_history import StreamHistory, Telling, stream_history
from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.errors import FinCoreError
from fincore.domain.events import ChargeEvent, event_type
from fincore.domain.ids import ChargeId, stream_of
from fincore.domain.public_event import occurred_at
from fincore.eventstore.log import EventLog

_TELLING: Final[Telling[Charge, ChargeEvent]] = Telling(
    evolve=evolve,
    type_of=event_type,
    occurred_at=occurred_at,
    # What is the charge's is shown with it.
    hidden=frozenset({"merchant_id", "livemode", "plan", "assessment"}),
)


class ChargeNotFound(FinCoreError):
    """The log has no such charge."""

    def __init__(self, charge_id: ChargeId) -> None:
        super().__init__(f"there is no charge {charge_id}")


async def charge_history(log: EventLog[ChargeEvent], charge_id: ChargeId) -> StreamHistory[Charge]:
    """The history of a charge. Raise `ChargeNotFound`."""
    history = await stream_history(log, stream_of(charge_id), _TELLING)
    if not history.events:
        raise ChargeNotFound(charge_id)
    return history
