"""The index at /, /openapi.json, and the same as pages to read: /docs, /docs/errors and /docs/events.

The usual renderers (Swagger UI, Redoc, Scalar) load scripts from a CDN, which an installation without internet cannot
reach and a payment system should not run. These pages are plain HTML made here, without any script.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

import msgspec

from fincore.api.docs.body import IndexBody
from fincore.api.docs.document import openapi_document
from fincore.api.docs.errors_page import errors_page
from fincore.api.docs.events_page import events_page
from fincore.api.docs.openapi import DOCS, DOCS_ERRORS, DOCS_EVENTS, HTML, INDEX, OPENAPI
from fincore.api.docs.page import STYLE_HASH
from fincore.api.docs.reference_page import reference_page
from fincore.api.docs.schemas import Json
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.openapi import Operation

_HTML_HEADERS: Final = (
    (
        "content-security-policy",
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
)


class Docs:
    """The handlers of the documentation of some routes, and of themselves.

    Each document is made at the first request for it, not at the start of the process.
    """

    def __init__(
        self, documented: Sequence[Route], webhooks: Mapping[str, Operation], *, api_url: str | None = None
    ) -> None:
        self._documented: Final = (*documented, *self.routes())
        self._webhooks: Final = webhooks
        self._api_url: Final = api_url

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(method="GET", path="/", operation=INDEX, handler=self.index, gate=None),
            Route(method="GET", path="/openapi.json", operation=OPENAPI, handler=self.openapi),
            Route(method="GET", path="/docs", operation=DOCS, handler=self.reference),
            Route(method="GET", path="/docs/errors", operation=DOCS_ERRORS, handler=self.errors),
            Route(method="GET", path="/docs/events", operation=DOCS_EVENTS, handler=self.events),
        )

    async def index(self, _: Call) -> Response:
        """Where to go from here."""
        return json_response(200, IndexBody())

    async def openapi(self, _: Call) -> Response:
        """The OpenAPI document."""
        return self._openapi

    async def reference(self, _: Call) -> Response:
        """The API as a page."""
        return self._reference

    async def errors(self, _: Call) -> Response:
        """The error codes as a page."""
        return self._errors

    async def events(self, _: Call) -> Response:
        """The events as a page."""
        return self._events

    @cached_property
    def _document(self) -> Json:
        return openapi_document(self._documented, self._webhooks, server_url=self._api_url or "/")

    @cached_property
    def _openapi(self) -> Response:
        return Response(200, msgspec.json.encode(self._document))

    @cached_property
    def _reference(self) -> Response:
        return Response(200, reference_page(self._document).encode(), HTML, _HTML_HEADERS)

    @cached_property
    def _errors(self) -> Response:
        return Response(200, errors_page().encode(), HTML, _HTML_HEADERS)

    @cached_property
    def _events(self) -> Response:
        return Response(200, events_page().encode(), HTML, _HTML_HEADERS)
