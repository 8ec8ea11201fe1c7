"""Carrying out a charge's pending operation, without the PSP's receipt where the PSP refuses the address for it."""

from typing import NamedTuple

import msgspec
import structlog

from fincore.domain.operation import PendingOperation
from fincore.domain.outcome import OperationOutcome, Retryable
from fincore.domain.payment_outcomes import omit_receipt
from fincore.eventstore.commit import Provenance
from fincore.eventstore.recorder import Recorded
from fincore.write.psp.port import ReceiptRefused
from fincore.write.worker.plumbing import psp_call
from fincore.write.worker.plumbing.context import JobContext, LoadedCharge
from fincore.write.worker.policies.availability import availability_of

_log = structlog.get_logger(__name__)


class CarriedOut(NamedTuple):
    """The outcome of the call, and the charge as it was when the call was made."""

    loaded: LoadedCharge
    outcome: OperationOutcome


async def carry_out(
    context: JobContext, loaded: LoadedCharge, operation: PendingOperation, provenance: Provenance
) -> CarriedOut:
    """Call the PSP for the operation, or repeat that safely.

    A refusal of the receipt's address is recorded before the call without it is made: a worker that repeats the operation
    after a crash then makes the second call, never the first, so that only one of the two can take money.
    """
    outcome = await _observed(context, loaded, operation)
    if not isinstance(outcome, ReceiptRefused):
        return CarriedOut(loaded, outcome)
    reason, now = outcome.reason, context.clock.now()
    recorded = await context.recorder.record(
        loaded.charge_id, lambda charge: omit_receipt(charge, reason, now), provenance
    )
    if isinstance(recorded, Recorded) and recorded.events:
        _log.warning("worker.receipt_omitted", charge_id=loaded.charge_id, reason=reason)
    charge = await context.recorder.load(loaded.charge_id)
    if (
        charge is None
        or charge.operation is None
        or charge.operation.number != operation.number
        or charge.operation.without_receipt is not True
    ):
        return CarriedOut(loaded, Retryable(reason="the charge changed while its receipt was left out"))
    loaded = msgspec.structs.replace(loaded, charge=charge)
    outcome = await _observed(context, loaded, charge.operation)
    if isinstance(outcome, ReceiptRefused):
        outcome = Retryable(reason="the PSP refused the address for a receipt that was not asked for")
    return CarriedOut(loaded, outcome)


async def _observed(
    context: JobContext, loaded: LoadedCharge, operation: PendingOperation
) -> OperationOutcome | ReceiptRefused:
    """The outcome of one call, counted by the account's breaker."""
    charge = loaded.charge
    outcome = await psp_call.operate(loaded.gateway, loaded.charge_id, charge, operation, context.clock)
    availability = availability_of(operation.kind, outcome)
    if context.breaker is not None and availability is not None:
        context.breaker.observe(charge.psp, charge.psp_account, availability)
    return outcome
