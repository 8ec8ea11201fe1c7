"""What a person decides about an unknown outcome, recorded with their name and reason."""

from collections.abc import Collection
from datetime import datetime
from typing import Final, Literal, assert_never

import msgspec

from fincore.domain.attempt_outcomes import decide_reversed
from fincore.domain.charge import Charge
from fincore.domain.events import AttemptReleased, ChargeEvent, HeldReason, OutcomeDecided
from fincore.domain.ids import RefundId
from fincore.domain.money import Money
from fincore.domain.outcome import (
    Approved,
    Canceled,
    Declined,
    Expired,
    Failure,
    KnownOutcome,
    PspReference,
    RefundRejected,
    RefundReport,
    Rejected,
)
from fincore.domain.payment_corrections import correct_payment
from fincore.domain.payment_outcomes import decide_payment
from fincore.domain.refund_outcomes import correct_refund, decide_refund
from fincore.domain.refusal import Refusal

DecidedPaymentOutcome = Literal["captured", "authorized", "canceled", "expired", "failed"]
"""What the PSP shows of the payment. `failed`: the operation in doubt did not happen."""
DecidedChargeOutcome = DecidedPaymentOutcome | Literal["given_back"]
"""What a person says of a charge. `given_back`: its abandoned attempts have no money of the customer, or none any more."""
DecidedRefundOutcome = Literal["succeeded", "failed"]


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """Who decides, why, and what they read at the PSP: its reference and, where it is not the whole, the amount."""

    decided_by: str
    reason: str
    psp_reference: PspReference | None = None
    amount_minor: int | None = None


def decide_charge_outcome(
    charge: Charge,
    decided: DecidedChargeOutcome,
    resolution: Resolution,
    now: datetime,
    *,
    given_up: Collection[int] = (),
) -> tuple[ChargeEvent, ...] | Refusal:
    """The events that follow from a person's decision about an operation that is unknown, or pending at the PSP.

    Where nothing is in doubt but the amount, because a report over another one is held, a person may say which amount the PSP shows.
    `given_up` are the numbers of abandoned attempts of which FinCore could not find out whether they have money.
    """
    if decided == "given_back":
        return _with_resolution(_given_back(charge, resolution, now, given_up), resolution, now, None)
    if (refusal := _barrier(charge, decided, resolution)) is not None:
        return refusal
    reference = resolution.psp_reference or charge.psp_reference
    if reference is None and decided != "failed":
        return Refusal("psp_reference_needed", "name the payment at the PSP with --psp-reference")
    outcome = _reported_outcome(charge, decided, resolution, reference or PspReference(""), now)
    events = (
        decide_payment(charge, outcome)
        if isinstance(outcome, Rejected)
        else correct_payment(charge, outcome, is_read_by_person=True)
    )
    return _with_resolution(events, resolution, now, None)


def decide_refund_outcome(
    charge: Charge, refund_id: RefundId, decided: DecidedRefundOutcome, resolution: Resolution, now: datetime
) -> tuple[ChargeEvent, ...] | Refusal:
    """The events that follow from a person's decision about a refund that is unknown or pending."""
    refund = charge.refund(refund_id)
    if refund is None:
        return Refusal("outcome_not_unknown", f"the charge has no refund {refund_id}")
    if refund.status not in ("processing", "pending"):
        return Refusal("outcome_not_unknown", f"the refund {refund.status} already")
    if decided == "failed" and refund.psp_reference is None:
        rejected = RefundRejected(code="psp_unavailable", message=resolution.reason, occurred_at=now)
        events = decide_refund(charge, refund_id, rejected, new_refund_id=refund_id)
        return _with_resolution(events, resolution, now, refund_id)
    reference = resolution.psp_reference or refund.psp_reference
    if reference is None:
        return Refusal("psp_reference_needed", "name the refund at the PSP with --psp-reference")
    record = RefundReport(
        status=decided,
        psp_reference=reference,
        money=Money(refund.amount_minor, charge.amount.currency),
        occurred_at=now,
        refund_id=refund_id,
    )
    return _with_resolution(correct_refund(charge, refund_id, record), resolution, now, refund_id)


_DOUBTS_AMOUNT: Final[frozenset[HeldReason]] = frozenset({"amount_differs", "amount_exceeds_charge"})
"""Why a report is held that may be about another amount of the same payment."""


def _barrier(charge: Charge, decided: DecidedPaymentOutcome, resolution: Resolution) -> Refusal | None:
    """Why nothing may be decided about the payment, if so."""
    is_unknown = charge.pending_until is not None or (
        charge.operation is not None and charge.unknown_since is not None
    )
    is_amount_in_doubt = decided in ("captured", "authorized") and any(
        report.reason in _DOUBTS_AMOUNT for report in charge.held_reports
    )
    # A call that is under way has an outcome of its own.
    if not is_unknown and (charge.operation is not None or not is_amount_in_doubt):
        return Refusal(
            "outcome_not_unknown", f"the charge is {charge.status} and nothing about it is unknown"
        )
    if is_amount_in_doubt and resolution.amount_minor is None:
        return Refusal(
            "amount_needed",
            "a report over another amount is held; name the amount at the PSP with --amount-minor",
        )
    return None


def _given_back(
    charge: Charge, resolution: Resolution, now: datetime, given_up: Collection[int]
) -> tuple[ChargeEvent, ...] | Refusal:
    """The events that end what FinCore had given up: reversals, and the search for money of an attempt."""
    failed = [
        one
        for one in charge.abandoned_attempts
        if one.status == "reversal_failed" or (one.status == "abandoned" and one.number in given_up)
    ]
    if not failed:
        return Refusal("outcome_not_unknown", "no abandoned attempt of the charge waits for a person")
    events: list[ChargeEvent] = []
    for attempt in failed:
        if not attempt.is_taken:
            events.append(AttemptReleased(attempt=attempt.number, occurred_at=now))
            continue
        report = RefundReport(
            status="succeeded",
            psp_reference=resolution.psp_reference or PspReference(""),
            money=Money(attempt.money_minor, charge.amount.currency),
            occurred_at=now,
        )
        events += decide_reversed(charge, attempt.number, report)
    return tuple(events)


def _reported_outcome(
    charge: Charge,
    decided: DecidedPaymentOutcome,
    resolution: Resolution,
    reference: PspReference,
    now: datetime,
) -> KnownOutcome | Rejected:
    match decided:
        case "captured" | "authorized":
            asked_minor = charge.operation.amount_minor if charge.operation else None
            amount_minor = resolution.amount_minor
            if amount_minor is None:
                amount_minor = asked_minor or charge.amount.amount_minor
            money = Money(amount_minor, charge.amount.currency)
            return Approved(kind=decided, money=money, psp_reference=reference, occurred_at=now)
        case "canceled":
            return Canceled(reason="decided by a person", psp_reference=reference, occurred_at=now)
        case "expired":
            return Expired(reason="authorization_lapsed", psp_reference=reference, occurred_at=now)
        case "failed":
            failure = Failure(code="psp_unavailable", message=resolution.reason, advice="retry_later")
            if charge.operation is not None and charge.operation.kind in ("capture", "cancel"):
                return Rejected(failure=failure, occurred_at=now)
            return Declined(failure=failure, occurred_at=now, psp_reference=resolution.psp_reference)
        case _:
            assert_never(decided)


def _with_resolution(
    events: tuple[ChargeEvent, ...] | Refusal,
    resolution: Resolution,
    now: datetime,
    refund_id: RefundId | None,
) -> tuple[ChargeEvent, ...] | Refusal:
    if isinstance(events, Refusal):
        return events
    if not events:
        return Refusal("outcome_not_unknown", "that would change nothing")
    decision = OutcomeDecided(
        decided_by=resolution.decided_by, reason=resolution.reason, decided_at=now, refund_id=refund_id
    )
    return (decision, *events)
