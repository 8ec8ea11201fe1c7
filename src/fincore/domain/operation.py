"""What a PSP is being asked to do with a charge, and why it did not do what it was asked last."""

from datetime import datetime
from typing import Literal

import msgspec

from fincore.domain.events import CancelReason, Operation
from fincore.domain.outcome import Failure


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
