"""/staff/v1/searches: find payments by anything that a customer can say."""

from typing import Final

import msgspec

from fincore.backoffice.payment_search import SearchStores, search
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.idempotent_call import read_request
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.payment_scope import scope_of
from fincore.staff.searches.body import StaffSearch, search_result
from fincore.staff.searches.openapi import SEARCH

_DECODER: Final = msgspec.json.Decoder(StaffSearch)


class Searches:
    """The handler of searches."""

    def __init__(self, admission: Admission, stores: SearchStores) -> None:
        self._admission = admission
        self._stores = stores

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            self._admission.route(
                "POST", "/staff/v1/searches", SEARCH, self.search, permission="payments.read"
            ),
        )

    async def search(self, call: Call, visit: Visit) -> Response:
        """What a text finds."""
        request = await read_request(call, _DECODER)
        scope = scope_of(visit, request.mode, request.merchant)
        return json_response(200, search_result(await search(self._stores, scope, request.query)))
