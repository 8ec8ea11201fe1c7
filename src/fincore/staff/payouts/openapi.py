"""How `/staff/v1/payouts` is documented."""

from typing import Final, get_args

from fincore.domain.ids import PayoutId, parse_payout_id
from fincore.domain.payout_statuses import PayoutStatus
from fincore.http.openapi import Parameter
from fincore.staff.lists import StaffList
from fincore.staff.payouts.body import StaffPayout, StaffPayoutList

PAYOUT_STATUSES: Final[tuple[PayoutStatus, ...]] = get_args(PayoutStatus)
STATUS: Final = Parameter(
    name="status",
    place="query",
    description="Only payouts in this state.",
    schema={"type": "string", "enum": list(PAYOUT_STATUSES)},
)
PAYOUTS: Final[StaffList[PayoutId, StaffPayout]] = StaffList(
    "payouts",
    tag="Breaks",
    description="Lists what PSPs send to our bank accounts, those that became known last first. A payout is of no merchant: it is listed for people who see all.",
    filters=(STATUS,),
    parse_id=parse_payout_id,
    body=StaffPayoutList,
    of_merchants=False,
)
