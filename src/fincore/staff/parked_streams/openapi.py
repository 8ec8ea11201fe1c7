"""How `/staff/v1/parked_streams` is documented."""

from typing import Final

from fincore.http.openapi import READ_PROBLEMS, Content, Operation
from fincore.staff.acting import ACT_HEADERS, ACT_PARAMETERS, ACT_PROBLEMS
from fincore.staff.parked_streams.body import StaffParkedStreamList, StaffParkedStreamResumptionBody
from fincore.staff.parked_streams.requests import StaffParkedStreamRequest

TAG: Final = "Parked streams"

LIST_PARKED_STREAMS: Final = Operation(
    operation_id="list_parked_streams",
    summary="List parked streams",
    description="Lists the streams of the log that a consumer has set aside. It needs the permission in both modes and for all merchants.",
    tag=TAG,
    responses={200: Content(shape=StaffParkedStreamList, description="The parked streams.")},
    problems=READ_PROBLEMS,
)

RESUME_PARKED_STREAM: Final = Operation(
    operation_id="resume_parked_stream",
    summary="Resume a parked stream",
    description="Lets a consumer apply what it left out of a stream, and follow it again. Mend first why it could not.",
    tag=TAG,
    parameters=ACT_PARAMETERS,
    request_body=Content(
        shape=StaffParkedStreamRequest, description="Which consumer, which stream, and why."
    ),
    responses={
        200: Content(
            shape=StaffParkedStreamResumptionBody,
            description="The consumer follows the stream again.",
            headers=ACT_HEADERS,
        )
    },
    problems=(*ACT_PROBLEMS, "parked_stream_not_found", "parked_stream_inapplicable"),
)
