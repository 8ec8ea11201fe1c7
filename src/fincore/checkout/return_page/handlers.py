"""/return/{charge_id}/{word}: from a wallet's PSP to the merchant's site, with a look at the PSP's record on the way."""

import asyncio
import hmac
from typing import Final

from fincore.checkout.address_limit import AddressLimit
from fincore.checkout.page.not_found import unknown_page
from fincore.checkout.page.problem_page import problem_page
from fincore.checkout.return_page.body import way_on
from fincore.checkout.return_page.openapi import RETURN_APPROVED, RETURN_CANCELED
from fincore.domain.charge import Charge
from fincore.domain.charge_fold import fold
from fincore.domain.errors import InvalidId
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import ChargeId, parse_charge_id, stream_of
from fincore.domain.return_page import CANCELED, PATH, word_of
from fincore.eventstore.commit import Provenance
from fincore.eventstore.log import EventLog
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.write.payments.charge_wait import ChargeWait
from fincore.write.psp.return_url import naming

WAIT_SECONDS_MAX: Final = 4.0
"""How long a customer waits for the outcome before they go on without it."""


class ReturnPage:
    """The handlers of the page."""

    def __init__(
        self,
        *,
        log: EventLog[ChargeEvent],
        waits: ChargeWait,
        limit: AddressLimit,
        wait_seconds_max: float = WAIT_SECONDS_MAX,
    ) -> None:
        self._log = log
        self._waits = waits
        self._limit = limit
        self._wait_seconds_max = wait_seconds_max

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
        charge_id, charge = await self._charge_of(call)
        if charge is None or charge.return_url is None:
            return unknown_page(call.header_values(b"accept-language"))
        await self._wait(charge_id, charge, call)
        return way_on(naming(charge.return_url, charge_id))

    async def canceled(self, call: Call) -> Response:
        """Send the customer on to `cancel_url`. They may still approve: the charge waits for that until its time is over."""
        charge_id, charge = await self._charge_of(call)
        if charge is None or charge.cancel_url is None:
            return unknown_page(call.header_values(b"accept-language"))
        return way_on(naming(charge.cancel_url, charge_id))

    async def _charge_of(self, call: Call) -> tuple[ChargeId, Charge | None]:
        """The charge that the page is of; None where its address is none that was given out."""
        self._limit.admit(call)
        charge_id = ChargeId(call.path_parameter("charge_id"))
        try:
            parse_charge_id(charge_id)
        except InvalidId:
            return charge_id, None
        charge = fold(recorded.event for recorded in await self._log.load(stream_of(charge_id)))
        if charge is None or charge.return_page is None:
            return charge_id, None
        word = call.path_parameter("word").encode()
        return charge_id, charge if hmac.compare_digest(word_of(charge.return_page).encode(), word) else None

    async def _wait(self, charge_id: ChargeId, charge: Charge, call: Call) -> None:
        """Have the PSP asked how the charge stands, and wait until the charge is decided or the time is over."""
        provenance = Provenance(correlation=call.request_id, actor="customer")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._wait_seconds_max
        while _is_undecided(charge) and (left_seconds := deadline - loop.time()) > 0:
            later = await self._waits.for_charge(
                charge_id, charge, wait_seconds=left_seconds, provenance=provenance
            )
            if later.version == charge.version:
                return
            charge = later


def _is_undecided(charge: Charge) -> bool:
    """Whether seconds may bring the outcome."""
    return charge.status in ("requires_action", "processing") and charge.pending_until is None
