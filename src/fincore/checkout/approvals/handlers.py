"""/approvals/{charge_id}/{word}, for the frame of fincore.js in which a wallet's script runs."""

from typing import Final

from fincore.checkout.approvals.body import approval_body
from fincore.checkout.approvals.openapi import GET_APPROVAL, TELL_APPROVAL
from fincore.checkout.return_page.charge_pages import ChargePages, PagedCharge
from fincore.domain.return_page import APPROVALS_PATH
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.problems import Problem

ADDRESS: Final = f"{APPROVALS_PATH}/{{charge_id}}/{{word}}"


class Approvals:
    """The handlers of approvals."""

    def __init__(self, pages: ChargePages) -> None:
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(method="GET", path=ADDRESS, operation=GET_APPROVAL, handler=self.get, gate="returns"),
            Route(method="POST", path=ADDRESS, operation=TELL_APPROVAL, handler=self.tell, gate="returns"),
        )

    async def get(self, call: Call) -> Response:
        """What the customer is to approve."""
        return json_response(200, approval_body((await self._found(call)).charge))

    async def tell(self, call: Call) -> Response:
        """The customer says that they approved: have the PSP asked, and say how the charge stands then."""
        found = await self._found(call)
        return json_response(200, approval_body(await self._pages.decided(found, call)))

    async def _found(self, call: Call) -> PagedCharge:
        found = await self._pages.find(call, is_approval=True)
        if found is None:
            raise Problem("route_not_found", "FinCore has not given out this address.")
        return found
