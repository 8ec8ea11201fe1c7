"""What msgspec found wrong with a field, in the words of JSON. Pure."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import inspect

_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "int": "a whole number",
        "float": "a number with a fraction or an exponent",
        "str": "a string",
        "bool": "true or false",
        "array": "an array",
        "object": "an object",
        "null": "null",
        "datetime": "an RFC 3339 time with its offset, such as 2026-01-31T12:00:00Z",
    }
)
"""msgspec's name of a type -> what it is in JSON."""
_MEASURES: Final[Mapping[str, str]] = MappingProxyType(
    {"str": "characters", "array": "entries", "object": "entries"}
)

_TYPE: Final = re.compile(r"Expected `(?P<expected>[^`]+)`, got `(?P<got>[^`]+)`")
_RANGE: Final = re.compile(r"Expected `int` (?P<sign>[<>]=) (?P<bound>-?\d+)")
_LENGTH: Final = re.compile(r"Expected `(?P<kind>\w+)` of length (?P<sign>[<>]=) (?P<bound>\d+)")


_PLACE: Final = re.compile(r"\[\d+\]")
"""The place of an entry of an array, in a path."""


def field_flaw(message: str, field: str, shape: object, path: str) -> str:
    """The sentence for a message of msgspec; `field` is the subject, `path` leads to it in `shape`, dotted.

    No value that was sent is repeated: it may be a card number.
    """
    if wrong := _TYPE.fullmatch(message):
        expected = " or ".join(_kind(name) for name in wrong["expected"].split(" | "))
        return f"{field} must be {expected}, not {_kind(wrong['got'])}."
    if beyond := _RANGE.fullmatch(message):
        return f"{field} must be {beyond['bound']} or {_more(beyond['sign'])}."
    if long := _LENGTH.fullmatch(message):
        return f"{field} must have {long['bound']} or {_more(long['sign'], countable=True)} {_MEASURES[long['kind']]}."
    if message.startswith("Invalid enum value") or message in ("Invalid type", "Expected `str`"):
        return f"{field} must be one of {', '.join(_choices(inspect.type_info(shape), path))}."
    if "RFC3339" in message or "timezone" in message:
        return f"{field} must be {_KINDS['datetime']}."
    return f"{field}: {message[:1].lower()}{message[1:].replace('`', '')}."


def _kind(name: str) -> str:
    return _KINDS.get(name, name)


def _more(sign: str, *, countable: bool = False) -> str:
    if sign == ">=":
        return "more"
    return "fewer" if countable else "less"


def _choices(shape: inspect.Type, path: str) -> Iterator[str]:
    """What a field with a closed set of texts may be, in the order in which it is declared.

    Such is the type of an object, too, where several types of object may stand in one place.
    """
    match shape:
        case inspect.Metadata(type=inner):
            yield from _choices(inner, path)
        case inspect.UnionType(types=types):
            for one in types:
                yield from _choices(one, path)
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            yield from _choices(item, path)
        case inspect.StructType(tag_field=tag_field, tag=tag) if path and path == tag_field:
            yield str(tag)
        case inspect.StructType(fields=fields) if path:
            name, _, rest = _PLACE.sub("", path).partition(".")
            for field in fields:
                if field.encode_name == name:
                    yield from _choices(field.type, rest)
        case inspect.LiteralType(values=values) if not path:
            yield from map(str, values)
        case _:
            pass
