"""What the request that creates a refund is answered: the refund, or the problem that says why it failed."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from fincore.domain.charge import Charge
from fincore.domain.ids import ChargeId, RefundId, RequestId
from fincore.eventstore.commit import RenderedResponse
from fincore.http.problems import ProblemBody, problem_body
from fincore.public.refund_body import RefundBody, refund_body

_ENCODER: Final = msgspec.json.Encoder()


class FailedRefundProblem(ProblemBody, frozen=True, kw_only=True):
    """The error where you waited and the refund failed."""

    refund: Annotated[RefundBody, Meta(description="The refund as it is now.")]


def render_refund(
    charge_id: ChargeId, charge: Charge, refund_id: RefundId, request_id: RequestId
) -> RenderedResponse:
    """The answer to a refund's request: 201, or 402 where it failed while the client waited."""
    refund = charge.refund(refund_id)
    if refund is None:
        raise ValueError(f"{charge_id} has no refund {refund_id} that could be shown")
    body = refund_body(charge_id, refund, livemode=charge.livemode, currency=charge.amount.currency)
    location = f"/v1/refunds/{refund_id}"
    if body.failure is None:
        return RenderedResponse(201, _ENCODER.encode(body), location)
    detail = f"{body.failure.message} The amount can be refunded again, with a new key."
    problem = problem_body("refund_failed", request_id, detail=detail)
    failed = FailedRefundProblem(**msgspec.structs.asdict(problem), refund=body)
    return RenderedResponse(problem.status, _ENCODER.encode(failed), location)
