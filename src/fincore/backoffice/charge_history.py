"""One charge as staff see it: every event with all its fields, including the reasons that merchants are not shown.

Where this version cannot read an event, or the event cannot follow those before it, the charge is shown as it was before
that event, and the event as it is stored.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.errors import FinCoreError
from fincore.domain.events import ChargeEvent, event_type
from fincore.domain.ids import ChargeId, stream_of
from fincore.domain.masked_json import masked_json
from fincore.domain.public_event import occurred_at
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.log import EventLog, LoggedEvent, StoredEvent
from fincore.observability.logs import redact

_OF_THE_CHARGE: Final = frozenset({"merchant_id", "livemode", "plan"})
"""Fields that are the charge's, and are shown with it."""


class ChargeNotFound(FinCoreError):
    """The log has no such charge."""

    def __init__(self, charge_id: ChargeId) -> None:
        super().__init__(f"there is no charge {charge_id}")


class Happened(msgspec.Struct, frozen=True):
    """One event: its place among those of the charge, when it happened by the PSP's clock, and what it says.

    Of an event that cannot be read: its type with its version, when it was recorded, and its JSON, masked.
    """

    version: int
    at: datetime
    type: str
    says: str


class Stop(msgspec.Struct, frozen=True):
    """The first version of a charge that cannot be applied, and why."""

    version: int
    reason: str


class ChargeHistory(msgspec.Struct, frozen=True):
    """A charge as its events leave it, up to `stop` where one cannot be applied, and all events.

    There is no charge where its first event cannot be applied.
    """

    charge: Charge | None
    stop: Stop | None
    events: list[Happened]


async def charge_history(log: EventLog[ChargeEvent], charge_id: ChargeId) -> ChargeHistory:
    """The history of a charge. Raise `ChargeNotFound`."""
    logged = await log.load_logged(stream_of(charge_id))
    if not logged:
        raise ChargeNotFound(charge_id)
    unreadable = [one.event_id for one in logged if not isinstance(one, RecordedEvent)]
    stored = {one.event_id: one for one in await log.load_stored(unreadable)}
    charge, stop = _folded(logged)
    return ChargeHistory(
        charge,
        stop,
        [
            Happened(one.version, occurred_at(one), event_type(one.event), _says(one.event))
            if isinstance(one, RecordedEvent)
            else _unread(one.version, stored[one.event_id])
            for one in logged
        ],
    )


def _folded(logged: Sequence[LoggedEvent[ChargeEvent]]) -> tuple[Charge | None, Stop | None]:
    charge: Charge | None = None
    for one in logged:
        if not isinstance(one, RecordedEvent):
            return charge, Stop(one.version, one.reason)
        try:
            charge = evolve(charge, one.event)
        except Exception as error:  # noqa: BLE001 -- an event that cannot follow is what staff come to see
            return charge, Stop(one.version, redact(f"{type(error).__name__}: {error}"))
    return charge, None


def _says(event: ChargeEvent) -> str:
    fields = msgspec.to_builtins(event)
    return ", ".join(
        f"{name} {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in fields.items()
        if name not in _OF_THE_CHARGE and value not in (None, {}, [])
    )


def _unread(version: int, stored: StoredEvent) -> Happened:
    return Happened(
        version,
        stored.recorded_at,
        f"{stored.type} (schema version {stored.schema_version})",
        f"cannot be read: {redact(masked_json(stored.data))}",
    )
