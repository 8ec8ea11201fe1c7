"""One call to a PSP: timed, counted, and never raising, since money may have moved whatever went wrong."""

from collections.abc import Awaitable, Mapping
from typing import Final, Literal, TypeVar

import structlog

from fincore.domain.charge import Charge
from fincore.domain.clock import Clock
from fincore.domain.ids import ChargeId
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Declined,
    Outcome,
    PspName,
    Retryable,
    Unknown,
)
from fincore.write.psp.port import AuthorizeRequest, Inquiry, NotFound, PspGateway
from fincore.write.worker.metrics import PSP_CALL_SECONDS, PSP_OUTCOMES
from fincore.write.worker.psp_key import psp_key

_log = structlog.get_logger(__name__)

Answer = TypeVar("Answer", bound=Outcome | NotFound)

_LABELS: Final[Mapping[type[object], str]] = {
    Approved: "approved",
    Declined: "declined",
    ActionRequired: "action_required",
    Canceled: "canceled",
    Retryable: "retryable",
    Unknown: "unknown",
    NotFound: "not_found",
}
"""The outcomes as labels of metrics."""


async def authorize(
    gateway: PspGateway,
    charge_id: ChargeId,
    charge: Charge,
    clock: Clock,
    *,
    operation: Literal["authorize", "repeat"] = "authorize",
) -> Outcome:
    """Authorize the charge, or repeat that: the request is a function of the charge, its key included."""
    request = AuthorizeRequest(
        charge_id=charge_id,
        idempotency_key=psp_key(charge_id, "authorize", attempt=1),
        psp_account=charge.psp_account,
        money=charge.amount,
        capture_method=charge.capture_method,
        payment_method=charge.payment_method,
        description=charge.description,
        customer_email=charge.customer_email,
    )
    since = clock.now()
    outcome = await _called(gateway.name, operation, gateway.authorize(request))
    if outcome is None:
        return Unknown(reason="the gateway failed unexpectedly; the log has the error", since=since)
    return outcome


async def inquire(gateway: PspGateway, charge_id: ChargeId, charge: Charge) -> Outcome | NotFound:
    """Ask the PSP what became of the charge."""
    inquiry = Inquiry(charge_id=charge_id, psp_account=charge.psp_account, created_at=charge.created_at)
    answer = await _called(gateway.name, "inquire", gateway.inquire(inquiry))
    return (
        Retryable(reason="the gateway failed unexpectedly; the log has the error")
        if answer is None
        else answer
    )


async def _called(psp: PspName, operation: str, call: Awaitable[Answer]) -> Answer | None:
    try:
        with PSP_CALL_SECONDS.labels(psp, operation).time():
            answer = await call
    except Exception:  # noqa: BLE001 -- a defect of a gateway must not look like a call that never happened
        _log.exception("worker.gateway_raised", psp=psp, operation=operation)
        PSP_OUTCOMES.labels(psp, operation, "raised").inc()
        return None
    PSP_OUTCOMES.labels(psp, operation, _LABELS[type(answer)]).inc()
    return answer
