"""Until when a person may decide the review of a charge, and what applies after that. Pure."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.events import ChargeAuthorized, ChargeCorrected, ChargeEvent, ReviewOpened

OpenReview = Callable[[Charge, Sequence[ChargeEvent]], tuple[ReviewOpened, ...]]
"""The event that opens the review of a charge, if events made it one that a person may decide. The charge is as after the events."""


class ReviewPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A person has `decision_seconds` from the authorization, and never longer than until `margin_seconds` before the hold lapses.

    Of a hold that is short, half is left for the person. What no person decided until then is decided as `undecided` says. A
    declined charge that is still held is given up again after `pause_seconds`, `tries_max` times in all.
    """

    undecided: Literal["decline", "approve"] = "decline"
    decision_seconds: float = 72 * 3_600.0
    margin_seconds: float = 12 * 3_600.0
    pause_seconds: float = 3_600.0
    tries_max: int = 5

    def decide_by(self, opened_at: datetime, hold_ends_at: datetime) -> datetime:
        """Until when a person may decide a review that is opened now."""
        held_seconds = max((hold_ends_at - opened_at).total_seconds(), 0.0)
        left_seconds = max(held_seconds - self.margin_seconds, held_seconds / 2)
        return opened_at + timedelta(seconds=min(left_seconds, self.decision_seconds))


def opened_review(
    charge: Charge, events: Sequence[ChargeEvent], *, policy: ReviewPolicy, hold_seconds: float, now: datetime
) -> tuple[ReviewOpened, ...]:
    """The event that opens the review of a charge under review that `events` made the PSP hold money of; else none.

    `hold_seconds`: how long the charge's PSP keeps a hold of which it does not name the end.
    """
    if not charge.is_under_review or charge.status != "authorized":
        return ()
    if not any(isinstance(event, ChargeAuthorized | ChargeCorrected) for event in events):
        return ()
    held_since = charge.authorized_at or charge.created_at
    ends_at = charge.capture_before or held_since + timedelta(seconds=hold_seconds)
    return (ReviewOpened(decide_by=policy.decide_by(now, ends_at), opened_at=now),)
