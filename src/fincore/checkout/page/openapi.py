"""How the files of pages are documented."""

from typing import Final

from fincore.http.openapi import Content, Operation


def _operation(operation_id: str, summary: str, media_type: str) -> Operation:
    return Operation(
        operation_id=operation_id,
        summary=summary,
        description="For browsers only: it never changes at its address.",
        tag="Customers",
        is_authenticated=False,
        responses={200: Content(shape={"type": "string"}, media_type=media_type)},
    )


STYLE_OPERATION: Final = _operation("page_style", "The style of pages", "text/css")
SCRIPT_OPERATION: Final = _operation(
    "page_script", "The script of a page that waits for a payment", "text/javascript"
)
