"""What requests about a charge are answered: the charge, or the problem that tells a client that waited why it failed."""

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from fincore.domain.charge import Charge
from fincore.domain.ids import ChargeId, RequestId
from fincore.domain.outcome import Failure
from fincore.eventstore.commit import RenderedResponse
from fincore.http.problems import ProblemBody, ProblemCode, problem_body
from fincore.public.charge_body import ChargeBody, charge_body
from fincore.public.failure_body import FAILURE_MESSAGES


class FailedChargeProblem(ProblemBody, frozen=True, kw_only=True):
    """The error where you waited and the charge, the capture or the cancellation failed."""

    charge: Annotated[ChargeBody, Meta(description="The charge as it is now.")]


class UnreadableChargeProblem(ProblemBody, frozen=True, kw_only=True):
    """The error where the charge's latest events cannot be read. Other errors with this status have no `charge`."""

    charge: Annotated[
        ChargeBody | UnsetType,
        Meta(
            description="What the charge was before the first event that cannot be read. It may be more by now."
        ),
    ] = UNSET


_ENCODER: Final = msgspec.json.Encoder()


def render_charge(charge_id: ChargeId, charge: Charge, request_id: RequestId) -> RenderedResponse:
    """The answer to the request that created a charge: 201, or 402 where it failed while the client waited."""
    location = f"/v1/charges/{charge_id}"
    if charge.status != "failed":
        return RenderedResponse(201, _ENCODER.encode(charge_body(charge_id, charge)), location)
    detail = f"{_message(charge.failure)} `charge.failure` has the details; to try again, use a new key."
    failed = _failed("charge_failed", charge_id, charge, request_id, detail)
    return msgspec.structs.replace(failed, location=location)


def render_capture(charge_id: ChargeId, charge: Charge, request_id: RequestId) -> RenderedResponse:
    """The answer to a capture: 200, or 402 where the client waited and nothing was captured."""
    if charge.operation is not None or charge.status == "succeeded":
        return RenderedResponse(200, _ENCODER.encode(charge_body(charge_id, charge)))
    return _failed("capture_failed", charge_id, charge, request_id, _why(charge))


def render_cancel(charge_id: ChargeId, charge: Charge, request_id: RequestId) -> RenderedResponse:
    """The answer to a cancellation: 200, or 402 where the client waited and the charge was not given up."""
    if charge.operation is not None or charge.status in ("canceled", "expired", "failed"):
        return RenderedResponse(200, _ENCODER.encode(charge_body(charge_id, charge)))
    return _failed("cancel_failed", charge_id, charge, request_id, _why(charge))


def _failed(
    code: ProblemCode, charge_id: ChargeId, charge: Charge, request_id: RequestId, detail: str
) -> RenderedResponse:
    problem = problem_body(code, request_id, detail=detail)
    failed = FailedChargeProblem(**msgspec.structs.asdict(problem), charge=charge_body(charge_id, charge))
    return RenderedResponse(problem.status, _ENCODER.encode(failed))


def _why(charge: Charge) -> str:
    """Why an operation was not carried out; where the PSP did not refuse it, the charge came to another end first."""
    failed = charge.operation_failure
    reason = _message(failed.failure) if failed else ""
    return f"{reason} The charge is {charge.status}.".strip()


def _message(failure: Failure | None) -> str:
    return FAILURE_MESSAGES[failure.code if failure else "processing_error"]


def render_unreadable(charge: ChargeBody, request_id: RequestId, detail: str) -> RenderedResponse:
    """The answer to a look at a charge that cannot be read to its end: what could be read, and that it is not all."""
    problem = problem_body("charge_unreadable", request_id, detail=detail)
    unreadable = UnreadableChargeProblem(**msgspec.structs.asdict(problem), charge=charge)
    return RenderedResponse(problem.status, _ENCODER.encode(unreadable))
