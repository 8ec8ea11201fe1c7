"""/staff/openapi.json: the document that describes `/staff/v1`, made where the server is composed."""

from collections.abc import Callable
from functools import cached_property
from typing import Final

from fincore.http.endpoint import Route
from fincore.http.exchange import JSON, Call, Response
from fincore.http.openapi import Content, Operation

STAFF_OPENAPI: Final = Operation(
    operation_id="staff_openapi",
    summary="Get the OpenAPI document",
    description="The document of the server of staff, from which the types of the dashboard are made.",
    tag="Service",
    is_authenticated=False,
    responses={200: Content(shape={"type": "object"}, media_type=JSON, description="The OpenAPI document.")},
)


class Documentation:
    """The handler of /staff/openapi.json. `document` makes the JSON, at the first request for it."""

    def __init__(self, document: Callable[[], bytes]) -> None:
        self._document: Final = document

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(method="GET", path="/staff/openapi.json", operation=STAFF_OPENAPI, handler=self.openapi),
        )

    async def openapi(self, _: Call) -> Response:
        """The OpenAPI document."""
        return self._openapi

    @cached_property
    def _openapi(self) -> Response:
        return Response(200, self._document())
