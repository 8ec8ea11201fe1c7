"""What a merchant is told of an event of a checkout session, as a row of `paymentdb.events`, and back."""

from typing import Final

import asyncpg
import msgspec

from fincore.domain.checkout_session_events import CheckoutSessionEvent
from fincore.domain.ids import ChargeId, EventId, public_event_id
from fincore.domain.public_session_event import PublicSessionEvent, public_session_event
from fincore.domain.recorded_event import RecordedEvent
from fincore.read.paymentdb.session_row import SessionView


class _Data(msgspec.Struct, frozen=True):
    """The column `data`: what the event tells beside what stands in columns."""

    charge_id: ChargeId | None


_DATA: Final = msgspec.json.Decoder(_Data)
_ENCODER: Final = msgspec.json.Encoder()


def row_of(view: SessionView, recorded: RecordedEvent[CheckoutSessionEvent]) -> tuple[object, ...] | None:
    """The columns of a session's event, in the order of the table; None for an event that merchants are not told."""
    event = public_session_event(recorded)
    if event is None:
        return None
    return (
        recorded.event_id,
        # The event is in the list of no charge: the column names the charge that an event happened to.
        None,
        event.version,
        view.session.merchant_id,
        view.session.livemode,
        event.type,
        event.occurred_at,
        event.recorded_at,
        _ENCODER.encode(_Data(event.charge_id)).decode(),
        event.session_id,
    )


def event_of(row: asyncpg.Record) -> PublicSessionEvent:
    """The event that a row holds; the inverse of `row_of`."""
    return PublicSessionEvent(
        event_id=public_event_id(EventId(row["event_id"])),
        type=row["type"],
        session_id=row["session_id"],
        charge_id=_DATA.decode(row["data"]).charge_id,
        version=row["version"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
    )
