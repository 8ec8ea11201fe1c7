"""/return/{charge_id}/{word}: from a wallet's PSP to the merchant's site, with a look at the PSP's record on the way."""

from fincore.checkout.page.not_found import unknown_page
from fincore.checkout.page.problem_page import problem_page
from fincore.checkout.return_page.body import way_on
from fincore.checkout.return_page.charge_pages import ChargePages
from fincore.checkout.return_page.openapi import RETURN_APPROVED, RETURN_CANCELED
from fincore.domain.return_page import CANCELED, PATH
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.write.psp.return_url import naming


class ReturnPage:
    """The handlers of the page."""

    def __init__(self, pages: ChargePages) -> None:
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        path = f"{PATH}/{{charge_id}}/{{word}}"
        return (
            Route(
                method="GET",
                path=path,
                operation=RETURN_APPROVED,
                handler=self.approved,
                gate="returns",
                show_problem=problem_page,
            ),
            Route(
                method="GET",
                path=f"{path}/{CANCELED}",
                operation=RETURN_CANCELED,
                handler=self.canceled,
                gate="returns",
                show_problem=problem_page,
            ),
        )

    async def approved(self, call: Call) -> Response:
        """Send the customer on to `return_url`, with the outcome known if it becomes known soon."""
        found = await self._pages.find(call)
        if found is None or found.charge.return_url is None:
            return unknown_page(call.header_values(b"accept-language"))
        await self._pages.decided(found, call)
        return way_on(naming(found.charge.return_url, found.charge_id))

    async def canceled(self, call: Call) -> Response:
        """Send the customer on to `cancel_url`. They may still approve: the charge waits for that until its time is over."""
        found = await self._pages.find(call)
        if found is None or found.charge.cancel_url is None:
            return unknown_page(call.header_values(b"accept-language"))
        return way_on(naming(found.charge.cancel_url, found.charge_id))
