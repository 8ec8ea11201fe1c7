"""/openapi.json, and the same as pages to read: /docs, /docs/errors and /docs/events.

The usual renderers (Swagger UI, Redoc, Scalar) load scripts from a CDN, which an installation without internet cannot
reach and a payment system should not run. These pages are plain HTML made here, without any script.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape
from typing import Any, Final

import msgspec

from fincore.api.component_schemas import Json
from fincore.api.endpoint import Route
from fincore.api.exchange import JSON, Answer, Call
from fincore.api.openapi import openapi_document
from fincore.api.operation import Content, Operation
from fincore.api.problems import PROBLEMS
from fincore.domain.public_event import MEANINGS, SHOWN

HTML: Final = "text/html; charset=utf-8"

_FIRST_PAYMENT: Final = """\
curl "$FINCORE_URL/v1/charges" \\
  -H "Authorization: Bearer $FINCORE_SECRET_KEY" \\
  -H "Idempotency-Key: order-6735" \\
  -H "Prefer: wait=10" \\
  --json '{"amount_minor": 1999, "currency": "usd", "payment_method": "pm_card_visa"}'"""
_FURTHER: Final = (
    ("/openapi.json", "OpenAPI 3.1 document"),
    ("/docs/errors", "Error codes"),
    ("/docs/events", "Events"),
)
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a2e}"
    "code,pre{font:14px/1.5 ui-monospace,monospace;background:#f2f3f7;padding:.1em .3em;border-radius:4px}"
    "pre{padding:1rem;overflow:auto}table{border-collapse:collapse;width:100%}"
    "td,th{border-bottom:1px solid #dcdfe8;padding:.4rem .6rem;text-align:left;vertical-align:top}"
    "section{margin:3rem 0}h2 code{background:none;padding:0;font-size:1.2rem}"
)
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HTML_HEADERS: Final = (
    (
        "content-security-policy",
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'",
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
        answers={
            200: Content(
                shape={"type": "object"} if is_json else {"type": "string"},
                media_type=media_type,
                description=summary,
            )
        },
    )


class Docs:
    """The handlers of the documentation of some routes, and of themselves."""

    def __init__(self, documented: Sequence[Route]) -> None:
        document = openapi_document([*documented, *self.routes()])
        self._openapi: Final = Answer(200, msgspec.json.encode(document))
        self._reference: Final = Answer(200, _reference_page(document).encode(), HTML, _HTML_HEADERS)
        self._errors: Final = Answer(200, _errors_page().encode(), HTML, _HTML_HEADERS)
        self._events: Final = Answer(200, _events_page().encode(), HTML, _HTML_HEADERS)

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

    async def openapi(self, _: Call) -> Answer:
        """The OpenAPI document."""
        return self._openapi

    async def reference(self, _: Call) -> Answer:
        """The API as a page."""
        return self._reference

    async def errors(self, _: Call) -> Answer:
        """The error codes as a page."""
        return self._errors

    async def events(self, _: Call) -> Answer:
        """The events as a page."""
        return self._events


def _errors_page() -> str:
    rows = "".join(
        f'<tr id="{code}"><td><code>{code}</code></td><td>{kind.status}</td><td>{escape(kind.title)}</td>'
        f"<td>{_prose(kind.what_to_do)}</td><td>{'yes' if kind.retryable else 'no'}</td></tr>"
        for code, kind in sorted(PROBLEMS.items())
    )
    return _page(
        "Errors",
        "<p>Every error is <code>application/problem+json</code> (RFC 9457). Branch on <code>code</code>; "
        "<code>retryable</code> says whether the very same request, with the same key, may be sent again.</p>"
        "<table><tr><th>code</th><th>status</th><th>meaning</th><th>what to do</th><th>retryable</th></tr>"
        f"{rows}</table>",
    )


def _events_page() -> str:
    rows = "".join(
        f'<tr id="{event}"><td><code>{event}</code></td><td>{_prose(MEANINGS[event])}</td>'
        f"<td>{' '.join(f'<code>{field}</code>' for field in fields)}</td></tr>"
        for event, fields in SHOWN.items()
    )
    return _page(
        "Events",
        "<p>What happens to charges: in webhooks, in <code>GET /v1/events</code> and in a charge's <code>timeline</code>. "
        "Each also says which charge it is about, and when it happened.</p>"
        f"<table><tr><th>type</th><th>meaning</th><th>in its data</th></tr>{rows}</table>",
    )


def _reference_page(document: Json) -> str:
    info = document["info"]
    further = " &middot; ".join(f'<a href="{path}">{title}</a>' for path, title in _FURTHER)
    parts = [
        f"<p>{_prose(info['description'])}</p>",
        f"<h3>A first payment</h3><pre>{escape(_FIRST_PAYMENT)}</pre>",
        f"<p>{further}</p>",
    ]
    for path, methods in document["paths"].items():
        parts += [_operation_section(method, path, described) for method, described in methods.items()]
    parts.append("<h1>Types</h1>")
    for name, schema in document["components"]["schemas"].items():
        parts.append(_schema_section(name, schema))
    return _page(f"{info['title']} {info['version']}", "".join(parts))


def _operation_section(method: str, path: str, described: Json) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{parameter['in']}"
        f"{', required' if parameter['required'] else ''}</td><td>{_prose(parameter['description'])}</td></tr>"
        for parameter in described.get("parameters", ())
    )
    parameters = f"<h3>Parameters</h3><table>{rows}</table>" if rows else ""
    body = described.get("requestBody")
    request = f"<h3>Body</h3><p>{_types(body)} {_prose(body['description'])}</p>" if body else ""
    answers = "".join(
        f"<tr><td>{status}</td><td>{_types(answer)}</td><td>{_prose(answer['description'])}</td></tr>"
        for status, answer in described["responses"].items()
    )
    return (
        f'<section id="{described["operationId"]}"><h2><code>{method.upper()} {escape(path)}</code></h2>'
        f"<p>{_prose(described['description'] or described['summary'])}</p>{parameters}{request}"
        f"<h3>Answers</h3><table>{answers}</table></section>"
    )


def _schema_section(name: str, schema: Json) -> str:
    required = schema.get("required", ())
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code>{'' if field in required else ' (optional)'}</td>"
        f"<td>{_type_of(described)}</td><td>{_prose(described.get('description', ''))}</td></tr>"
        for field, described in schema.get("properties", {}).items()
    )
    return (
        f'<section id="{name}"><h2>{name}</h2><p>{_prose(schema.get("description", ""))}</p>'
        f"<table>{rows}</table></section>"
    )


def _types(described: Json) -> str:
    return ", ".join(
        f"<code>{escape(media_type)}</code> {_type_of(content['schema'])}"
        for media_type, content in described["content"].items()
    )


def _type_of(schema: Json) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type_of(choice) for choice in schema["anyOf"])
    if "array" in schema.get("type", ""):
        return f"list of {_type_of(schema.get('items', {}))}"
    return ", ".join(_facts_of(schema))


def _facts_of(schema: Json) -> Iterator[str]:
    kind: Any = schema.get("format") or schema.get("type")
    if "const" in schema or ("enum" in schema and len(schema["enum"]) <= 12):  # noqa: PLR2004 -- more is no help
        choices = schema.get("enum") or [schema["const"]]
        kind = " | ".join(f"<code>{escape(str(choice))}</code>" for choice in choices)
    yield str(kind or "any")
    for limit, sign in (("minimum", "&ge;"), ("maximum", "&le;")):
        if limit in schema:
            yield f"{sign} {schema[limit]}"
    if "maxLength" in schema:
        yield f"up to {schema['maxLength']} characters"


def _prose(text: str) -> str:
    """Escaped text in which what stands between backticks is code."""
    return "".join(
        f"<code>{escape(part)}</code>" if place % 2 else escape(part)
        for place, part in enumerate(text.split("`"))
    )


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )
