"""How `/staff/v1/checkout_sessions` is documented."""

from typing import Final

from fincore.domain.checkout_session import CheckoutSessionStatus
from fincore.domain.ids import CheckoutSessionId, parse_checkout_session_id
from fincore.http.list_operation import CREATED
from fincore.staff.checkout_sessions.body import StaffCheckoutSession, StaffCheckoutSessionList
from fincore.staff.list_bodies import statuses_filter
from fincore.staff.lists import StaffList

SESSIONS: Final[StaffList[CheckoutSessionId, StaffCheckoutSession]] = StaffList(
    "checkout sessions",
    tag="Payments",
    description="Lists checkout sessions of the merchants that you see, newest first.",
    filters=(statuses_filter("checkout sessions", CheckoutSessionStatus), CREATED),
    parse_id=parse_checkout_session_id,
    body=StaffCheckoutSessionList,
)
