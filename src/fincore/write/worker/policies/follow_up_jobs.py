"""The jobs that events call for, written in the same commit as the events: one table, and its interpreter. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal, Protocol, assert_never

import msgspec

from fincore.domain.events import (
    AttemptAuthorized,
    AttemptCaptured,
    ChargeAuthorized,
    ChargeCaptured,
    ChargeCorrected,
    ChargeEvent,
    ChargeRerouted,
    EventType,
    RefundOutcomeUnknown,
    RefundPending,
    ReviewOpened,
    event_type,
)
from fincore.domain.ids import ChargeId
from fincore.domain.job import Job
from fincore.write.queue.job_payloads import (
    INQUIRY_INTERVAL_SECONDS,
    authorize_job,
    cancel_job,
    capture_job,
    complete_job,
    poll_job,
    resolve_job,
    resolve_refund_job,
    reverse_attempt_job,
    review_job,
)


class PollPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How charges are polled that wait for their customer, for the end of a hold, or for the PSP.

    `action_pauses_seconds` precede the polls of a charge that waits for its customer, the last one repeating, until
    `action_timeout_seconds` after the charge was created. Then the worker cancels it; where the PSP refuses that, again after
    `abandon_pause_seconds`, `abandon_tries_max` times. The job is held for a person where that was in vain, or the PSP cannot
    say how the charge stands, for `action_give_up_seconds`.

    A hold is polled `lapse_grace_seconds` after it ends, so that the PSP's webhook comes first; `refund_pause_seconds` is the
    pause between polls of a refund that the PSP carries out later, for `refund_give_up_seconds` at most. An operation that
    the PSP decides later is polled after `pending_pause_seconds` each, until the time it named. A capture with a fee that is
    not known is polled after `fee_pause_seconds`, `fee_looks_max` times. The PSP's record of an attempt that was given up is looked at
    after `abandoned_look_pause_seconds`. For a merchant that waits, the PSP is asked about a
    charge at most once in `inquiry_interval_seconds`.
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
    pending_pause_seconds: float = 6 * 3_600.0
    abandoned_look_pause_seconds: float = 3_600.0
    fee_pause_seconds: float = 120.0
    fee_looks_max: int = 3
    inquiry_interval_seconds: float = INQUIRY_INTERVAL_SECONDS

    def action_pause_seconds(self, poll: int) -> float:
        """The pause before the poll with this number, counted from 1."""
        return self.action_pauses_seconds[min(poll, len(self.action_pauses_seconds)) - 1]


class FollowUpTimes(msgspec.Struct, frozen=True, kw_only=True):
    """The times that the rows of the table name.

    `first_inquiry_seconds`: the janitor's first pause. `hold_seconds`: how long the charge's PSP keeps a hold where it
    does not name the end.
    """

    policy: PollPolicy
    first_inquiry_seconds: float
    hold_seconds: float


Condition = Literal[
    "the fee is not known",
    "it was corrected to authorized",
    "it was corrected to succeeded",
    "the abandoned account was called",
    "its review was declined",
    "it was corrected to authorized, and its review was declined",
]
Start = Literal["now", "the end of the hold", "the end of the time to decide"]
Pause = Literal[
    "none",
    "first inquiry",
    "first poll",
    "grace of a hold",
    "poll for the fee",
    "poll of a refund",
    "poll of what is pending",
    "look at an abandoned attempt",
]
FollowUpKind = Literal[
    "charge.authorize",
    "charge.complete",
    "charge.resolve",
    "charge.follow",
    "charge.review",
    "charge.capture",
    "charge.cancel",
    "attempt.reverse",
    "refund.resolve",
]


class FollowUp(msgspec.Struct, frozen=True, kw_only=True):
    """One row: after `event`, if `condition` holds, a job of `kind` is due `pause` after `start`."""

    event: EventType
    condition: Condition | None = None
    kind: FollowUpKind
    start: Start = "now"
    pause: Pause


FOLLOW_UPS: Final = (
    FollowUp(event="charge.outcome_unknown", kind="charge.resolve", pause="first inquiry"),
    FollowUp(event="charge.rerouted", kind="charge.authorize", pause="none"),
    FollowUp(
        event="charge.rerouted",
        condition="the abandoned account was called",
        kind="attempt.reverse",
        pause="look at an abandoned attempt",
    ),
    FollowUp(event="charge.attempt_captured", kind="attempt.reverse", pause="none"),
    FollowUp(event="charge.attempt_authorized", kind="attempt.reverse", pause="none"),
    FollowUp(event="charge.customer_approved", kind="charge.complete", pause="none"),
    FollowUp(event="charge.pending", kind="charge.follow", pause="poll of what is pending"),
    FollowUp(event="charge.action_required", kind="charge.follow", pause="first poll"),
    FollowUp(
        event="charge.authorized", kind="charge.follow", start="the end of the hold", pause="grace of a hold"
    ),
    FollowUp(
        event="charge.captured",
        condition="the fee is not known",
        kind="charge.follow",
        pause="poll for the fee",
    ),
    FollowUp(
        event="charge.corrected",
        condition="it was corrected to authorized",
        kind="charge.follow",
        start="the end of the hold",
        pause="grace of a hold",
    ),
    FollowUp(
        event="charge.corrected",
        condition="it was corrected to succeeded",
        kind="charge.follow",
        pause="poll for the fee",
    ),
    FollowUp(
        event="charge.review_opened",
        kind="charge.review",
        start="the end of the time to decide",
        pause="none",
    ),
    FollowUp(
        event="charge.authorized", condition="its review was declined", kind="charge.review", pause="none"
    ),
    FollowUp(
        event="charge.corrected",
        condition="it was corrected to authorized, and its review was declined",
        kind="charge.review",
        pause="none",
    ),
    FollowUp(event="charge.capture_requested", kind="charge.capture", pause="none"),
    FollowUp(event="charge.cancel_requested", kind="charge.cancel", pause="none"),
    FollowUp(event="refund.outcome_unknown", kind="refund.resolve", pause="first inquiry"),
    FollowUp(event="refund.pending", kind="refund.resolve", pause="poll of a refund"),
)
"""Every event that calls for a job. After all others nothing is left to do, or the request was committed with its job."""

PAUSES: Final[Mapping[Pause, Callable[[FollowUpTimes], float]]] = MappingProxyType(
    {
        "none": lambda _times: 0.0,
        "first inquiry": lambda times: times.first_inquiry_seconds,
        "first poll": lambda times: times.policy.action_pause_seconds(1),
        "grace of a hold": lambda times: times.policy.lapse_grace_seconds,
        "poll for the fee": lambda times: times.policy.fee_pause_seconds,
        "poll of a refund": lambda times: times.policy.refund_pause_seconds,
        "poll of what is pending": lambda times: times.policy.pending_pause_seconds,
        "look at an abandoned attempt": lambda times: times.policy.abandoned_look_pause_seconds,
    }
)
"""The pauses of the table, in seconds."""


def follow_up_jobs(
    charge_id: ChargeId,
    events: Sequence[ChargeEvent],
    now: datetime,
    times: FollowUpTimes,
    *,
    is_declined: bool = False,
) -> tuple[Job, ...]:
    """The jobs that events call for, by the table. `is_declined`: the charge's review was declined before them."""
    return tuple(
        _job(row, charge_id, event, _start_seconds(row, event, now, times) + PAUSES[row.pause](times))
        for event in events
        for row in FOLLOW_UPS
        if row.event == event_type(event) and _applies(row.condition, event, is_declined=is_declined)
    )


def _applies(condition: Condition | None, event: ChargeEvent, *, is_declined: bool) -> bool:
    match condition:
        case None:
            return True
        case "the fee is not known":
            return isinstance(event, ChargeCaptured) and event.fee_currency is None
        case "it was corrected to authorized":
            return isinstance(event, ChargeCorrected) and event.status_after == "authorized"
        case "it was corrected to succeeded":
            return isinstance(event, ChargeCorrected) and event.status_after == "succeeded"
        case "the abandoned account was called":
            return isinstance(event, ChargeRerouted) and event.code != "account_not_called"
        case "its review was declined":
            return is_declined
        case "it was corrected to authorized, and its review was declined":
            return is_declined and isinstance(event, ChargeCorrected) and event.status_after == "authorized"
        case _:
            assert_never(condition)


def _start_seconds(row: FollowUp, event: ChargeEvent, now: datetime, times: FollowUpTimes) -> float:
    """How far ahead the start of the row's pause is; 0 for one that is past."""
    if isinstance(event, ReviewOpened):
        return max((event.decide_by - now).total_seconds(), 0.0)
    if row.start == "now" or not isinstance(event, ChargeAuthorized | ChargeCorrected):
        return 0.0
    named = event.capture_before if isinstance(event, ChargeAuthorized) else None
    ends_at = named or event.occurred_at + timedelta(seconds=times.hold_seconds)
    return max((ends_at - now).total_seconds(), 0.0)


def _job(row: FollowUp, charge_id: ChargeId, event: ChargeEvent, delay_seconds: float) -> Job:
    match row.kind:
        case "charge.complete" | "charge.capture" | "charge.cancel":
            return _AT_ONCE[row.kind](charge_id)
        case "charge.resolve" | "charge.follow" | "charge.review":
            return _LATER[row.kind](charge_id, delay_seconds=delay_seconds)
        case "charge.authorize":
            if not isinstance(event, ChargeRerouted):
                raise TypeError(f"{row.event} begins no attempt")
            return authorize_job(charge_id, attempt=event.abandoned_attempt + 1)
        case "attempt.reverse":
            return reverse_attempt_job(charge_id, _attempt_of(row, event), delay_seconds=delay_seconds)
        case "refund.resolve":
            if not isinstance(event, RefundOutcomeUnknown | RefundPending):
                raise TypeError(f"{row.event} names no refund")
            return resolve_refund_job(charge_id, event.refund_id, delay_seconds=delay_seconds)
        case _:
            assert_never(row.kind)


_AT_ONCE: Final[
    Mapping[Literal["charge.complete", "charge.capture", "charge.cancel"], Callable[[ChargeId], Job]]
] = MappingProxyType(
    {"charge.complete": complete_job, "charge.capture": capture_job, "charge.cancel": cancel_job}
)


class _Delayed(Protocol):
    def __call__(self, charge_id: ChargeId, *, delay_seconds: float) -> Job: ...


_LATER: Final[Mapping[Literal["charge.resolve", "charge.follow", "charge.review"], _Delayed]] = (
    MappingProxyType({"charge.resolve": resolve_job, "charge.follow": poll_job, "charge.review": review_job})
)


def _attempt_of(row: FollowUp, event: ChargeEvent) -> int:
    if isinstance(event, ChargeRerouted):
        return event.abandoned_attempt
    if isinstance(event, AttemptCaptured | AttemptAuthorized):
        return event.attempt
    raise TypeError(f"{row.event} names no attempt")
