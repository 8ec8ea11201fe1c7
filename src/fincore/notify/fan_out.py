"""The consumer that turns events into deliveries, one for each endpoint that wants the event."""

from collections.abc import Collection, Sequence

import asyncpg

from fincore.domain.checkout_session_events import (
    CHECKOUT_SESSION_EVENTS,
    CheckoutSessionEvent,
    session_event_type,
)
from fincore.domain.clock import Clock
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent, event_type
from fincore.domain.ids import EventId, StreamId, WebhookDeliveryId, new_webhook_delivery_id
from fincore.domain.log_events import LogEvent, of_charges, of_sessions
from fincore.domain.public_event import public_event
from fincore.domain.public_session_event import public_session_event, told_type
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.log import load_streams
from fincore.notify.attempt import columns
from fincore.notify.message import message_body
from fincore.notify.session_message import session_message_body
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection
from fincore.public.event_object import EventObject, event_objects
from fincore.public.session_object import session_objects

_SQL = load_sql("fincore.notify", "fan_out.sql")


class FanOut:
    """Four statements a batch at most, however many events and endpoints; two more for checkout sessions; one if there is no endpoint.

    What an endpoint wants is read in the transaction that inserts the deliveries, never remembered: that an event of a
    later transaction than the endpoint's last change finds the endpoint as changed is an invariant.
    """

    name = "notify"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent[LogEvent]]) -> None:
        """Insert the deliveries of events inside the transaction of `connection`."""
        if not await connection.fetchval(_SQL.has_listeners):
            return
        rows = await _of_charges(connection, of_charges(events))
        if told := [one for one in of_sessions(events) if told_type(one.event) is not None]:
            rows += await _of_sessions(connection, told)
        if rows:
            await connection.execute(_SQL.insert_deliveries, *columns(rows), self._clock.now())


_Row = tuple[WebhookDeliveryId, str, EventId, str, bytes]
"""A delivery: its id, its endpoint, the event with its type, and the body."""


async def _of_charges(connection: Connection, events: Sequence[RecordedEvent[ChargeEvent]]) -> list[_Row]:
    """The deliveries of events of charges."""
    if not events:
        return []
    names = [event_type(recorded.event) for recorded in events]
    recipients = await _recipients(connection, events, names)
    if not recipients:
        return []
    objects = await _objects(connection, events, {row["event_no"] for row in recipients})
    bodies: dict[int, bytes] = {}
    rows: list[_Row] = []
    for recipient in recipients:
        number = recipient["event_no"]
        recorded = events[number]
        if number not in bodies:
            bodies[number] = message_body(
                public_event(recorded),
                objects[recorded.stream_id].get(recorded.version),
                livemode=recipient["livemode"],
            )
        rows.append(_row(recipient, recorded, names[number], bodies[number]))
    return rows


async def _of_sessions(
    connection: Connection, events: Sequence[RecordedEvent[CheckoutSessionEvent]]
) -> list[_Row]:
    """The deliveries of events of checkout sessions, which few endpoints want and no batch has many of."""
    names = [session_event_type(recorded.event) for recorded in events]
    recipients = await _recipients(connection, events, names)
    if not recipients:
        return []
    wanted = {events[row["event_no"]].stream_id for row in recipients}
    streams = await load_streams(connection, CHECKOUT_SESSION_EVENTS, wanted)
    rows: list[_Row] = []
    for recipient in recipients:
        recorded = events[recipient["event_no"]]
        if told := public_session_event(recorded):
            about = session_objects(streams[recorded.stream_id].events, {recorded.version})
            body = session_message_body(told, about.get(recorded.version), livemode=recipient["livemode"])
            rows.append(_row(recipient, recorded, names[recipient["event_no"]], body))
    return rows


async def _recipients(
    connection: Connection, events: Sequence[RecordedEvent[object]], names: Sequence[str]
) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(
        _SQL.recipients,
        list(range(len(events))),
        [recorded.stream_id for recorded in events],
        [recorded.tx for recorded in events],
        names,
    )
    return rows


def _row(recipient: asyncpg.Record, recorded: RecordedEvent[object], name: str, body: bytes) -> _Row:
    return (new_webhook_delivery_id(), recipient["endpoint_id"], recorded.event_id, name, body)


async def _objects(
    connection: Connection, events: Sequence[RecordedEvent[ChargeEvent]], numbers: Collection[int]
) -> dict[StreamId, dict[int, EventObject]]:
    """What some events of a batch are about, by stream and version: each stream is folded once.

    A stream that the batch holds from its beginning is complete; the others are loaded together.
    """
    versions: dict[StreamId, set[int]] = {}
    for number in numbers:
        versions.setdefault(events[number].stream_id, set()).add(events[number].version)
    streams: dict[StreamId, list[RecordedEvent[ChargeEvent]]] = {}
    for recorded in events:
        if recorded.stream_id in versions and (recorded.version == 1 or recorded.stream_id in streams):
            streams.setdefault(recorded.stream_id, []).append(recorded)
    absent = versions.keys() - streams.keys()
    if absent:
        loaded = await load_streams(connection, CHARGE_EVENTS, absent)
        streams |= {stream_id: stream.events for stream_id, stream in loaded.items()}
    return {stream_id: event_objects(streams[stream_id], wanted) for stream_id, wanted in versions.items()}
