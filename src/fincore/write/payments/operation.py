"""From a request on a charge to the event, the job, and when its outcome is known. Pure: ids and times are given in."""

from collections.abc import Callable
from datetime import datetime
from typing import assert_never

from fincore.domain.charge import Charge
from fincore.domain.events import CancelRequested, CaptureRequested, RefundOrigin, RefundRequested
from fincore.domain.ids import ChargeId, RefundId
from fincore.domain.job import Job
from fincore.domain.refusal import Refusal
from fincore.domain.requests import request_cancel, request_capture, request_refund
from fincore.write.payments.command import Command
from fincore.write.payments.operation_request import (
    CancelRequest,
    CaptureRequest,
    OperationRequest,
    RefundRequest,
)
from fincore.write.queue.job_payloads import cancel_job, capture_job, send_refund_job

Wanted = CaptureRequested | CancelRequested | RefundRequested


class OperationCommand(Command, frozen=True, kw_only=True):
    """A checked request to do something with a charge. A refund's `charge_id` is the one its request names."""

    charge_id: ChargeId
    request: OperationRequest

    @property
    def origin(self) -> RefundOrigin:
        """Who asks."""
        return "merchant"

    @property
    def given_refund_id(self) -> RefundId | None:
        """The id of the refund, where it follows from what asks for it; None for a new one."""
        return None


def wanted(
    charge: Charge, command: OperationCommand, refund_id: RefundId, now: datetime
) -> tuple[Wanted, Job] | Refusal:
    """The event that an operation was asked for, and the job to carry it out; `refund_id` is used for refunds only."""
    request = command.request
    event: Wanted | Refusal
    match request:
        case CaptureRequest():
            event, job = request_capture(charge, request.amount_minor, now), capture_job(command.charge_id)
        case CancelRequest():
            event, job = request_cancel(charge, request.reason, now), cancel_job(command.charge_id)
        case RefundRequest():
            event = request_refund(
                charge,
                refund_id,
                request.amount_minor,
                now,
                reason=request.reason,
                origin=command.origin,
                metadata=request.metadata,
            )
            job = send_refund_job(command.charge_id, refund_id)
        case _:
            assert_never(request)
    return event if isinstance(event, Refusal) else (event, job)


def is_final(asked: Charge, event: Wanted) -> Callable[[Charge], bool]:
    """Whether the outcome of what was asked is known, of the same charge later; `asked` is the charge after `event`."""
    if isinstance(event, RefundRequested):
        refund_id = event.refund_id

        def refund_is_final(later: Charge) -> bool:
            refund = later.refund(refund_id)
            return refund is not None and refund.status != "processing"

        return refund_is_final
    return lambda later: later.operation != asked.operation
