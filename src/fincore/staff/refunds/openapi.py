"""How `/staff/v1/refunds` is documented."""

from typing import Final

from fincore.domain.ids import RefundId, parse_refund_id
from fincore.domain.refund import RefundStatus
from fincore.http.list_filters import CHARGE
from fincore.http.list_operation import CREATED
from fincore.staff.list_bodies import statuses_filter
from fincore.staff.lists import StaffList
from fincore.staff.refunds.body import StaffRefund, StaffRefundList

REFUNDS: Final[StaffList[RefundId, StaffRefund]] = StaffList(
    "refunds",
    tag="Payments",
    description="Lists refunds of the merchants that you see, newest first.",
    filters=(statuses_filter("refunds", RefundStatus), CHARGE, CREATED),
    parse_id=parse_refund_id,
    body=StaffRefundList,
)
