"""The record of requests with a card number, around the work of one of them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from fincore.http.exchange import Call, Response
from fincore.http.problems import Problem
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.raw_card_requests import RawCardRequests

ANSWERED: Final = "accepted"
FAILED: Final = "charge_failed"
CUT_OFF: Final = "cut_off"
_FIRST_ERROR_STATUS: Final = 400


async def on_record(
    record: RawCardRequests,
    call: Call,
    principal: Principal,
    work: Callable[[], Awaitable[Response]],
    screened: Sequence[str] = (),
) -> Response:
    """The response that `work` makes. That the request came is on record before, and what comes of it before it is answered.

    `screened` holds at the end what screened the charge, where it came that far.
    """
    await record.received(call.request_id, principal)
    outcome = CUT_OFF
    try:
        response = await work()
        outcome = ANSWERED if response.status < _FIRST_ERROR_STATUS else FAILED
    except Problem as problem:
        outcome = problem.code
        raise
    finally:
        await record.answered(
            call.request_id, principal, outcome, screened_by=screened[-1] if screened else None
        )
    return response
