"""/v1/events: look at an event, list them."""

import asyncio
from collections.abc import Iterable, Sequence

from fincore.api.events.body import EventBody, event_body, session_event_body
from fincore.api.events.openapi import EVENT_FILTERS, EVENT_TYPES, GET_EVENT, LIST_EVENTS
from fincore.domain.checkout_session_events import CheckoutSessionEvent
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import EventId, StreamId, parse_event_id, session_stream_of, stream_of
from fincore.domain.public_event import PublicEvent
from fincore.domain.public_session_event import PublicEventType, PublicSessionEvent
from fincore.eventstore.log import EventLog
from fincore.http.credentials import secret_principal
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.list_filters import chosen, chosen_charge
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.public.event_object import event_objects
from fincore.public.session_object import session_objects
from fincore.read.paymentdb.event_queries import EventFilters, EventQueries
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.api_keys import ApiKeys


class Events:
    """The handlers of /v1/events."""

    def __init__(
        self,
        *,
        keys: ApiKeys,
        queries: EventQueries,
        charges: EventLog[ChargeEvent],
        sessions: EventLog[CheckoutSessionEvent],
    ) -> None:
        self._keys = keys
        self._queries = queries
        self._charges = charges
        self._sessions = sessions

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(method="GET", path="/v1/events", operation=LIST_EVENTS.operation, handler=self.list_page),
            Route(method="GET", path="/v1/events/{event_id}", operation=GET_EVENT, handler=self.get),
        )

    async def get(self, call: Call) -> Response:
        """An event, from the query view."""
        principal = await secret_principal(call, self._keys)
        event_id = call.path_id("event_id", parse_event_id, "event_not_found")
        event = await self._queries.find(principal.merchant_id, principal.livemode, event_id)
        if event is None:
            raise Problem("event_not_found", param="event_id")
        (body,) = await self._bodies([event], principal)
        return json_response(200, body)

    async def list_page(self, call: Call) -> Response:
        """A page of events, newest first, from the query view."""
        return await LIST_EVENTS.respond(call, self._keys, self._page)

    async def _page(self, principal: Principal, query: ListQuery[EventId]) -> tuple[list[EventBody], bool]:
        filters = EventFilters(
            merchant_id=principal.merchant_id,
            livemode=principal.livemode,
            charge_id=chosen_charge(query),
            types=_types(query),
            recorded_from=query.created_from,
            recorded_before=query.created_before,
        )
        page = await self._queries.list_events(filters, after_id=query.after_id, limit=query.limit)
        return await self._bodies(page.events, principal), page.has_more

    async def _bodies(
        self, events: Sequence[PublicEvent | PublicSessionEvent], principal: Principal
    ) -> list[EventBody]:
        """Events with what they are about: the streams of a page are loaded together, each folded once."""
        of_charges = _versions(event for event in events if isinstance(event, PublicEvent))
        of_sessions = _versions(event for event in events if isinstance(event, PublicSessionEvent))
        charges, sessions = await asyncio.gather(
            asyncio.gather(*map(self._charges.load_readable, of_charges)),
            asyncio.gather(*map(self._sessions.load_readable, of_sessions)),
        )
        of_charge = {
            stream_id: event_objects(stream.events, of_charges[stream_id])
            for stream_id, stream in zip(of_charges, charges, strict=True)
        }
        of_session = {
            stream_id: session_objects(stream.events, of_sessions[stream_id])
            for stream_id, stream in zip(of_sessions, sessions, strict=True)
        }
        return [
            session_event_body(
                event, of_session[_stream(event)].get(event.version), livemode=principal.livemode
            )
            if isinstance(event, PublicSessionEvent)
            else event_body(event, of_charge[_stream(event)].get(event.version), livemode=principal.livemode)
            for event in events
        ]


def _stream(event: PublicEvent | PublicSessionEvent) -> StreamId:
    if isinstance(event, PublicSessionEvent):
        return session_stream_of(event.session_id)
    return stream_of(event.charge_id)


def _versions(events: Iterable[PublicEvent | PublicSessionEvent]) -> dict[StreamId, set[int]]:
    """The versions of some events, by stream."""
    versions: dict[StreamId, set[int]] = {}
    for event in events:
        versions.setdefault(_stream(event), set()).add(event.version)
    return versions


def _types(query: ListQuery[EventId]) -> tuple[PublicEventType, ...] | None:
    """The types that the filter `type` lets through, or None where it was not sent."""
    wanted = chosen(query, "type", EVENT_FILTERS)
    if wanted is None:
        return None
    family = wanted.removesuffix("*")
    return tuple(
        name for name in EVENT_TYPES if name == wanted or (family != wanted and name.startswith(family))
    )
