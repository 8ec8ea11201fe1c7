"""/v1/events: look at an event, list them."""

import asyncio
from collections.abc import Sequence

from fincore.api.events.body import EventBody, event_body
from fincore.api.events.openapi import EVENT_FILTERS, GET_EVENT, LIST_EVENTS
from fincore.domain.events import EVENTS, ChargeEvent, EventType
from fincore.domain.ids import ChargeId, EventId, parse_event_id, stream_of
from fincore.domain.public_event import PublicEvent
from fincore.eventstore.log import EventLog
from fincore.http.credentials import secret_principal
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.list_filters import chosen, chosen_charge
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.public.event_object import event_objects
from fincore.read.paymentdb.event_queries import EventFilters, EventQueries
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.api_keys import ApiKeys


class Events:
    """The handlers of /v1/events."""

    def __init__(self, *, keys: ApiKeys, queries: EventQueries, log: EventLog[ChargeEvent]) -> None:
        self._keys = keys
        self._queries = queries
        self._event_log = log

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

    async def _bodies(self, events: Sequence[PublicEvent], principal: Principal) -> list[EventBody]:
        """Events with what they are about: the streams of a page are loaded together, each folded once."""
        versions: dict[ChargeId, set[int]] = {}
        for event in events:
            versions.setdefault(event.charge_id, set()).add(event.version)
        streams = await asyncio.gather(
            *(self._event_log.load_readable(stream_of(charge_id)) for charge_id in versions)
        )
        objects = {
            charge_id: event_objects(stream.events, wanted)
            for (charge_id, wanted), stream in zip(versions.items(), streams, strict=True)
        }
        return [
            event_body(event, objects[event.charge_id].get(event.version), livemode=principal.livemode)
            for event in events
        ]


def _types(query: ListQuery[EventId]) -> tuple[EventType, ...] | None:
    """The types that the filter `type` lets through, or None where it was not sent."""
    wanted = chosen(query, "type", EVENT_FILTERS)
    if wanted is None:
        return None
    family = wanted.removesuffix("*")
    return tuple(name for name in EVENTS if name == wanted or (family != wanted and name.startswith(family)))
