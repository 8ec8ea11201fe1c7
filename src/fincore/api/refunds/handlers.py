"""/v1/refunds: give money back, look at a refund, list them."""

from typing import Final, get_args

import msgspec

from fincore.api.refunds.openapi import CREATE_REFUND, GET_REFUND, LIST_REFUNDS
from fincore.domain.errors import InvalidId
from fincore.domain.ids import (
    RefundId,
    parse_charge_id,
    parse_refund_id,
)
from fincore.domain.refund import RefundStatus
from fincore.http.credentials import secret_principal
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.idempotent_call import (
    command_fields,
    idempotency_key,
    read_request,
    response_of,
    wait_headers,
    wait_seconds,
)
from fincore.http.list_filters import chosen_charge, chosen_several
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.public.refund_body import RefundBody, refund_body
from fincore.read.current import Current, refund_view
from fincore.read.paymentdb.refund_queries import RefundFilters, RefundQueries
from fincore.read.paymentdb.refund_view import RefundView
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.api_keys import ApiKeys
from fincore.write.payments.charge_wait import ChargeWait
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
        current: Current,
    ) -> None:
        self._operations = operations
        self._waits = waits
        self._keys = keys
        self._queries = queries
        self._current = current

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(method="POST", path="/v1/refunds", operation=CREATE_REFUND, handler=self.create),
            Route(method="GET", path="/v1/refunds", operation=LIST_REFUNDS.operation, handler=self.list_page),
            Route(method="GET", path="/v1/refunds/{refund_id}", operation=GET_REFUND, handler=self.get),
        )

    async def create(self, call: Call) -> Response:
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
        result = await self._operations.carry_out(
            OperationCommand(
                **command_fields(call, principal, key, request), charge_id=charge_id, request=request
            )
        )
        return response_of(result, charge_param="charge")

    async def get(self, call: Call) -> Response:
        """A refund as it is now. It holds everything that was written before the request came.

        With a wish to wait, the refund once the PSP has answered, or what is known when the time is over.
        """
        principal = await secret_principal(call, self._keys)
        refund_id = call.path_id("refund_id", parse_refund_id, "refund_not_found")
        view = await self._current.refund(principal.merchant_id, refund_id, livemode=principal.livemode)
        if view is None:
            raise Problem("refund_not_found", param="refund_id")
        seconds = wait_seconds(call)
        if seconds and view.refund.status == "processing":
            view = await self._after_wait(view, seconds)
        return json_response(200, _shown(view), headers=wait_headers(seconds))

    async def list_page(self, call: Call) -> Response:
        """A page of refunds, newest first, from the query view: it may miss what was written a moment ago."""
        return await LIST_REFUNDS.respond(call, self._keys, self._page)

    async def _page(self, principal: Principal, query: ListQuery[RefundId]) -> tuple[list[RefundBody], bool]:
        filters = RefundFilters(
            merchant_id=principal.merchant_id,
            livemode=principal.livemode,
            charge_id=chosen_charge(query),
            statuses=chosen_several(query, "status", _STATUSES),
            created_from=query.created_from,
            created_before=query.created_before,
        )
        page = await self._queries.list_refunds(filters, after_id=query.after_id, limit=query.limit)
        return [_shown(view) for view in page.refunds], page.has_more

    async def _after_wait(self, view: RefundView, seconds: float) -> RefundView:
        """The refund once the PSP has said what became of it, or as it is when the time is over."""
        found = await self._current.charge(view.merchant_id, view.charge_id, livemode=view.livemode)
        if found is None:
            return view
        refund_id = view.refund.refund_id
        charge = await self._waits.for_refund(view.charge_id, found.charge, refund_id, wait_seconds=seconds)
        return refund_view(view.charge_id, charge, refund_id) or view


def _shown(view: RefundView) -> RefundBody:
    return refund_body(view.charge_id, view.refund, livemode=view.livemode, currency=view.currency)
