"""/v1/disputes: look at a dispute, list them."""

from typing import Final, get_args

from fincore.api.disputes.openapi import GET_DISPUTE, LIST_DISPUTES
from fincore.domain.ids import DisputeId, parse_dispute_id
from fincore.domain.outcome import DisputeStatus
from fincore.http.credentials import secret_principal
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.list_filters import chosen_charge, chosen_several
from fincore.http.list_query import ListQuery
from fincore.http.problems import Problem
from fincore.public.dispute_body import DisputeBody, dispute_body
from fincore.read.paymentdb.dispute_queries import DisputeFilters, DisputeQueries
from fincore.read.paymentdb.dispute_view import DisputeView
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.api_keys import ApiKeys

_STATUSES: Final[tuple[DisputeStatus, ...]] = get_args(DisputeStatus)


class Disputes:
    """The handlers of /v1/disputes."""

    def __init__(self, *, keys: ApiKeys, queries: DisputeQueries) -> None:
        self._keys = keys
        self._queries = queries

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(
                method="GET", path="/v1/disputes", operation=LIST_DISPUTES.operation, handler=self.list_page
            ),
            Route(method="GET", path="/v1/disputes/{dispute_id}", operation=GET_DISPUTE, handler=self.get),
        )

    async def get(self, call: Call) -> Response:
        """A dispute, from the query view: no merchant writes one, so none can expect to see what it wrote."""
        principal = await secret_principal(call, self._keys)
        dispute_id = call.path_id("dispute_id", parse_dispute_id, "dispute_not_found")
        view = await self._queries.find(principal.merchant_id, principal.livemode, dispute_id)
        if view is None:
            raise Problem("dispute_not_found", param="dispute_id")
        return json_response(200, _shown(view))

    async def list_page(self, call: Call) -> Response:
        """A page of disputes, the last opened first, from the query view."""
        return await LIST_DISPUTES.respond(call, self._keys, self._page)

    async def _page(
        self, principal: Principal, query: ListQuery[DisputeId]
    ) -> tuple[list[DisputeBody], bool]:
        filters = DisputeFilters(
            merchant_id=principal.merchant_id,
            livemode=principal.livemode,
            charge_id=chosen_charge(query),
            statuses=chosen_several(query, "status", _STATUSES),
            opened_from=query.created_from,
            opened_before=query.created_before,
        )
        page = await self._queries.list_disputes(filters, after_id=query.after_id, limit=query.limit)
        return [_shown(view) for view in page.disputes], page.has_more


def _shown(view: DisputeView) -> DisputeBody:
    return dispute_body(view.charge_id, view.dispute, livemode=view.livemode)
