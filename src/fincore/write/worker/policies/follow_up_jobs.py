"""What has to be done after an event: the jobs that are written in the same commit with it. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from fincore.domain.events import (
    CancelRequested,
    ChargeActionRequired,
    ChargeAuthorized,
    ChargeCaptured,
    ChargeCorrected,
    ChargeEvent,
    ChargeOutcomeUnknown,
    RefundOutcomeUnknown,
    RefundPending,
)
from fincore.domain.ids import ChargeId
from fincore.domain.job import Job
from fincore.write.queue.job_payloads import (
    INQUIRY_INTERVAL_SECONDS,
    cancel_job,
    poll_job,
    resolve_job,
    resolve_refund_job,
)

HOLD_LAPSES_AFTER: Final = timedelta(days=7)
"""How long a hold is taken to last where the PSP did not say (Stripe: 7 days for most cards)."""


class PollPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When charges that wait for a customer, a time or the PSP are polled.

    `action_pauses_seconds` precede the looks at a charge that waits for its customer, the last one repeating, until
    `action_timeout_seconds` after the charge was created; then it is given up, where the PSP refuses to cancel it after
    `abandon_pause_seconds` again, `abandon_tries_max` times. It is held for a person where that was in vain, or the PSP
    cannot say how it stands, for `action_give_up_seconds`. `lapse_grace_seconds` after its `capture_before` a hold is looked at,
    so that the PSP's own word comes first; `refund_pause_seconds` is the pause between looks at a refund that the PSP
    carries out later, for `refund_give_up_seconds` at most. A capture that was learned of without its fee is looked at
    after `fee_pause_seconds`, `fee_looks_max` times: settlement tells in the end. For a merchant that waits, the PSP is
    asked about a charge at most once in `inquiry_interval_seconds`.
    """

    action_pauses_seconds: tuple[float, ...] = (60.0, 300.0, 900.0)
    action_timeout_seconds: float = 3_600.0
    action_give_up_seconds: float = 86_400.0
    abandon_pause_seconds: float = 6 * 3_600.0
    abandon_tries_max: int = 5
    lapse_grace_seconds: float = 3_600.0
    lapse_pause_seconds: float = 6 * 3_600.0
    lapse_give_up_seconds: float = 7 * 86_400.0
    refund_pause_seconds: float = 6 * 3_600.0
    refund_give_up_seconds: float = 30 * 86_400.0
    fee_pause_seconds: float = 120.0
    fee_looks_max: int = 3
    inquiry_interval_seconds: float = INQUIRY_INTERVAL_SECONDS

    def action_pause_seconds(self, look: int) -> float:
        """The pause before the look with this number, counted from 1."""
        return self.action_pauses_seconds[min(look, len(self.action_pauses_seconds)) - 1]


def follow_up_jobs(
    charge_id: ChargeId,
    events: Sequence[ChargeEvent],
    now: datetime,
    *,
    policy: PollPolicy,
    first_inquiry_seconds: float,
) -> tuple[Job, ...]:
    """The jobs that events call for; `first_inquiry_seconds` is the janitor's first pause."""
    jobs: list[Job] = []
    for event in events:
        match event:
            case ChargeOutcomeUnknown():
                jobs.append(resolve_job(charge_id, delay_seconds=first_inquiry_seconds))
            case ChargeActionRequired():
                jobs.append(poll_job(charge_id, delay_seconds=policy.action_pause_seconds(1)))
            case ChargeAuthorized() | ChargeCorrected(status_after="authorized"):
                named = event.capture_before if isinstance(event, ChargeAuthorized) else None
                lapses_at = named or event.occurred_at + HOLD_LAPSES_AFTER
                delay_seconds = max((lapses_at - now).total_seconds(), 0.0) + policy.lapse_grace_seconds
                jobs.append(poll_job(charge_id, delay_seconds=delay_seconds))
            case ChargeCaptured(fee_currency=None) | ChargeCorrected(status_after="succeeded"):
                jobs.append(poll_job(charge_id, delay_seconds=policy.fee_pause_seconds))
            case CancelRequested():
                jobs.append(cancel_job(charge_id))
            case RefundOutcomeUnknown():
                jobs.append(
                    resolve_refund_job(charge_id, event.refund_id, delay_seconds=first_inquiry_seconds)
                )
            case RefundPending():
                jobs.append(
                    resolve_refund_job(charge_id, event.refund_id, delay_seconds=policy.refund_pause_seconds)
                )
            case _:
                pass
    return tuple(jobs)
