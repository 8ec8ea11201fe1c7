"""How one operation of the API is documented. The OpenAPI document is made of these."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from fincore.http.exchange import PROBLEM_JSON
from fincore.http.problems import ProblemCode

JsonSchema = Mapping[str, Any]


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A header, a part of the path or of the query.

    A deep object is written as `name[member]=value`, and also as `name=value` if it `has_plain_form`; a list is written as
    `name=one,other`.
    """

    name: str
    place: Literal["header", "path", "query"]
    description: str
    schema: JsonSchema
    is_required: bool = False
    is_deep_object: bool = False
    has_plain_form: bool = False
    is_list: bool = False


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """A body in one direction. `shape` is a msgspec type, or a JSON schema where there is none; None is no body.

    `is_required` is of a request's body: whether it can be left out.
    """

    shape: type | JsonSchema | None
    media_type: str = "application/json"
    description: str = ""
    headers: tuple[str, ...] = ()
    is_required: bool = True


READ_PROBLEMS: Final[tuple[ProblemCode, ...]] = ("parameter_invalid", "parameter_unknown")
"""What a GET without parameters may answer beside its own problems."""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What a method of a path does, takes and answers.

    `problems` are the codes this operation itself may answer; those of every operation are added to the document.
    """

    operation_id: str
    summary: str
    description: str
    tag: str
    responses: Mapping[int, Content]
    is_authenticated: bool = True
    parameters: tuple[Parameter, ...] = ()
    request_body: Content | None = None
    problems: tuple[ProblemCode, ...] = ()


def path_parameter(name: str, description: str, *, example: str) -> Parameter:
    """A part of the path, which is always required."""
    return Parameter(
        name=name,
        place="path",
        is_required=True,
        description=description,
        schema={"type": "string", "examples": [example]},
    )


def problem_content(shape: type, description: str, *, headers: tuple[str, ...] = ()) -> Content:
    """A problem that carries more than every problem does."""
    return Content(shape=shape, media_type=PROBLEM_JSON, description=description, headers=headers)
