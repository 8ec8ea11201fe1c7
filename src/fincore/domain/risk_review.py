"""How the review of a charge stands, and what the PSP is asked for meanwhile. Pure.

A charge that the rules send to review is held at the PSP and never captured before it is approved. The case is the charge
itself: its events tell all of it.
"""

from typing import Literal

from fincore.domain.charge import TERMINAL, Charge
from fincore.domain.events import CaptureMethod

ReviewStatus = Literal["open", "approved", "declined", "captured_by_psp", "closed"]
"""How the review of a charge stands. `open`: nothing may be captured. `captured_by_psp`: the PSP took the money all the same, and
a person has to say what becomes of it. `closed`: the charge ended before it was decided, and no money of it is left."""


def review_status(charge: Charge) -> ReviewStatus | None:
    """How its review stands; None for a charge that the rules did not send to review."""
    if charge.risk is None or charge.risk.decision != "review":
        return None
    decided = charge.review_decided
    if decided is not None and decided.decision == "approved":
        return "approved"
    if charge.status == "succeeded":
        return "captured_by_psp" if charge.refunded_minor < charge.captured_minor else "closed"
    if decided is not None:
        return "declined"
    return "closed" if charge.status in TERMINAL else "open"


def was_declined(charge: Charge) -> bool:
    """Whether staff, or the setting, declined it: what the PSP holds of it is to be given up, also where it holds it later."""
    return charge.review_decided is not None and charge.review_decided.decision == "declined"


def capture_method_at_psp(charge: Charge) -> CaptureMethod:
    """What the PSP is asked for when the charge is authorized: to hold, where the rules sent it to review.

    It does not change with the decision: a repeated call is the same call.
    """
    return charge.capture_method if review_status(charge) is None else "manual"
