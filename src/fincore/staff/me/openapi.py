"""How `/staff/v1/me` is documented."""

from typing import Final

from fincore.http.openapi import READ_PROBLEMS, Content, Operation
from fincore.staff.me.body import StaffPersonBody

GET_ME: Final = Operation(
    operation_id="get_me",
    summary="Get the caller",
    description="Returns the person who is logged in, with roles and permissions.",
    tag="Staff",
    responses={200: Content(shape=StaffPersonBody, description="The person.")},
    problems=READ_PROBLEMS,
)
