"""What becomes of a charge that rules could not decide about. Pure."""

from typing import Literal, NamedTuple

from fincore.domain.risk import RiskDecision

FailureMode = Literal["open", "review", "closed"]
"""The charge goes on, is held for staff, or is blocked."""


class Fallback(NamedTuple):
    """The decision of a failure mode; `fell_back_from` is the one that the payment method does not allow."""

    decision: RiskDecision
    fell_back_from: Literal["review"] | None = None


def fallback(mode: FailureMode, *, can_hold: bool) -> Fallback:
    """What a mode decides; what cannot be held and should be looked at is not let through."""
    if mode == "review":
        return Fallback("review") if can_hold else Fallback("block", "review")
    return Fallback("block" if mode == "closed" else "allow")
