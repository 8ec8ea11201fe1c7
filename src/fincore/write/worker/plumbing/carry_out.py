"""Carrying out a charge's pending operation, without the PSP's receipt where the PSP refuses the address for it."""

from typing import NamedTuple, assert_never

import msgspec
import structlog

from fincore.domain.omitted_receipt import omit_receipt
from fincore.domain.operation import PendingOperation
from fincore.domain.outcome import Declined, OperationOutcome, Retryable, Unknown
from fincore.domain.payment_method import CardToken
from fincore.eventstore.commit import Provenance
from fincore.eventstore.recorder import Recorded
from fincore.write.card_tokens.port import CardEdgeAway
from fincore.write.psp.port import ReceiptRefused
from fincore.write.worker.plumbing import psp_call
from fincore.write.worker.plumbing.card_token import card_token
from fincore.write.worker.plumbing.context import JobContext, LoadedCharge
from fincore.write.worker.policies.availability import availability_of

_log = structlog.get_logger(__name__)


class CarriedOut(NamedTuple):
    """The outcome of the call, and the charge as it was when the call was made.

    `fails_everywhere`: the call was not made for a reason that another account at a PSP shares.
    """

    loaded: LoadedCharge
    outcome: OperationOutcome
    fails_everywhere: bool = False


async def carry_out(
    context: JobContext,
    loaded: LoadedCharge,
    operation: PendingOperation,
    provenance: Provenance,
    *,
    may_have_run: bool,
) -> CarriedOut:
    """Call the PSP for the operation, or repeat that safely. `may_have_run`: a call made before may have reached it.

    A refusal of the receipt's address is recorded before the call without it is made: a worker that repeats the operation
    after a crash then makes the second call, never the first, so that only one of the two can take money.
    """
    token = await card_token(context, loaded, operation, may_have_run=may_have_run)
    match token:
        case CardEdgeAway(reason=reason):
            return CarriedOut(loaded, Retryable(reason=reason), fails_everywhere=True)
        case Declined() | Retryable() | Unknown():
            # The card edge has a key of the account from its own settings, maybe a stale one: the breaker counts our calls alone.
            return CarriedOut(loaded, token)
        case CardToken() | None:
            pass
        case _:
            assert_never(token)
    outcome = await _observed(context, loaded, operation, token)
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
    outcome = await _observed(context, loaded, charge.operation, token)
    if isinstance(outcome, ReceiptRefused):
        outcome = Retryable(reason="the PSP refused the address for a receipt that was not asked for")
    return CarriedOut(loaded, outcome)


async def _observed(
    context: JobContext, loaded: LoadedCharge, operation: PendingOperation, token: CardToken | None
) -> OperationOutcome | ReceiptRefused:
    """The outcome of one call to the PSP, counted by the account's breaker. `token` is that of a kept card."""
    outcome = await psp_call.operate(
        loaded.gateway, loaded.charge_id, loaded.charge, operation, context.clock, token=token
    )
    availability = availability_of(operation.kind, outcome)
    if context.breaker is not None and availability is not None:
        context.breaker.observe(loaded.charge.psp, loaded.charge.psp_account, availability)
    return outcome
