"""/v1/charges: create a charge, look at one, list them."""

from typing import Final

import msgspec
import structlog

from fincore.api.charges.body import render_unreadable
from fincore.api.charges.openapi import CREATE_CHARGE, GET_CHARGE, LIST_CHARGES
from fincore.api.charges.requests import charge_filters
from fincore.domain.errors import EventImpossible, FinCoreError, StreamUnreadable
from fincore.domain.ids import ChargeId, parse_charge_id
from fincore.eventstore.commit import Provenance
from fincore.http.credentials import secret_principal
from fincore.http.endpoint import Route
from fincore.http.exchange import PROBLEM_JSON, Call, Response, json_response
from fincore.http.idempotent_call import (
    command_fields,
    idempotency_key,
    read_request,
    response_of,
    wait_headers,
    wait_seconds,
)
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.public.charge_body import ChargeBody, charge_body, whole_charge_body
from fincore.read.current import Current
from fincore.read.paymentdb.queries import ChargeQueries
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.api_keys import ApiKeys
from fincore.write.payments.acceptance import ChargeCommand
from fincore.write.payments.charge_request import ChargeRequest, checked, currency_of
from fincore.write.payments.charge_wait import ChargeWait
from fincore.write.payments.flaw import Flaw
from fincore.write.payments.payment_service import PaymentService

_log = structlog.get_logger(__name__)

_DECODER: Final = msgspec.json.Decoder(ChargeRequest)


class Charges:
    """The handlers of /v1/charges."""

    def __init__(
        self,
        *,
        payments: PaymentService,
        waits: ChargeWait,
        keys: ApiKeys,
        queries: ChargeQueries,
        current: Current,
    ) -> None:
        self._payments = payments
        self._waits = waits
        self._keys = keys
        self._queries = queries
        self._current = current

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(method="POST", path="/v1/charges", operation=CREATE_CHARGE, handler=self.create),
            Route(method="GET", path="/v1/charges", operation=LIST_CHARGES.operation, handler=self.list_page),
            Route(method="GET", path="/v1/charges/{charge_id}", operation=GET_CHARGE, handler=self.get),
        )

    async def create(self, call: Call) -> Response:
        """Create a charge, once for its idempotency key."""
        principal = await secret_principal(call, self._keys)
        key = idempotency_key(call)
        request = checked(await read_request(call, _DECODER))
        if isinstance(request, Flaw):
            raise Problem(request.code, request.detail, param=request.param)
        result = await self._payments.charge(
            ChargeCommand(
                **command_fields(call, principal, key, request),
                request=request,
                fee_plan=principal.fee_plans.get(currency_of(request)),
            )
        )
        return response_of(result)

    async def get(self, call: Call) -> Response:
        """A charge and what happened to it. It holds everything that was written before the request came.

        With a wish to wait, the charge once it has moved on, or what is known when the time is over.
        """
        principal = await secret_principal(call, self._keys)
        charge_id = call.path_id("charge_id", parse_charge_id, "charge_not_found")
        try:
            found = await self._current.charge(principal.merchant_id, charge_id, livemode=principal.livemode)
        except (StreamUnreadable, EventImpossible) as error:
            return await self._as_far_as_readable(call, charge_id, principal, error)
        if found is None:
            raise Problem("charge_not_found", param="charge_id")
        seconds = wait_seconds(call)
        if seconds:
            waited = await self._waits.for_charge(
                charge_id,
                found.charge,
                wait_seconds=seconds,
                provenance=Provenance(correlation=call.request_id, actor=principal.key_id),
            )
            if waited.version > found.charge.version:
                later = await self._current.charge(
                    principal.merchant_id, charge_id, livemode=principal.livemode
                )
                found = later or found
        body = whole_charge_body(charge_id, found.charge, found.timeline)
        return json_response(200, body, headers=wait_headers(seconds))

    async def list_page(self, call: Call) -> Response:
        """A page of charges, newest first, from the query view: it may miss what was written a moment ago."""
        return await LIST_CHARGES.respond(call, self._keys, self._page)

    async def _page(self, principal: Principal, query: ListQuery[ChargeId]) -> tuple[list[ChargeBody], bool]:
        filters = charge_filters(query, principal)
        page = await self._queries.list_charges(filters, after_id=query.after_id, limit=query.limit)
        return [charge_body(view.charge_id, view.charge) for view in page.charges], page.has_more

    async def _as_far_as_readable(
        self, call: Call, charge_id: ChargeId, principal: Principal, error: FinCoreError
    ) -> Response:
        """What a charge was before the first event that cannot be read, in a problem that says so."""
        found = await self._current.readable_charge(
            principal.merchant_id, charge_id, livemode=principal.livemode
        )
        if found is None:
            raise Problem("charge_not_found", param="charge_id")
        _log.error(
            "api.charge_unreadable", request_id=call.request_id, charge_id=charge_id, reason=str(error)
        )
        detail = (
            f"Event {found.charge.version + 1} of the charge cannot be read by this version of FinCore. `charge` is what "
            "it was before that event."
        )
        body = whole_charge_body(charge_id, found.charge, found.timeline)
        rendered = render_unreadable(body, call.request_id, detail)
        return Response(rendered.status, rendered.body, PROBLEM_JSON)
