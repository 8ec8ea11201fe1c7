"""/openapi.json, and the same as pages to read: /docs, /docs/errors and /docs/events.

The usual renderers (Swagger UI, Redoc, Scalar) load scripts from a CDN, which an installation without internet cannot
reach and a payment system should not run. These pages are plain HTML made here, without any script.
"""

from collections.abc import Mapping, Sequence
from html import escape
from http import HTTPStatus
from typing import Final

import msgspec

from fincore.api.docs.document import openapi_document
from fincore.api.docs.page import STYLE_HASH, Contents, html_page, prose, table
from fincore.api.docs.reference_page import reference_page
from fincore.api.http.endpoint import Route
from fincore.api.http.exchange import JSON, Call, Response
from fincore.api.http.openapi import Content, Operation
from fincore.api.http.problems import PROBLEMS, ProblemCode
from fincore.domain.events import EventType
from fincore.domain.public_event import MEANINGS, SHOWN

HTML: Final = "text/html; charset=utf-8"

_HTML_HEADERS: Final = (
    (
        "content-security-policy",
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
)


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


class Docs:
    """The handlers of the documentation of some routes, and of themselves."""

    def __init__(
        self, documented: Sequence[Route], webhooks: Mapping[str, Operation], *, public_url: str | None = None
    ) -> None:
        document = openapi_document([*documented, *self.routes()], webhooks, server_url=public_url or "/")
        self._openapi: Final = Response(200, msgspec.json.encode(document))
        self._reference: Final = Response(200, reference_page(document).encode(), HTML, _HTML_HEADERS)
        self._errors: Final = Response(200, _errors_page().encode(), HTML, _HTML_HEADERS)
        self._events: Final = Response(200, _events_page().encode(), HTML, _HTML_HEADERS)

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(
                method="GET",
                path="/openapi.json",
                operation=_page_operation(
                    "openapi", "Get the OpenAPI document", "This document, for generators of clients.", JSON
                ),
                handler=self.openapi,
            ),
            Route(
                method="GET",
                path="/docs",
                operation=_page_operation(
                    "docs", "Read the API's reference", "The OpenAPI document as a page to read.", HTML
                ),
                handler=self.reference,
            ),
            Route(
                method="GET",
                path="/docs/errors",
                operation=_page_operation(
                    "docs_errors", "Read about error codes", "Each error code, and what to do.", HTML
                ),
                handler=self.errors,
            ),
            Route(
                method="GET",
                path="/docs/events",
                operation=_page_operation(
                    "docs_events", "Read about events", "Each type of event, and what it means.", HTML
                ),
                handler=self.events,
            ),
        )

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


def _errors_page() -> str:
    by_status: dict[int, list[ProblemCode]] = {}
    for code, kind in PROBLEMS.items():
        by_status.setdefault(kind.status, []).append(code)
    introduction = (
        "<p>Every error is <code>application/problem+json</code> (RFC 9457). Branch on <code>code</code>. "
        "<code>detail</code> says what is wrong with this request. Where <code>retryable</code> is true, the same "
        "request with the same key may succeed if you send it again.</p>"
    )
    parts = [introduction]
    contents = []
    for status, codes in sorted(by_status.items()):
        title = f"{status} {HTTPStatus(status).phrase}"
        parts.append(
            f'<section id="{status}"><h2>{escape(title)}</h2>'
            + table(("code", "meaning", "what to do"), map(_error_row, sorted(codes)))
            + "</section>"
        )
        contents.append(Contents(title, tuple((code, code) for code in sorted(codes))))
    return html_page("Error codes", "".join(parts), contents)


def _error_row(code: ProblemCode) -> str:
    kind = PROBLEMS[code]
    retryable = "<small>retryable</small>" if kind.retryable else ""
    return (
        f'<tr id="{code}"><td><code>{code}</code>{retryable}</td><td>{escape(kind.title)}</td>'
        f"<td>{prose(kind.what_to_do)}</td></tr>"
    )


def _events_page() -> str:
    by_family: dict[str, list[EventType]] = {}
    for event in SHOWN:
        by_family.setdefault(event.partition(".")[0].title(), []).append(event)
    introduction = (
        "<p>What happens to charges: in webhooks, in <code>GET /v1/events</code> and in a charge's "
        "<code>timeline</code>. Webhooks and lists of events also say which charge an event is about; every event says "
        'when it happened. <a href="/docs#EventData">EventData</a> explains the fields.</p>'
    )
    parts = [introduction]
    contents = []
    for family, events in by_family.items():
        parts.append(
            f'<section id="{family}"><h2>{family} events</h2>'
            + table(("type", "meaning", "in its data"), map(_event_row, events))
            + "</section>"
        )
        contents.append(Contents(f"{family} events", tuple((event, event) for event in events)))
    return html_page("Events", "".join(parts), contents)


def _event_row(event: EventType) -> str:
    fields = " ".join(f"<code>{field}</code>" for field in SHOWN[event])
    return f'<tr id="{event}"><td><code>{event}</code></td><td>{prose(MEANINGS[event])}</td><td>{fields}</td></tr>'
