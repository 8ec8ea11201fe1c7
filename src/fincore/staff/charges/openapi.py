"""How lists of charges are documented."""

from typing import Final

from fincore.http.openapi import Content, Operation
from fincore.staff.charges.body import StaffChargeList, StaffChargeTotals
from fincore.staff.charges.requests import StaffChargeFilter, StaffChargeSearch
from fincore.staff.payment_scope import BODY_PROBLEMS

SEARCH_CHARGES: Final = Operation(
    operation_id="search_charges",
    summary="List charges",
    description=(
        "Returns charges of all merchants that you see, newest first, through the filters of the body. FinCore looks at a bounded number of charges for a "
        "page: follow `next_cursor` until it is null. Nothing is changed, and no idempotency key is needed."
    ),
    tag="Payments",
    request_body=Content(shape=StaffChargeSearch, description="Which charges, and which page."),
    responses={200: Content(shape=StaffChargeList, description="A page of charges.")},
    problems=(*BODY_PROBLEMS, "currency_unknown", "cursor_invalid"),
)
TOTAL_CHARGES: Final = Operation(
    operation_id="total_charges",
    summary="Total charges",
    description="Returns what the charges of a filter add up to. Nothing is changed, and no idempotency key is needed.",
    tag="Payments",
    request_body=Content(shape=StaffChargeFilter, description="Which charges."),
    responses={200: Content(shape=StaffChargeTotals, description="The totals.")},
    problems=(*BODY_PROBLEMS, "currency_unknown"),
)
