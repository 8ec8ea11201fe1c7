"""What a PSP is being asked to do with a charge, and why it did not do what it was asked last."""

from datetime import datetime
from typing import Literal

import msgspec

from fincore.domain.events import CancelReason, Operation
from fincore.domain.outcome import Canceled, Expired, Failure


class PendingOperation(msgspec.Struct, frozen=True, kw_only=True):
    """What the PSP is being asked to do with a charge; its response is not known yet.

    `number` counts the operations of this kind on the charge, from 1: a new request is a new call to the PSP.
    `without_receipt`: the PSP refused the customer's address for its receipt, so it is called without one.
    """

    kind: Operation
    number: int
    requested_at: datetime
    amount_minor: int | None = None
    cancel_reason: CancelReason | None = None
    without_receipt: Literal[True] | msgspec.UnsetType = msgspec.UNSET


class OperationFailure(msgspec.Struct, frozen=True, kw_only=True):
    """Why the last capture or cancellation was not carried out."""

    operation: Operation
    failure: Failure
    occurred_at: datetime


def as_requested(operation: PendingOperation | None, outcome: Canceled | Expired) -> Canceled | Expired:
    """What is given up while our cancellation is under way was given up by it, for the reason that it was requested for.

    Not every PSP keeps that reason: what a call ended looks there like what its customer left.
    """
    if operation is None or operation.kind != "cancel" or operation.cancel_reason == "abandoned":
        return outcome
    if isinstance(outcome, Canceled) or outcome.reason != "abandoned":
        return outcome
    return Canceled(
        reason=operation.cancel_reason or "requested_by_customer",
        psp_reference=outcome.psp_reference,
        occurred_at=outcome.occurred_at,
    )
