"""The OpenAPI document as a page to read. Pure."""

from collections.abc import Iterator
from html import escape
from typing import Final

from fincore.api.docs.page import Contents, html_page, prose, table
from fincore.api.docs.schemas import Json
from fincore.http.exchange import PROBLEM_JSON
from fincore.http.problems import PROBLEMS

_FIRST_PAYMENT: Final = """\
curl "$FINCORE_URL/v1/charges" \\
  -H "Authorization: Bearer $FINCORE_SECRET_KEY" \\
  -H "Idempotency-Key: order-6735" \\
  -H "Prefer: wait=10" \\
  --json '{"amount_minor": 1999, "currency": "usd", "payment_method": "pm_card_visa"}'"""
_WORDS_SHOWN_MAX: Final = 12
"""Of a longer set of words a field shows none."""


def reference_page(document: Json) -> str:
    """The page of a document: a first payment, the operations by tag, the webhooks, the types."""
    info = document["info"]
    parts = [
        f"<p>{prose(info['description'])}</p>",
        f'<section id="first-payment"><h2>A first payment</h2><pre>{escape(_FIRST_PAYMENT)}</pre></section>',
    ]
    contents = [Contents("Start", (("first-payment", "A first payment"),))]
    sections = list(_sections(document))
    for tag in document["tags"]:
        own = [(anchor, title, html) for name, anchor, title, html in sections if name == tag["name"]]
        parts.append(f'<h1 class="part">{escape(tag["name"])}</h1><p>{prose(tag["description"])}</p>')
        parts += [html for _, _, html in own]
        contents.append(Contents(tag["name"], tuple((anchor, title) for anchor, title, _ in own)))
    schemas = document["components"]["schemas"]
    parts.append('<h1 class="part">Types</h1>')
    parts += [_schema_section(name, schema) for name, schema in schemas.items()]
    contents.append(Contents("Types", tuple((name, name) for name in schemas)))
    return html_page(f"{info['title']} {info['version']}", "".join(parts), contents)


def _sections(document: Json) -> Iterator[tuple[str, str, str, str]]:
    """Tag, id, title and HTML of each operation and of each webhook."""
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            yield from _section(described, f"{method.upper()} {path}")
    for methods in document["webhooks"].values():
        for method, described in methods.items():
            yield from _section(described, f"{method.upper()} to the URL of your webhook endpoint")


def _section(described: Json, route: str) -> Iterator[tuple[str, str, str, str]]:
    anchor, title = described["operationId"], described["summary"]
    parameters = table(
        ("parameter", "type", "meaning"),
        (
            f"<tr><td><code>{escape(parameter['name'])}</code><small>{parameter['in']}"
            f"{', required' if parameter['required'] else ''}</small></td>"
            f"<td>{_type_of(parameter['schema'])}</td><td>{prose(parameter['description'])}</td></tr>"
            for parameter in described.get("parameters", ())
        ),
    )
    body = described.get("requestBody")
    request = f"<h3>Body</h3><p>{_types(body)} {prose(body['description'])}</p>" if body else ""
    html = (
        f'<section id="{anchor}"><h2>{escape(title)}</h2><p class="route"><code>{escape(route)}</code></p>'
        f"<p>{prose(described['description'])}</p>"
        f"{f'<h3>Parameters</h3>{parameters}' if parameters else ''}"
        f"{request}"
        f"<h3>Responses</h3>{_responses(described['responses'])}</section>"
    )
    yield described["tags"][0], anchor, title, html


def _responses(responses: Json) -> str:
    rows = (
        f"<tr><td>{status}</td><td>{_types(response)}</td><td>{_response_text(response)}</td></tr>"
        for status, response in responses.items()
    )
    return table(("status", "body", "meaning"), rows)


def _response_text(response: Json) -> str:
    """What a response means; of a problem each code, with a link to what to do."""
    codes = [code for code in PROBLEMS if f"`{code}`" in response["description"]]
    if set(response.get("content", ())) != {PROBLEM_JSON} or not codes:
        return prose(response["description"])
    items = "".join(
        f'<li><a href="/docs/errors#{code}"><code>{code}</code></a> {escape(PROBLEMS[code].title)}</li>'
        for code in codes
    )
    return f"<ul>{items}</ul>"


def _schema_section(name: str, schema: Json) -> str:
    required = schema.get("required", ())
    rows = (
        f"<tr><td><code>{escape(field)}</code>{'' if field in required else '<small>optional</small>'}</td>"
        f"<td>{_type_of(described)}</td><td>{prose(described['description'])}</td></tr>"
        for field, described in schema.get("properties", {}).items()
    )
    words = " ".join(f"<code>{escape(word)}</code>" for word in schema.get("enum", ()))
    return (
        f'<section id="{name}"><h2>{name}</h2><p>{prose(schema["description"])}</p>'
        f"{table(('field', 'type', 'meaning'), rows)}{f'<p>{words}</p>' if words else ''}</section>"
    )


def _types(described: Json) -> str:
    return ", ".join(
        f"{_type_of(content['schema'])} <small><code>{escape(media_type)}</code></small>"
        for media_type, content in described.get("content", {}).items()
    )


def _type_of(schema: Json) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type_of(choice) for choice in schema["anyOf"])
    kinds = schema.get("type", "any")
    if "array" in kinds:
        return f"list of {_type_of(schema.get('items', {}))}"
    return ", ".join(_facts_of(schema, [kinds] if isinstance(kinds, str) else kinds))


def _facts_of(schema: Json, kinds: list[str]) -> Iterator[str]:
    choices = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    if 0 < len(choices) <= _WORDS_SHOWN_MAX:
        yield " or ".join(f"<code>{escape(str(choice))}</code>" for choice in choices)
        return
    yield " or ".join(schema.get("format", kind) if kind == "string" else kind for kind in kinds)
    if choices:
        yield f"one of {len(choices)}"
        return
    for limit, sign in (("minimum", "&ge;"), ("maximum", "&le;")):
        if limit in schema:
            yield f"{sign} {schema[limit]:,}"
    if "maxLength" in schema:
        yield f"up to {schema['maxLength']:,} characters"
    if "properties" in schema:
        yield "with " + " ".join(f"<code>{escape(name)}</code>" for name in schema["properties"])
    elif isinstance(schema.get("additionalProperties"), dict):
        yield f"its values {_type_of(schema['additionalProperties'])}"
