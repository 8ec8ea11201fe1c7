"""Until when staff may decide a charge under review, as the settings say."""

from fincore.bootstrap.settings import Settings
from fincore.write.worker.policies.reviews import ReviewPolicy


def review_policy(settings: Settings) -> ReviewPolicy:
    """The policy of this installation."""
    return ReviewPolicy(
        undecided=settings.risk_undecided_review,
        decision_seconds=settings.risk_review_hours * 3_600.0,
        margin_seconds=settings.risk_review_margin_hours * 3_600.0,
    )
