"""How /v1/disputes is documented."""

from typing import Final

from fincore.api.docs.schemas import words_reference
from fincore.domain.ids import parse_dispute_id
from fincore.http.list_filters import CHARGE, status_filter
from fincore.http.list_operation import CREATED, ListOperation
from fincore.http.openapi import READ_PROBLEMS, Content, Operation, path_parameter
from fincore.public.dispute_body import DisputeBody, DisputeListBody

_TAG: Final = "Disputes"

GET_DISPUTE: Final = Operation(
    operation_id="get_dispute",
    summary="Get a dispute",
    description="Returns the dispute as the PSP reported it last, at most a moment old.",
    tag=_TAG,
    parameters=(path_parameter("dispute_id", "The dispute's id.", example="dp_01kab5m5wvfb9v1c2m5hfv0d2e"),),
    responses={200: Content(shape=DisputeBody, description="The dispute.")},
    problems=(*READ_PROBLEMS, "dispute_not_found"),
)

LIST_DISPUTES: Final = ListOperation(
    "disputes",
    tag=_TAG,
    description=(
        "Lists the disputes of your charges, the last opened first. Answer disputes at the PSP; here you see where they "
        "stand and what money they moved."
    ),
    filters=(
        CHARGE,
        status_filter("disputes", words_reference("DisputeStatus")),
        CREATED,
    ),
    parse_id=parse_dispute_id,
    body=DisputeListBody,
)
