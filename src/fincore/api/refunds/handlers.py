"""/v1/refunds: give money back, look at a refund, list them."""

from typing import Final, get_args

import msgspec

from fincore.api.http.credentials import secret_principal
from fincore.api.http.cursor import cursor_after
from fincore.api.http.endpoint import Route
from fincore.api.http.exchange import Answer, Call, json_answer
from fincore.api.http.idempotent_call import (
    answer_of,
    idempotency_key,
    look_headers,
    read_request,
    wait_seconds,
)
from fincore.api.http.list_query import chosen_charge, chosen_several, read_list_query
from fincore.api.http.problems import Problem
from fincore.api.refunds.openapi import CREATE_REFUND, GET_REFUND, LIST_REFUNDS
from fincore.domain.charge import Charge, fold
from fincore.domain.errors import InvalidId
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import (
    ChargeId,
    RefundId,
    StreamId,
    charge_of,
    parse_charge_id,
    parse_refund_id,
    stream_of,
)
from fincore.domain.refund import RefundStatus
from fincore.eventstore.log import EventLog
from fincore.public.refund_body import RefundBody, RefundListBody, refund_body
from fincore.read.paymentdb.refund_queries import RefundFilters, RefundQueries
from fincore.read.paymentdb.refund_view import RefundView
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.api_keys import ApiKeys
from fincore.write.payments.charge_wait import ChargeWait
from fincore.write.payments.idempotency import fingerprint_of
from fincore.write.payments.operation import OperationCommand
from fincore.write.payments.operation_request import RefundRequest, refund_flaw
from fincore.write.payments.operation_service import OperationService

_DECODER: Final = msgspec.json.Decoder(RefundRequest)
_STATUSES: Final[tuple[RefundStatus, ...]] = get_args(RefundStatus)


class Refunds:
    """The handlers of /v1/refunds."""

    def __init__(
        self,
        *,
        operations: OperationService,
        waits: ChargeWait,
        keys: ApiKeys,
        queries: RefundQueries,
        log: EventLog[ChargeEvent],
    ) -> None:
        self._operations = operations
        self._waits = waits
        self._keys = keys
        self._queries = queries
        self._event_log = log

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(method="POST", path="/v1/refunds", operation=CREATE_REFUND, handler=self.create),
            Route(method="GET", path="/v1/refunds", operation=LIST_REFUNDS, handler=self.list_page),
            Route(method="GET", path="/v1/refunds/{refund_id}", operation=GET_REFUND, handler=self.get),
        )

    async def create(self, call: Call) -> Answer:
        """Refund a charge, once for the idempotency key."""
        principal = await secret_principal(call, self._keys)
        key = idempotency_key(call)
        request = await read_request(call, _DECODER)
        flaw = refund_flaw(request)
        if flaw is not None:
            raise Problem(flaw.code, flaw.detail, param=flaw.param)
        try:
            charge_id = parse_charge_id(request.charge)
        except InvalidId:
            raise Problem("charge_not_found", param="charge") from None
        answered = await self._operations.carry_out(
            OperationCommand(
                merchant_id=principal.merchant_id,
                livemode=principal.livemode,
                key_id=principal.key_id,
                request_id=call.request_id,
                idempotency_key=key,
                fingerprint=fingerprint_of(call.method, call.path, request),
                wait_seconds=wait_seconds(call),
                charge_id=charge_id,
                request=request,
            )
        )
        return answer_of(answered, charge_param="charge")

    async def get(self, call: Call) -> Answer:
        """A refund as it is now. It holds everything that was written before the request came.

        With a wish to wait, the refund once the PSP has answered, or what is known when the time is over.
        """
        principal = await secret_principal(call, self._keys)
        try:
            refund_id = parse_refund_id(call.path_parameter("refund_id"))
        except InvalidId:
            raise Problem("refund_not_found", param="refund_id") from None
        body = await self._current(refund_id, principal)
        if body is None:
            raise Problem("refund_not_found", param="refund_id")
        seconds = wait_seconds(call)
        if seconds and body.status == "processing":
            body = await self._answered(ChargeId(body.charge), refund_id, seconds) or body
        return json_answer(200, body, headers=look_headers(seconds))

    async def list_page(self, call: Call) -> Answer:
        """A page of refunds, newest first, from the query view: it may miss what was written a moment ago."""
        principal = await secret_principal(call, self._keys)
        asked = read_list_query(call.query, principal, parse_refund_id, filters=("charge", "status"))
        filters = RefundFilters(
            merchant_id=principal.merchant_id,
            livemode=principal.livemode,
            charge_id=chosen_charge(asked),
            statuses=chosen_several(asked, "status", _STATUSES),
            created_from=asked.created_from,
            created_before=asked.created_before,
        )
        page = await self._queries.list_refunds(filters, after_id=asked.after_id, limit=asked.limit)
        body = RefundListBody(
            data=[_shown(view) for view in page.refunds],
            has_more=page.has_more,
            next_cursor=cursor_after(page.refunds[-1].refund.refund_id, principal) if page.has_more else None,
        )
        return json_answer(200, body)

    async def _current(self, refund_id: RefundId, principal: Principal) -> RefundBody | None:
        """The query side's view where it is up to date, else what the stream of the refund's charge tells now."""
        view = await self._queries.find(principal.merchant_id, principal.livemode, refund_id)
        if view is None:
            stream_id = await self._event_log.stream_of_refund(refund_id)
            return await self._folded(stream_id, refund_id, principal) if stream_id else None
        stream_id = stream_of(view.charge_id)
        versions = await self._event_log.versions([stream_id])
        if view.charge_version >= versions.get(stream_id, 0):
            return _shown(view)
        return await self._folded(stream_id, refund_id, principal)

    async def _answered(self, charge_id: ChargeId, refund_id: RefundId, seconds: float) -> RefundBody | None:
        """The refund once the PSP has answered about it, or as it is when the time is over."""
        charge = fold(recorded.event for recorded in await self._event_log.load(stream_of(charge_id)))
        if charge is None:
            return None
        known = await self._waits.for_refund(charge_id, charge, refund_id, wait_seconds=seconds)
        return _refund_in(known, charge_id, refund_id)

    async def _folded(
        self, stream_id: StreamId, refund_id: RefundId, principal: Principal
    ) -> RefundBody | None:
        charge = fold(recorded.event for recorded in await self._event_log.load(stream_id))
        if charge is None or (charge.merchant_id, charge.livemode) != (
            principal.merchant_id,
            principal.livemode,
        ):
            return None
        return _refund_in(charge, charge_of(stream_id), refund_id)


def _refund_in(charge: Charge, charge_id: ChargeId, refund_id: RefundId) -> RefundBody | None:
    refund = charge.refund(refund_id)
    if refund is None:
        return None
    return refund_body(charge_id, refund, livemode=charge.livemode, currency=charge.amount.currency)


def _shown(view: RefundView) -> RefundBody:
    return refund_body(view.charge_id, view.refund, livemode=view.livemode, currency=view.currency)
