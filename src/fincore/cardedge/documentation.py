"""/openapi.json of the card edge: the document that describes it, made where the server is composed."""

from collections.abc import Callable
from functools import cached_property
from typing import Final

from fincore.http.endpoint import Route
from fincore.http.exchange import JSON, Call, Response
from fincore.http.openapi import Content, Operation

OPENAPI: Final = Operation(
    operation_id="card_edge_openapi",
    summary="Get the OpenAPI document",
    description="The document of the card edge, for generators of clients. The API has a document of its own.",
    tag="Documentation",
    is_authenticated=False,
    responses={
        200: Content(shape={"type": "object"}, media_type=JSON, description="Get the OpenAPI document")
    },
)


class Documentation:
    """The handler of /openapi.json. `document` makes the JSON, at the first request for it."""

    def __init__(self, document: Callable[[], bytes]) -> None:
        self._document: Final = document

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (Route(method="GET", path="/openapi.json", operation=OPENAPI, handler=self.openapi),)

    async def openapi(self, _: Call) -> Response:
        """The OpenAPI document."""
        return self._openapi

    @cached_property
    def _openapi(self) -> Response:
        return Response(200, self._document())
