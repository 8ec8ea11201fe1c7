"""JSON schemas of the types that requests and answers are made of, as generators of clients need them. Pure.

msgspec makes the schemas. Added here is what it does not say: which fields a response always has, which texts are times,
public names, and closed sets of words as types of their own. A request's defaults are described in words: generators of
clients take a field with a `default` for one that is always there.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final, Literal

import msgspec
from msgspec import inspect

from fincore.api.docs.named_words import NAMED_WORDS
from fincore.public.event_data import EVENT_SCHEMAS

Json = dict[str, Any]

_REF: Final = "#/components/schemas/{name}"
_INNER_SUFFIX: Final = "Body"
_NAME_OF_WORDS: Final = {frozenset(named.words): name for name, named in NAMED_WORDS.items()}


def public_name(shape: type) -> str:
    """The name of a type in the document: its own, without the suffix that tells bodies from domain types."""
    return shape.__name__.removesuffix(_INNER_SUFFIX)


def reference(shape: type) -> Json:
    """A schema that refers to a type's."""
    return {"$ref": _REF.format(name=public_name(shape))}


def words_reference(name: str) -> Json:
    """A schema that refers to the words with a name. Raises `KeyError` where there is no such name."""
    if name not in NAMED_WORDS:
        raise KeyError(name)
    return {"$ref": _REF.format(name=name)}


def component_schemas(*, requests: Iterable[type], responses: Iterable[type]) -> Json:
    """The schema of each type, of those inside it, of `NAMED_WORDS` and `EVENT_SCHEMAS`, by public name.

    Raises `ValueError` where two types have one public name.
    """
    return dict(_component_schemas(tuple(requests), tuple(responses)))


@cache  # 0.1 s of CPU, for every application that a process builds
def _component_schemas(requests: tuple[type, ...], responses: tuple[type, ...]) -> Json:
    in_requests, in_responses = _structs(requests), _structs(responses)
    schemas: Json = {
        name: {"description": named.description, "type": "string", "enum": list(named.words)}
        for name, named in NAMED_WORDS.items()
    } | dict(EVENT_SCHEMAS)
    structs: dict[str, inspect.StructType] = {}
    for struct in (in_requests | in_responses).values():
        name = public_name(struct.cls)
        if name in schemas or name in structs:
            raise ValueError(f"two types are called {name} in the OpenAPI document; rename one of them")
        structs[name] = struct
    _, raw = msgspec.json.schema_components([struct.cls for struct in structs.values()], ref_template=_REF)
    for name, struct in structs.items():
        schemas[name] = _object(raw[struct.cls.__name__], struct, is_response=struct.cls in in_responses)
    return dict(sorted(schemas.items()))


def _structs(shapes: Iterable[type]) -> dict[type, inspect.StructType]:
    """The types and all that are inside them."""
    return {struct.cls: struct for shape in shapes for struct in _structs_in(inspect.type_info(shape))}


def _structs_in(shape: inspect.Type) -> Iterator[inspect.StructType]:
    match shape:
        case inspect.StructType(fields=fields):
            yield shape
            for field in fields:
                yield from _structs_in(field.type)
        case inspect.Metadata(type=inner):
            yield from _structs_in(inner)
        case inspect.UnionType(types=types):
            for one in types:
                yield from _structs_in(one)
        case inspect.CollectionType(item_type=item):
            yield from _structs_in(item)
        case inspect.DictType(value_type=value):
            yield from _structs_in(value)
        case _:
            pass


def _object(raw: Json, struct: inspect.StructType, *, is_response: bool) -> Json:
    properties: Json = {}
    required: list[str] = []
    if struct.tag_field is not None:
        properties[struct.tag_field] = {
            "description": "The kind of object that this is.",
            "type": "string",
            "const": struct.tag,
        }
        required.append(struct.tag_field)
    for field in struct.fields:
        described = _hoisted(_refined(raw["properties"][field.encode_name], field.type))
        default = described.pop("default", None)
        if not is_response and default not in (None, {}, []):
            words = f"Default: `{msgspec.json.encode(default).decode()}`."
            described["description"] = f"{described.get('description', '')} {words}".strip()
        properties[field.encode_name] = described
    # A response has every field, but for those that its type may leave out (`UnsetType`): these have no default.
    required += [
        field.encode_name
        for field in struct.fields
        if field.required
        or (is_response and (field.default, field.default_factory) != (msgspec.NODEFAULT, msgspec.NODEFAULT))
    ]
    schema: Json = {"description": raw["description"], "type": "object", "properties": properties}
    if required:
        schema["required"] = required
    match getattr(struct.cls, "EXACTLY_ONE_OF", None):
        case (one, other):
            # Not `oneOf`: generators of clients make a union of types of it.
            schema |= {
                "if": {"properties": {one: True}, "required": [one]},
                "then": {"properties": {other: False}},
                "else": {"properties": {other: True}, "required": [other]},
            }
        case _:
            pass
    if "additionalProperties" in raw:
        schema["additionalProperties"] = raw["additionalProperties"]
    return schema


def _refined(raw: Json, shape: inspect.Type) -> Json:
    """A schema of msgspec, with what the type says beside it."""
    if "$ref" in raw and isinstance(shape, inspect.DictType):
        return {
            key: raw[key] for key in ("$ref", "description") if key in raw
        }  # a field that names its schema
    match shape:
        case inspect.Metadata(type=inner):
            return _refined(raw, inner)
        case inspect.StructType(cls=cls):
            return {**raw, **reference(cls)}
        case inspect.DateTimeType():
            return {**raw, "format": "date-time"}
        case inspect.LiteralType(values=values):
            return _words(raw, values)
        case inspect.CollectionType(item_type=item):
            return {**raw, "items": _refined(raw["items"], item)}
        case inspect.DictType(value_type=value) if "additionalProperties" in raw:
            return {**raw, "additionalProperties": _refined(raw["additionalProperties"], value)}
        case inspect.UnionType(types=types):
            return _union(raw, types)
        case _:
            return raw


def _words(raw: Json, values: tuple[Any, ...]) -> Json:
    rest = {key: value for key, value in raw.items() if key != "enum"}
    name = _NAME_OF_WORDS.get(frozenset(values))
    if name is not None:
        return {**rest, "$ref": _REF.format(name=name)}
    if len(values) == 1:
        return {**rest, "type": "string", "const": values[0]}
    return {**rest, "type": "string", "enum": list(raw["enum"])}


def _union(raw: Json, types: tuple[inspect.Type, ...]) -> Json:
    """A choice. `X or null` of a plain X is one schema with two types.

    msgspec allows one type of each JSON kind, or several types of object told apart by their tag.
    """
    if "discriminator" in raw:
        return raw
    by_kind = {_json_kind(one): one for one in types}
    options = [
        _refined(option, by_kind[kind]) if (kind := _kind_of_schema(option)) in by_kind else option
        for option in raw["anyOf"]
    ]
    rest = {key: value for key, value in raw.items() if key != "anyOf"}
    plain = [option for option in options if option != {"type": "null"}]
    if len(plain) == 1 and len(options) == 2 and "type" in plain[0] and "enum" not in plain[0]:  # noqa: PLR2004 -- X and null
        return {**plain[0], **rest, "type": [plain[0]["type"], "null"]}
    return {**rest, "anyOf": options}


def _json_kind(shape: inspect.Type) -> str:
    match shape:
        case inspect.Metadata(type=inner):
            return _json_kind(inner)
        case inspect.StructType() | inspect.DictType():
            return "object"
        case inspect.CollectionType():
            return "array"
        case inspect.StrType() | inspect.DateTimeType() | inspect.LiteralType():
            return "string"
        case _:
            return type(shape).__name__


def _kind_of_schema(schema: Json) -> Literal["object", "array", "string"] | None:
    if "$ref" in schema or schema.get("type") == "object":
        return "object"
    if "enum" in schema or schema.get("type") == "string":
        return "string"
    return "array" if schema.get("type") == "array" else None


def _hoisted(schema: Json) -> Json:
    """A field's description beside its choice, where msgspec put it into the only option that has one."""
    if "description" in schema:
        return schema
    described = [option for option in schema.get("anyOf", ()) if "description" in option]
    if len(described) != 1:
        return schema
    options = [
        {key: value for key, value in option.items() if key != "description"} for option in schema["anyOf"]
    ]
    return {**schema, "description": described[0]["description"], "anyOf": options}
