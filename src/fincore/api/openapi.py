"""The OpenAPI 3.1 document, made of the routes and of the types they take and answer. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from fincore.api.endpoint import Route
from fincore.api.exchange import PROBLEM_JSON
from fincore.api.operation import Content, Operation, Parameter
from fincore.api.problems import PROBLEMS, ProblemBody, ProblemCode
from fincore.api.version import VERSION

Json = dict[str, Any]

_REF: Final = "#/components/schemas/{name}"
_AUTHENTICATED_PROBLEMS: Final[tuple[ProblemCode, ...]] = (
    "api_key_missing",
    "api_key_invalid",
    "secret_key_required",
    "header_invalid",
)
_COMMON_PROBLEMS: Final[tuple[ProblemCode, ...]] = ("internal_error", "overloaded", "store_unavailable")

_HEADERS: Final[Mapping[str, Json]] = {
    "Request-Id": {
        "description": "This request's id; name it when you ask for help.",
        "required": True,
        "schema": {"type": "string", "pattern": "^req_"},
    },
    "Location": {"description": "The path of what was made.", "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "`true`: this is the answer that an earlier request with the key got.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Preference-Applied": {
        "description": "`wait`: the answer was held back until the outcome was known or your time was over.",
        "schema": {"type": "string", "enum": ["wait"]},
    },
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
}


def openapi_document(routes: Sequence[Route]) -> Json:
    """The document of some routes."""
    contents = [content for route in routes for content in _contents(route.operation)]
    types = {content.shape for content in contents if isinstance(content.shape, type)} | {ProblemBody}
    ordered = sorted(types, key=lambda shape: shape.__name__)
    _, schemas = msgspec.json.schema_components(ordered, ref_template=_REF)
    paths: Json = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route.operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "FinCore Payments",
            "version": VERSION,
            "description": "Payments on your own infrastructure. Amounts are integers in the currency's minor unit, "
            "times RFC 3339, errors RFC 9457 problem details with a documented `code`.",
        },
        "security": [{"bearer": []}, {"basic": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "headers": dict(_HEADERS),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "A secret key: `sk_test_...`."},
                "basic": {"type": "http", "scheme": "basic", "description": "A secret key as the user name."},
            },
        },
    }


def problems_of(operation: Operation) -> tuple[ProblemCode, ...]:
    """Every problem code an operation may answer."""
    authenticated = _AUTHENTICATED_PROBLEMS if operation.is_authenticated else ()
    return (*operation.problems, *authenticated, *_COMMON_PROBLEMS)


def _contents(operation: Operation) -> Iterator[Content]:
    yield from operation.answers.values()
    if operation.request_body is not None:
        yield operation.request_body


def _operation(operation: Operation) -> Json:
    described: Json = {
        "operationId": operation.operation_id,
        "summary": operation.summary,
        "description": operation.description,
        "tags": [operation.tag],
        "responses": _responses(operation),
    }
    if operation.parameters:
        described["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.request_body is not None:
        body = operation.request_body
        described["requestBody"] = {"required": body.is_required, **_content(body)}
    if not operation.is_authenticated:
        described["security"] = []
    return described


def _responses(operation: Operation) -> Json:
    responses: Json = {}
    for status, answer in operation.answers.items():
        headers = _header_refs(("Request-Id", *answer.headers))
        responses[str(status)] = {**_content(answer), "headers": headers}
    for status, codes in _by_status(problems_of(operation)).items():
        problem = Content(
            shape=ProblemBody,
            media_type=PROBLEM_JSON,
            description=" ".join(f"`{code}`: {PROBLEMS[code].title}." for code in codes),
        )
        headers = _header_refs(
            ("Request-Id", "Retry-After") if status in (409, 500, 503) else ("Request-Id",)
        )
        described = responses.setdefault(str(status), {**_content(problem), "headers": headers})
        described["content"].setdefault(PROBLEM_JSON, _content(problem)["content"][PROBLEM_JSON])
    return dict(sorted(responses.items()))


def _by_status(codes: Iterable[ProblemCode]) -> dict[int, list[ProblemCode]]:
    found: dict[int, list[ProblemCode]] = {}
    for code in codes:
        found.setdefault(PROBLEMS[code].status, []).append(code)
    return found


def _content(content: Content) -> Json:
    if isinstance(content.shape, type):
        schema: Json = {"$ref": _REF.format(name=content.shape.__name__)}
    else:
        schema = dict(content.shape)
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
    if parameter.is_deep_object:
        described |= {"style": "deepObject", "explode": True}
    return described
