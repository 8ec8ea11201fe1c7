"""From the address of a charge's page to the charge, and the wait of its customer for the outcome."""

import asyncio
import hmac
from typing import Final, NamedTuple

from fincore.checkout.address_limit import AddressLimit
from fincore.domain.charge import Charge
from fincore.domain.charge_fold import fold
from fincore.domain.errors import InvalidId
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import ChargeId, parse_charge_id, stream_of
from fincore.domain.return_page import approval_word, word_of
from fincore.eventstore.commit import Provenance
from fincore.eventstore.log import EventLog
from fincore.http.exchange import Call
from fincore.write.payments.charge_wait import ChargeWait

WAIT_SECONDS_MAX: Final = 4.0
"""How long a customer waits for the outcome before they go on without it."""


class PagedCharge(NamedTuple):
    """A charge that has a page."""

    charge_id: ChargeId
    charge: Charge


class ChargePages:
    """Finds the charges of pages. A page is known by a word in its address that nothing else tells."""

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

    async def find(self, call: Call, *, is_approval: bool = False) -> PagedCharge | None:
        """The charge that the call's page is of, or its approval; None where the address is none that was given out."""
        self._limit.admit(call)
        charge_id = ChargeId(call.path_parameter("charge_id"))
        try:
            parse_charge_id(charge_id)
        except InvalidId:
            return None
        charge = fold(recorded.event for recorded in await self._log.load(stream_of(charge_id)))
        if charge is None or charge.return_page is None:
            return None
        word = word_of(charge.return_page)
        expected = approval_word(word) if is_approval else word
        is_given_out = hmac.compare_digest(expected.encode(), call.path_parameter("word").encode())
        return PagedCharge(charge_id, charge) if is_given_out else None

    async def decided(self, found: PagedCharge, call: Call) -> Charge:
        """Have the PSP asked how the charge stands; the charge once it is decided or the customer is asked again, or the time is over."""
        provenance = Provenance(correlation=call.request_id, actor="customer")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._wait_seconds_max
        charge_id, charge = found
        while _is_undecided(charge, found.charge) and (left_seconds := deadline - loop.time()) > 0:
            later = await self._waits.for_charge(
                charge_id, charge, wait_seconds=left_seconds, provenance=provenance
            )
            if later.version == charge.version:
                break
            charge = later
        return charge


def _is_undecided(charge: Charge, before: Charge) -> bool:
    """Whether seconds may bring the outcome. They do not where the PSP refused what the customer approved, and asks anew."""
    if charge.actions_required > before.actions_required > 0:
        return False
    return charge.status in ("requires_action", "processing") and charge.pending_until is None
