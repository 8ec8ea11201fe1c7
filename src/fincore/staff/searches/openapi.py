"""How `/staff/v1/searches` is documented."""

from typing import Final

from fincore.http.openapi import Content, Operation
from fincore.staff.payment_scope import BODY_PROBLEMS
from fincore.staff.searches.body import StaffSearch, StaffSearchResult

SEARCH: Final = Operation(
    operation_id="search",
    summary="Search for payments",
    description=(
        "Takes the text for all that it may be, and returns what each reading finds, within the merchants that you see. A whole card number is taken "
        "for its last four digits, and is looked up nowhere. Nothing is changed, and no idempotency key is needed."
    ),
    tag="Payments",
    request_body=Content(shape=StaffSearch, description="What to search for."),
    responses={200: Content(shape=StaffSearchResult, description="What was found.")},
    problems=BODY_PROBLEMS,
)
