"""Waiting with a request that only looks: until a charge or a refund has moved on from what the client could see."""

import asyncio
from collections.abc import Callable

from fincore.domain.charge import Charge
from fincore.domain.ids import ChargeId, RefundId, stream_of
from fincore.eventstore.commit import Provenance
from fincore.write.payments.inquiries import Inquiries
from fincore.write.payments.outcome_wait import OutcomeWait
from fincore.write.queue.job_payloads import INQUIRY_INTERVAL_SECONDS


class ChargeWait:
    """Waits for the next step of the PSP, or of the customer at the bank."""

    def __init__(self, outcomes: OutcomeWait[Charge], inquiries: Inquiries) -> None:
        self._outcomes = outcomes
        self._inquiries = inquiries

    async def for_charge(
        self, charge_id: ChargeId, charge: Charge, *, wait_seconds: float, provenance: Provenance
    ) -> Charge:
        """The charge once it has moved on from `charge`, or as it is when the time is over.

        While its customer is to act, the PSP is asked at once and again every `INQUIRY_INTERVAL_SECONDS`: the customer
        may be back, and the PSP's webhook be late or lost.
        """
        has_moved_on = moved_on_from(charge)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_seconds
        while not has_moved_on(charge) and (left_seconds := deadline - loop.time()) > 0:
            if charge.status == "requires_action":
                await self._inquiries.ask(charge_id, (charge.merchant_id, charge.livemode), provenance)
                left_seconds = min(left_seconds, INQUIRY_INTERVAL_SECONDS)
            ends_at = loop.time() + left_seconds
            charge = await self._outcomes.until(
                has_moved_on, charge, stream_of(charge_id), wait_seconds=left_seconds
            )
            if loop.time() < ends_at:
                break  # it has moved on, or the event store is away
        return charge

    async def for_refund(
        self, charge_id: ChargeId, charge: Charge, refund_id: RefundId, *, wait_seconds: float
    ) -> Charge:
        """The refund's charge once the PSP has answered about the refund, or as it is when the time is over."""
        return await self._outcomes.until(
            refund_answered(refund_id), charge, stream_of(charge_id), wait_seconds=wait_seconds
        )


def moved_on_from(before: Charge) -> Callable[[Charge], bool]:
    """Whether a charge, later, has left what it waited in: `processing`, `requires_action`, or a pending operation.

    A charge that waits for nothing has. One that needs its customer after all, or once more, has, too: the client is to act then.
    """
    if before.operation is None and before.status != "requires_action":
        return lambda _later: True

    def has_moved_on(later: Charge) -> bool:
        if later.status != before.status or later.actions_required != before.actions_required:
            return True
        return before.operation is not None and later.operation != before.operation

    return has_moved_on


def refund_answered(refund_id: RefundId) -> Callable[[Charge], bool]:
    """Whether the PSP has answered about a refund of a charge; `pending` may last for days and is an answer."""

    def is_answered(charge: Charge) -> bool:
        refund = charge.refund(refund_id)
        return refund is None or refund.status != "processing"

    return is_answered
