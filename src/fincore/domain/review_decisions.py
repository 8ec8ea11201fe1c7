"""What a decision of a charge's review asks of the PSP. Pure."""

from datetime import datetime
from typing import assert_never

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.events import ChargeEvent, ReviewDecided
from fincore.domain.refusal import Refusal
from fincore.domain.requests import request_cancel, request_capture
from fincore.domain.risk import ReviewVerdict
from fincore.domain.risk_review import review_status


def decide_review(
    charge: Charge, verdict: ReviewVerdict, *, by: str, reason: str, now: datetime, is_automatic: bool = False
) -> tuple[ChargeEvent, ...] | Refusal:
    """The events of a decision: the hold is to be captured where the merchant wanted that at once, or to be given up.

    A charge is decided once; of two decisions at the same time the second is refused. What the PSP took without an approval can
    only be approved: it is past giving up.
    """
    decided = ReviewDecided(decision=verdict, by=by, reason=reason, decided_at=now, is_automatic=is_automatic)
    status = review_status(charge)
    match status:
        case None:
            return Refusal("not_under_review", "the rules did not send the charge to review")
        case "approved" | "declined":
            return _decided_before(charge)
        case "closed":
            return Refusal(
                "review_over", f"the charge is {charge.status}: no money of it is left to decide on"
            )
        case "captured_by_psp":
            if verdict == "approved":
                return (decided,)
            return Refusal(
                "review_over",
                "the PSP took the money although it was asked to hold it: have the merchant refund the charge, or approve it",
            )
        case "open":
            return _approve(charge, decided) if verdict == "approved" else _decline(charge, decided)
        case _:
            assert_never(status)


def _approve(charge: Charge, decided: ReviewDecided) -> tuple[ChargeEvent, ...] | Refusal:
    if charge.status != "authorized":
        return Refusal(
            "nothing_held", f"the charge is {charge.status}: approve it once the PSP holds the money"
        )
    if charge.operation is not None:
        return Refusal(
            "operation_in_progress",
            f"a {charge.operation.kind} of the charge is under way: wait for its outcome",
        )
    if charge.capture_method == "manual":
        return (decided,)
    approved = msgspec.structs.replace(charge, review_decided=decided)
    capture = request_capture(approved, None, decided.decided_at)
    return capture if isinstance(capture, Refusal) else (decided, capture)


def _decline(charge: Charge, decided: ReviewDecided) -> tuple[ChargeEvent, ...] | Refusal:
    cancel = request_cancel(charge, "fraudulent", decided.decided_at)
    return cancel if isinstance(cancel, Refusal) else (decided, cancel)


def _decided_before(charge: Charge) -> Refusal:
    before = charge.review_decided
    if before is None:
        return Refusal("review_over", "the review was decided before")
    by = "without a person, when its time was over" if before.is_automatic else f"by {before.by}"
    return Refusal(
        "review_over", f"the charge was {before.decision} {by}, {before.decided_at:%Y-%m-%d %H:%M} UTC"
    )
