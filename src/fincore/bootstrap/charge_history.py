"""What staff see of one charge: every event of it with all that it says, the reasons that merchants are not shown included."""

import json
from datetime import datetime
from typing import Final

import msgspec

from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operations import stores_of
from fincore.domain.charge import Charge, fold
from fincore.domain.errors import FinCoreError
from fincore.domain.events import ChargeEvent, event_type
from fincore.domain.ids import ChargeId, stream_of
from fincore.domain.public_event import occurred_at
from fincore.eventstore.log import EventLog

_OF_THE_CHARGE: Final = frozenset({"merchant_id", "livemode", "psp"})
"""Fields that are the same in all events of a charge."""


class ChargeNotFound(FinCoreError):
    """The log has no such charge."""

    def __init__(self, charge_id: ChargeId) -> None:
        super().__init__(f"there is no charge {charge_id}")


class Happened(msgspec.Struct, frozen=True):
    """One event: its place among those of the charge, when it happened by the PSP's clock, and what it says."""

    version: int
    at: datetime
    type: str
    says: str


class ChargeHistory(msgspec.Struct, frozen=True):
    """A charge as its events leave it, and the events."""

    charge: Charge
    events: list[Happened]


async def charge_history(databases: Databases, charge_id: ChargeId) -> ChargeHistory:
    """The history of a charge, from the log. Raise `ChargeNotFound`."""
    async with stores_of(databases, "eventstore") as stores:
        recorded = await EventLog(stores.eventstore).load(stream_of(charge_id))
    charge = fold(one.event for one in recorded)
    if charge is None:
        raise ChargeNotFound(charge_id)
    return ChargeHistory(
        charge,
        [
            Happened(one.version, occurred_at(one), event_type(one.event), _says(one.event))
            for one in recorded
        ],
    )


def _says(event: ChargeEvent) -> str:
    fields = msgspec.to_builtins(event)
    return ", ".join(
        f"{name} {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in fields.items()
        if name not in _OF_THE_CHARGE and value not in (None, {}, [])
    )
