"""How the index, /openapi.json and the pages below /docs are documented."""

from typing import Final

from fincore.api.docs.body import IndexBody
from fincore.http.exchange import JSON
from fincore.http.openapi import Content, Operation

HTML: Final = "text/html; charset=utf-8"


def _page_operation(operation_id: str, summary: str, description: str, media_type: str) -> Operation:
    is_json = media_type == JSON
    return Operation(
        operation_id=operation_id,
        summary=summary,
        description=description,
        tag="Documentation",
        is_authenticated=False,
        responses={
            200: Content(
                shape={"type": "object"} if is_json else {"type": "string"},
                media_type=media_type,
                description=summary,
            )
        },
    )


OPENAPI: Final = _page_operation(
    "openapi", "Get the OpenAPI document", "This document, for generators of clients.", JSON
)
DOCS: Final = _page_operation(
    "docs", "Read the API's reference", "The OpenAPI document as a page to read.", HTML
)
DOCS_ERRORS: Final = _page_operation(
    "docs_errors", "Read about error codes", "Each error code, and what to do.", HTML
)
DOCS_EVENTS: Final = _page_operation(
    "docs_events", "Read about events", "Each type of event, and what it means.", HTML
)
INDEX: Final = Operation(
    operation_id="index",
    summary="Get the index",
    description="Returns the paths of the documentation and of the API.",
    tag="Service",
    is_authenticated=False,
    responses={200: Content(shape=IndexBody, description="The index.")},
)
