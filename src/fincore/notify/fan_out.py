"""The consumer that turns events into deliveries, one for each endpoint that wants the event."""

from collections.abc import Sequence

from fincore.domain.clock import Clock
from fincore.domain.events import RecordedEvent, event_type
from fincore.domain.ids import new_webhook_delivery_id
from fincore.domain.public_event import public_event
from fincore.notify.attempt import columns
from fincore.notify.message import message_body
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection

_SQL = load_sql("fincore.notify", "fan_out.sql")


class FanOut:
    """Three statements a batch, however many events and endpoints; one where nobody listens.

    What an endpoint wants is read in the transaction that inserts the deliveries, never remembered: that an event of a
    later transaction than the endpoint's last change finds the endpoint as changed is a law.
    """

    name = "notify"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent]) -> None:
        """Insert the deliveries of events inside the transaction of `connection`."""
        if not await connection.fetchval(_SQL.has_listeners):
            return
        recipients = await connection.fetch(
            _SQL.recipients,
            list(range(len(events))),
            [recorded.stream_id for recorded in events],
            [recorded.tx for recorded in events],
            [event_type(recorded.event) for recorded in events],
        )
        if not recipients:
            return
        bodies: dict[int, bytes] = {}
        rows = []
        for recipient in recipients:
            number = recipient["event_no"]
            recorded = events[number]
            if number not in bodies:
                bodies[number] = message_body(public_event(recorded), livemode=recipient["livemode"])
            rows.append(
                (
                    new_webhook_delivery_id(),
                    recipient["endpoint_id"],
                    recorded.event_id,
                    event_type(recorded.event),
                    bodies[number],
                )
            )
        await connection.execute(_SQL.insert_deliveries, *columns(rows), self._clock.now())
