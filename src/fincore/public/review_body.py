"""The review of a charge as merchants see it. Pure."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from fincore.domain.charge import Charge
from fincore.domain.risk_review import ReviewStatus, review_status


class ReviewBody(msgspec.Struct, frozen=True, kw_only=True):
    """The review of a charge by staff of the installation. Its money is held, and not taken before they approve it."""

    status: Annotated[ReviewStatus, Meta(description="How the review stands.")]
    decide_by: Annotated[
        datetime | None,
        Meta(
            description="Until when staff may decide; then the charge is decided without them. Null until the money is held."
        ),
    ]


def review_body(charge: Charge) -> ReviewBody | None:
    """The review of a charge; None where the rules sent it to none."""
    status = review_status(charge)
    return None if status is None else ReviewBody(status=status, decide_by=charge.review_decide_by)
