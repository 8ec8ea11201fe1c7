"""What a person may say about an outcome that nobody else could find out. It is recorded with their name and reason."""

from datetime import datetime
from typing import Literal, assert_never

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.events import ChargeEvent, OutcomeDecided
from fincore.domain.ids import RefundId
from fincore.domain.money import Money
from fincore.domain.outcome import (
    Approved,
    Canceled,
    Declined,
    Expired,
    Fact,
    Failure,
    PspReference,
    RefundRejected,
    RefundReport,
    Rejected,
)
from fincore.domain.payment_outcomes import decide
from fincore.domain.refund_outcomes import correct_refund, decide_refund
from fincore.domain.refusal import Refusal

ChargeVerdict = Literal["captured", "authorized", "canceled", "expired", "failed"]
"""What the PSP shows of the charge. `failed`: the operation in doubt did not happen."""
RefundVerdict = Literal["succeeded", "failed"]


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """Who says it, why, and what they read at the PSP: its reference and, where it is not the whole, the amount."""

    decided_by: str
    reason: str
    psp_reference: PspReference | None = None
    amount_minor: int | None = None


def judge_charge(
    charge: Charge, verdict: ChargeVerdict, judgement: Judgement, now: datetime
) -> tuple[ChargeEvent, ...] | Refusal:
    """The events that a person's verdict on an unknown operation comes to."""
    if charge.operation is None or charge.unknown_since is None:
        return Refusal(
            "outcome_not_unknown", f"the charge is {charge.status} and nothing about it is unknown"
        )
    reference = judgement.psp_reference or charge.psp_reference
    if reference is None and verdict != "failed":
        return Refusal("psp_reference_needed", "name the payment at the PSP with --psp-reference")
    said = _said(charge, verdict, judgement, reference or PspReference(""), now)
    return _with_judgement(decide(charge, said), judgement, now, None)


def judge_refund(
    charge: Charge, refund_id: RefundId, verdict: RefundVerdict, judgement: Judgement, now: datetime
) -> tuple[ChargeEvent, ...] | Refusal:
    """The events that a person's verdict on a refund in doubt comes to."""
    refund = charge.refund(refund_id)
    if refund is None:
        return Refusal("outcome_not_unknown", f"the charge has no refund {refund_id}")
    if refund.status not in ("processing", "pending"):
        return Refusal("outcome_not_unknown", f"the refund {refund.status} already")
    if verdict == "failed" and refund.psp_reference is None:
        rejected = RefundRejected(code="psp_unavailable", message=judgement.reason, occurred_at=now)
        decided = decide_refund(charge, refund_id, rejected, new_refund_id=refund_id)
        return _with_judgement(decided, judgement, now, refund_id)
    reference = judgement.psp_reference or refund.psp_reference
    if reference is None:
        return Refusal("psp_reference_needed", "name the refund at the PSP with --psp-reference")
    record = RefundReport(
        status=verdict,
        psp_reference=reference,
        money=Money(refund.amount_minor, charge.amount.currency),
        occurred_at=now,
        refund_id=refund_id,
    )
    return _with_judgement(correct_refund(charge, refund_id, record), judgement, now, refund_id)


def _said(
    charge: Charge, verdict: ChargeVerdict, judgement: Judgement, reference: PspReference, now: datetime
) -> Fact | Rejected:
    match verdict:
        case "captured" | "authorized":
            asked_minor = charge.operation.amount_minor if charge.operation else None
            amount_minor = judgement.amount_minor or asked_minor or charge.amount.amount_minor
            money = Money(amount_minor, charge.amount.currency)
            return Approved(kind=verdict, money=money, psp_reference=reference, occurred_at=now)
        case "canceled":
            return Canceled(reason="decided by a person", psp_reference=reference, occurred_at=now)
        case "expired":
            return Expired(reason="authorization_lapsed", psp_reference=reference, occurred_at=now)
        case "failed":
            failure = Failure(code="psp_unavailable", message=judgement.reason, advice="retry_later")
            if charge.operation is not None and charge.operation.kind != "authorize":
                return Rejected(failure=failure, occurred_at=now)
            return Declined(failure=failure, occurred_at=now, psp_reference=judgement.psp_reference)
        case _:
            assert_never(verdict)


def _with_judgement(
    decided: tuple[ChargeEvent, ...] | Refusal,
    judgement: Judgement,
    now: datetime,
    refund_id: RefundId | None,
) -> tuple[ChargeEvent, ...] | Refusal:
    if isinstance(decided, Refusal):
        return decided
    if not decided:
        return Refusal("outcome_not_unknown", "that would change nothing")
    said_by = OutcomeDecided(
        decided_by=judgement.decided_by, reason=judgement.reason, decided_at=now, refund_id=refund_id
    )
    return (said_by, *decided)
