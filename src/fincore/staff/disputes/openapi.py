"""How `/staff/v1/disputes` is documented."""

from typing import Final, Literal

from fincore.domain.ids import DisputeId, parse_dispute_id
from fincore.domain.outcome import DisputeStatus
from fincore.http.list_filters import CHARGE
from fincore.http.list_operation import CREATED
from fincore.http.openapi import Parameter
from fincore.staff.disputes.body import StaffDispute, StaffDisputeList
from fincore.staff.list_bodies import statuses_filter
from fincore.staff.lists import StaffList

Order = Literal["newest", "deadline"]
ORDERS: Final[tuple[Order, ...]] = ("newest", "deadline")

ORDER: Final = Parameter(
    name="order",
    place="query",
    description="`newest`, the default: the latest first. `deadline`: those with the soonest deadline first; of those that need a response unless `status` "
    "says otherwise, and without `charge` and `created`.",
    schema={"type": "string", "enum": list(ORDERS), "default": "newest"},
)
DISPUTES: Final[StaffList[DisputeId, StaffDispute]] = StaffList(
    "disputes",
    tag="Payments",
    description="Lists disputes of the merchants that you see.",
    filters=(ORDER, statuses_filter("disputes", DisputeStatus), CHARGE, CREATED),
    parse_id=parse_dispute_id,
    body=StaffDisputeList,
)
