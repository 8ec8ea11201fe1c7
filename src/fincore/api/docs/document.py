"""The OpenAPI 3.1 document, made of the routes and of the types they take and answer. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from fincore.api.docs.schemas import Json, component_schemas, reference
from fincore.http.endpoint import Route
from fincore.http.exchange import PROBLEM_JSON
from fincore.http.openapi import Content, Operation, Parameter
from fincore.http.problems import PROBLEMS, ProblemBody, ProblemCode
from fincore.version import VERSION

_COMMON_PROBLEMS: Final[tuple[ProblemCode, ...]] = (
    "header_invalid",
    "internal_error",
    "overloaded",
    "store_unavailable",
)
"""What every operation may answer."""
_SCHEMAS: Final = "#/components/schemas/"
_EVERY_RESPONSE_HEADERS: Final = ("Request-Id",)
"""What every response has."""
_PROBLEM_HEADERS: Final[Mapping[int, tuple[str, ...]]] = MappingProxyType(
    {
        409: ("Retry-After",),
        429: ("Retry-After", "RateLimit-Policy", "RateLimit"),
        500: ("Retry-After",),
        503: ("Retry-After",),
    }
)
"""Status of a problem -> the headers that its responses have beside those of every response."""

TAGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Charges": "Take a payment, or hold the money and capture or cancel it later.",
        "Cards": "Keep cards, to charge them later without their numbers.",
        "Checkout sessions": "Let a customer pay on FinCore's page.",
        "Refunds": "Give money back.",
        "Disputes": "See which charges a customer's bank disputes, and what money that moved.",
        "Balance": "See what the platform owes you, and each change of it.",
        "Events": "See what happened to your charges.",
        "Webhook endpoints": "Let FinCore tell your server what happens.",
        "Webhooks": "What FinCore sends to your webhook endpoints.",
        "Customers": "Where customers come back from a wallet. Not for merchants.",
        "PSP webhooks": "What payment service providers send to FinCore. Not for merchants.",
        "Service": "Health checks and the index.",
        "Documentation": "The API's documentation, served by FinCore itself.",
    }
)
"""Tag -> what its operations are for, in the order of the documentation."""


class ApiDescription(msgspec.Struct, frozen=True, kw_only=True):
    """What a document says of its API as a whole. `tags`: what the operations of each are for, in their order.

    `authenticated_problems` are what every operation that needs credentials may answer. An API that names no further schemas
    documents those alone to which its operations lead.
    """

    title: str
    description: str
    tags: Mapping[str, str]
    security_schemes: Mapping[str, Json]
    authenticated_problems: tuple[ProblemCode, ...]
    has_events: bool = False


MERCHANTS_API: Final = ApiDescription(
    title="FinCore Payments",
    description="Take payments, give money back, and see what happened. Amounts are integers in the minor unit of "
    "the currency. Times are RFC 3339. Errors are RFC 9457 problem details; /docs/errors lists "
    "their codes.",
    tags=TAGS,
    security_schemes={
        "bearer": {"type": "http", "scheme": "bearer", "description": "A secret key: `sk_test_...`."},
        "basic": {"type": "http", "scheme": "basic", "description": "A secret key as the user name."},
    },
    authenticated_problems=("api_key_missing", "api_key_invalid", "secret_key_required", "rate_limited"),
    has_events=True,
)

_HEADERS: Final[Mapping[str, Json]] = MappingProxyType(
    {
        "Request-Id": {
            "description": "This request's id. Quote it when you ask for help.",
            "required": True,
            "schema": {"type": "string", "pattern": "^req_"},
        },
        "Location": {"description": "The path of what was created.", "schema": {"type": "string"}},
        "Idempotent-Replayed": {
            "description": "`true`: this is the answer to an earlier request with the same key.",
            "schema": {"type": "string", "enum": ["true"]},
        },
        "Preference-Applied": {
            "description": "`wait`: FinCore waited for the outcome, or until your time was over.",
            "schema": {"type": "string", "enum": ["wait"]},
        },
        "RateLimit-Policy": {
            "description": "What the key may send: `q` requests at once, and as many again every `w` seconds.",
            "schema": {"type": "string", "examples": ['"live";q=2500;w=5']},
        },
        "RateLimit": {
            "description": "What is left of it: `r` requests now, all of them in `t` seconds.",
            "schema": {"type": "string", "examples": ['"live";r=2499;t=1']},
        },
        "Retry-After": {
            "description": "How many seconds to wait before you send the request again.",
            "schema": {"type": "integer"},
        },
    }
)


def openapi_document(
    routes: Sequence[Route],
    webhooks: Mapping[str, Operation],
    *,
    server_url: str = "/",
    about: ApiDescription = MERCHANTS_API,
) -> Json:
    """The document of some routes, and of the requests that FinCore sends, by name.

    `server_url` is where clients reach the API; `/` is where they got the document.
    """
    operations = [*(route.operation for route in routes), *webhooks.values()]
    requests = [operation.request_body for operation in operations if operation.request_body is not None]
    responses = [response for operation in operations for response in operation.responses.values()]
    paths: Json = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route.operation, about)
    used = {operation.tag for operation in operations}
    document: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": about.title,
            "version": VERSION,
            "description": about.description,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server_url, "description": "This installation."}],
        "security": [{name: []} for name in about.security_schemes],
        "tags": [
            {"name": name, "description": meaning} for name, meaning in about.tags.items() if name in used
        ],
        "paths": paths,
        "webhooks": {name: {"post": _webhook(operation)} for name, operation in webhooks.items()},
        "components": {
            "schemas": component_schemas(
                requests=_shapes(requests), responses=[*_shapes(responses), ProblemBody]
            ),
            "headers": dict(_HEADERS),
            "securitySchemes": dict(about.security_schemes),
        },
    }
    if not about.has_events:
        document["components"]["schemas"] = _reached(document)
    return document


def _reached(document: Json) -> Json:
    """The schemas to which the paths of a document lead, by name."""
    schemas = document["components"]["schemas"]
    found: Json = {}
    waiting = list(_names_in(document["paths"]))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = schemas[name]
            waiting += _names_in(schemas[name])
    return dict(sorted(found.items()))


def _names_in(part: object) -> Iterator[str]:
    """The names of the schemas to which a part of a document refers."""
    match part:
        case dict():
            for key, value in part.items():
                if key == "$ref" and isinstance(value, str) and value.startswith(_SCHEMAS):
                    yield value.removeprefix(_SCHEMAS)
                else:
                    yield from _names_in(value)
        case list():
            for one in part:
                yield from _names_in(one)
        case _:
            pass


def problems_of(operation: Operation, about: ApiDescription = MERCHANTS_API) -> tuple[ProblemCode, ...]:
    """Every problem code an operation may answer."""
    authenticated = about.authenticated_problems if operation.is_authenticated else ()
    return (*operation.problems, *authenticated, *_COMMON_PROBLEMS)


def _shapes(contents: Iterable[Content]) -> Iterator[type]:
    return (content.shape for content in contents if isinstance(content.shape, type))


def _operation(operation: Operation, about: ApiDescription) -> Json:
    described = _asked(operation)
    described["responses"] = _responses(operation, about)
    if not operation.is_authenticated:
        described["security"] = []
    return described


def _webhook(operation: Operation) -> Json:
    """A request that FinCore sends: the answers are the receiver's, who has no problems and headers of ours."""
    responses = {
        str(status): {"description": response.description} for status, response in operation.responses.items()
    }
    return {**_asked(operation), "responses": responses, "security": []}


def _asked(operation: Operation) -> Json:
    described: Json = {
        "operationId": operation.operation_id,
        "summary": operation.summary,
        "description": operation.description,
        "tags": [operation.tag],
    }
    if operation.parameters:
        described["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.request_body is not None:
        body = operation.request_body
        described["requestBody"] = {"required": body.is_required, **_content(body)}
    return described


def _responses(operation: Operation, about: ApiDescription) -> Json:
    responses: Json = {}
    for status, response in operation.responses.items():
        headers = _header_refs((*_EVERY_RESPONSE_HEADERS, *response.headers))
        responses[str(status)] = {**_content(response), "headers": headers}
    for status, codes in _by_status(problems_of(operation, about)).items():
        problem = Content(
            shape=ProblemBody,
            media_type=PROBLEM_JSON,
            description=" ".join(f"`{code}`: {PROBLEMS[code].title}." for code in codes),
        )
        headers = _header_refs((*_EVERY_RESPONSE_HEADERS, *_PROBLEM_HEADERS.get(status, ())))
        described = responses.setdefault(str(status), {**_content(problem), "headers": headers})
        described["content"].setdefault(PROBLEM_JSON, _content(problem)["content"][PROBLEM_JSON])
    return dict(sorted(responses.items()))


def _by_status(codes: Iterable[ProblemCode]) -> dict[int, list[ProblemCode]]:
    found: dict[int, list[ProblemCode]] = {}
    for code in codes:
        found.setdefault(PROBLEMS[code].status, []).append(code)
    return found


def _content(content: Content) -> Json:
    if content.shape is None:
        return {"description": content.description}
    schema = reference(content.shape) if isinstance(content.shape, type) else dict(content.shape)
    return {"description": content.description, "content": {content.media_type: {"schema": schema}}}


def _header_refs(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _parameter(parameter: Parameter) -> Json:
    described: Json = {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.is_required,
        "description": parameter.description,
        "schema": dict(parameter.schema),
    }
    if parameter.is_list:
        described |= {"style": "form", "explode": False}
    if parameter.is_deep_object:
        described |= {"style": "deepObject", "explode": True}
    return described
