"""What a merchant may see of an event of a charge as a row of `paymentdb.events`, and back."""

from typing import Final

import asyncpg
import msgspec

from fincore.domain.events import ChargeEvent, event_type
from fincore.domain.ids import EventId, public_event_id
from fincore.domain.public_event import SHOWN, PublicEvent, ShownValue, occurred_at, shown_data
from fincore.domain.recorded_event import RecordedEvent
from fincore.read.paymentdb.charge_view import ChargeView

_DATA: Final = msgspec.json.Decoder(dict[str, ShownValue])
_ENCODER: Final = msgspec.json.Encoder()


def row_of(view: ChargeView, recorded: RecordedEvent[ChargeEvent]) -> tuple[object, ...]:
    """The columns of a charge's event, in the order of the table; the last names the checkout session of an event of one."""
    return (
        recorded.event_id,
        view.charge_id,
        recorded.version,
        view.charge.merchant_id,
        view.charge.livemode,
        event_type(recorded.event),
        occurred_at(recorded),
        recorded.recorded_at,
        _ENCODER.encode(shown_data(recorded.event)).decode(),
        None,
    )


def event_of(row: asyncpg.Record) -> PublicEvent:
    """The event that a row holds, its data in the order in which `public_event` gives it."""
    data = _DATA.decode(row["data"])
    return PublicEvent(
        event_id=public_event_id(EventId(row["event_id"])),
        type=row["type"],
        charge_id=row["charge_id"],
        version=row["version"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        # jsonb keeps an order of its own.
        data={field: data[field] for field in SHOWN[row["type"]] if field in data},
    )
