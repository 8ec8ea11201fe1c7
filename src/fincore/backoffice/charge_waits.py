"""What a charge waits for now, since when and until when: a table of words, and a function from the charge and its jobs. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.ids import DisputeId, RefundId
from fincore.domain.operation import PendingOperation
from fincore.domain.refund import Refund
from fincore.write.queue.port import ChargeJobState

WaitCode = Literal[
    "psp_answer",
    "unknown_outcome",
    "psp_decision",
    "customer_action",
    "merchant_capture",
    "review",
    "refund_answer",
    "refund_unknown",
    "refund_carried_out",
    "attempt_reversal",
    "attempt_given_back_by_person",
    "report_released",
    "dispute_evidence",
    "dispute_decision",
    "dead_letter",
]

WAITS: Final[Mapping[WaitCode, str]] = MappingProxyType(
    {
        "psp_answer": "the PSP is being asked, and has not answered",
        "unknown_outcome": "it is not known what became of a call, and the PSP is asked again until it is",
        "psp_decision": "the PSP has taken the payment on, and decides it later",
        "customer_action": "the customer has to authenticate or approve",
        "merchant_capture": "the bank holds the money, and the merchant captures it or does not",
        "review": "a person decides the review",
        "refund_answer": "the PSP is being asked for a refund",
        "refund_unknown": "it is not known whether the PSP refunds, and it is asked again until it is",
        "refund_carried_out": "the PSP has taken the refund on, and carries it out later",
        "attempt_reversal": "money that an abandoned attempt took or holds goes back",
        "attempt_given_back_by_person": "a person gives back money of an abandoned attempt at the PSP",
        "report_released": "a person deals with a held report of the PSP",
        "dispute_evidence": "the merchant answers a dispute with evidence at the PSP",
        "dispute_decision": "the bank decides a dispute",
        "dead_letter": "a person replays or discards a job that failed for good",
    }
)
"""Each thing that a charge may wait for."""


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a charge waits for. `until` is when that ends by itself, `next_job_at` when FinCore does something about it next.

    `names` is the refund, dispute, report or attempt that it is about; None for the charge itself.
    """

    code: WaitCode
    since: datetime | None = None
    until: datetime | None = None
    next_job_at: datetime | None = None
    names: RefundId | DisputeId | str | None = None


def waits_of(charge: Charge, jobs: Sequence[ChargeJobState]) -> list[Wait]:
    """All that a charge waits for, what holds its outcome back first; nothing for most."""
    return [
        *_of_charge(charge, jobs),
        *(wait for refund in charge.refunds for wait in _of_refund(refund, jobs)),
        *_of_attempts(charge, jobs),
        *(
            Wait(code="report_released", since=report.held_at, names=report.psp_event_id)
            for report in charge.held_reports
        ),
        *_of_disputes(charge),
        *(
            Wait(code="dead_letter", since=job.due_at, names=job.refund_id or job.kind)
            for job in jobs
            if job.status == "held"
        ),
    ]


def _of_charge(charge: Charge, jobs: Sequence[ChargeJobState]) -> Iterator[Wait]:
    next_job_at = _next(jobs, prefix="charge.")
    operation: PendingOperation | None = charge.operation
    if charge.pending_until is not None and operation is not None:
        yield Wait(
            code="psp_decision",
            since=operation.requested_at,
            until=charge.pending_until,
            next_job_at=next_job_at,
        )
    elif charge.unknown_since is not None:
        yield Wait(code="unknown_outcome", since=charge.unknown_since, next_job_at=next_job_at)
    elif operation is not None and charge.status != "requires_action":
        yield Wait(code="psp_answer", since=operation.requested_at, next_job_at=next_job_at)
    if charge.status == "requires_action":
        yield Wait(code="customer_action", next_job_at=next_job_at)
    if charge.is_under_review:
        if charge.status == "authorized":
            yield Wait(code="review", until=charge.review_decide_by, next_job_at=next_job_at)
    elif charge.status == "authorized" and operation is None:
        yield Wait(
            code="merchant_capture",
            since=charge.authorized_at,
            until=charge.capture_before,
            next_job_at=next_job_at,
        )


def _of_refund(refund: Refund, jobs: Sequence[ChargeJobState]) -> Iterator[Wait]:
    next_job_at = _next(jobs, refund_id=refund.refund_id)
    since: datetime = refund.unknown_since or refund.requested_at
    if refund.status == "pending":
        code: WaitCode = "refund_carried_out"
    elif refund.status != "processing":
        return
    else:
        code = "refund_answer" if refund.unknown_since is None else "refund_unknown"
    yield Wait(code=code, since=since, next_job_at=next_job_at, names=refund.refund_id)


def _of_attempts(charge: Charge, jobs: Sequence[ChargeJobState]) -> Iterator[Wait]:
    for attempt in charge.abandoned_attempts:
        if not attempt.has_money:
            continue
        is_failed = attempt.status == "reversal_failed"
        yield Wait(
            code="attempt_given_back_by_person" if is_failed else "attempt_reversal",
            since=attempt.reversal_requested_at,
            next_job_at=_next(jobs, attempt=attempt.number),
            names=str(attempt.number),
        )


def _of_disputes(charge: Charge) -> Iterator[Wait]:
    for dispute in charge.disputes:
        if dispute.status == "needs_response":
            yield Wait(
                code="dispute_evidence",
                since=dispute.opened_at,
                until=dispute.evidence_due_by,
                names=dispute.dispute_id,
            )
        elif dispute.status == "under_review":
            yield Wait(code="dispute_decision", since=dispute.opened_at, names=dispute.dispute_id)


def _next(
    jobs: Sequence[ChargeJobState],
    *,
    prefix: str | None = None,
    refund_id: RefundId | None = None,
    attempt: int | None = None,
) -> datetime | None:
    """When the next job of a charge, a refund or an attempt is due."""
    due = [
        job.due_at
        for job in jobs
        if job.status != "held"
        and (prefix is None or job.kind.startswith(prefix))
        and (refund_id is None or job.refund_id == refund_id)
        and (attempt is None or (job.kind == "attempt.reverse" and job.attempt == attempt))
    ]
    return min(due, default=None)
