"""How `/staff/v1/reviews` is documented."""

from typing import Final

from fincore.domain.ids import ChargeId, parse_charge_id
from fincore.staff.charge_summary import StaffChargeSummary
from fincore.staff.lists import StaffList
from fincore.staff.reviews.body import StaffReviewList

REVIEWS: Final[StaffList[ChargeId, StaffChargeSummary]] = StaffList(
    "reviews",
    tag="Decisions on charges",
    description="Lists the charges under review that wait for a decision, those that are decided soonest without a person first. What was decided is found "
    "by `POST /staff/v1/charges/searches` with `review`.",
    parse_id=parse_charge_id,
    body=StaffReviewList,
)
