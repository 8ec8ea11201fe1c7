"""Carrying out a charge's pending operation, without the PSP's receipt where the PSP refuses the address for it."""

from typing import NamedTuple

import msgspec
import structlog

from fincore.domain.operation import PendingOperation
from fincore.domain.outcome import OperationOutcome, Retryable
from fincore.domain.payment_outcomes import omit_receipt
from fincore.eventstore.commit import Provenance
from fincore.write.psp.port import ReceiptRefused
from fincore.write.worker.plumbing import psp_call
from fincore.write.worker.plumbing.context import Desk, OpenCharge
from fincore.write.worker.plumbing.recorder import Recorded

_log = structlog.get_logger(__name__)


class Carried(NamedTuple):
    """What came of the call, and the charge as it was when the call was made."""

    at_hand: OpenCharge
    outcome: OperationOutcome


async def carry_out(
    desk: Desk, at_hand: OpenCharge, operation: PendingOperation, provenance: Provenance
) -> Carried:
    """Call the PSP for the operation, or repeat that safely.

    A refusal of the receipt's address is written down before the call without it is made: whoever repeats the operation
    after a crash then makes the second call, never the first, so that only one of the two can take money.
    """
    outcome = await psp_call.operate(
        at_hand.gateway, at_hand.charge_id, at_hand.charge, operation, desk.clock
    )
    if not isinstance(outcome, ReceiptRefused):
        return Carried(at_hand, outcome)
    reason, now = outcome.reason, desk.clock.now()
    recorded = await desk.recorder.record(
        at_hand.charge_id, lambda charge: omit_receipt(charge, reason, now), provenance
    )
    if isinstance(recorded, Recorded) and recorded.events:
        _log.warning("worker.receipt_omitted", charge_id=at_hand.charge_id, reason=reason)
    charge = await desk.recorder.load(at_hand.charge_id)
    if charge is None or charge.operation is None or charge.operation.without_receipt is not True:
        return Carried(at_hand, Retryable(reason="the charge changed while its receipt was left out"))
    at_hand = msgspec.structs.replace(at_hand, charge=charge)
    outcome = await psp_call.operate(at_hand.gateway, at_hand.charge_id, charge, charge.operation, desk.clock)
    if isinstance(outcome, ReceiptRefused):
        outcome = Retryable(reason="the PSP refused the address for a receipt that was not asked for")
    return Carried(at_hand, outcome)
