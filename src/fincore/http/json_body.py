"""A JSON body as a typed value, and what is wrong with one as a problem that names the field."""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Never, TypeVar

import msgspec

from fincore.domain.card_number import holds_card_number
from fincore.http.field_flaw import field_flaw
from fincore.http.problems import Problem, ProblemCode

T = TypeVar("T")

FIELD_NAME_CHARACTERS_MAX: Final = 100
"""A longer name of an unknown field is not repeated."""
MESSAGE_CHARACTERS_MAX: Final = 1_000
"""What msgspec says of a body is longer only where it repeats the name of an unknown field."""
_TYPE_REPEATED: Final = "Invalid value '"
"""Begins what msgspec says of an object with an unknown type: it repeats the type that was sent."""

_UNKNOWN: Final = re.compile(
    r"Object contains unknown field `(?P<name>.*?)`(?: - at `\$\.?(?P<path>.*)`)?", re.DOTALL
)
_MISSING: Final = re.compile(r"Object missing required field `(?P<name>.*?)`(?: - at `\$\.?(?P<path>.*)`)?")
_INVALID: Final = re.compile(r"(?P<message>.*?) - at (?:`key` in )?`\$\.?(?P<path>[^`]*)`", re.DOTALL)

_BEYOND: Final = re.compile(r"Expected `int` (?P<sign>[<>]=)")
_AMOUNT: Final = "amount_minor"
_AMOUNT_CODES: Final[Mapping[str, ProblemCode]] = MappingProxyType(
    {">=": "amount_too_small", "<=": "amount_too_large"}
)
"""The bound that an amount breaks -> the code that also tells it where only the charge or the PSP knows the bound."""


def decode_body(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """The value a body holds. Raises problems; their `param` is the dotted path of the field at fault."""
    try:
        value = decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _field_problem(str(error), decoder.type) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        _refuse_text(body)
    if not _has_unique_names(body):
        _UNIQUE_NAMES.decode(body.decode())
    return value


def _has_unique_names(body: bytes) -> bool:
    """Whether a valid body shows cheaply that no object names a field twice; False where that takes a closer look.

    Without escapes, the quotes of a body are those around its texts, and a field that is named twice is read once.
    """
    return b"\\" not in body and body.count(b'"') == msgspec.json.encode(msgspec.json.decode(body)).count(
        b'"'
    )


def _field_problem(message: str, shape: object) -> Problem:
    if message.startswith(_TYPE_REPEATED):
        message = f"Invalid type{message[message.rindex(' - at `$') :]}"
    if len(message) > MESSAGE_CHARACTERS_MAX:  # the patterns below are not linear
        return _strange_name()
    if unknown := _UNKNOWN.fullmatch(message):
        name = unknown["name"]
        if len(name) > FIELD_NAME_CHARACTERS_MAX or holds_card_number(name):
            return _strange_name()
        param = _joined(unknown["path"], name)
        return Problem(
            "field_unknown", f"There is no field {param}; remove it or correct its name.", param=param
        )
    if missing := _MISSING.fullmatch(message):
        param = _joined(missing["path"], missing["name"])
        return Problem("field_missing", f"Add the field {param}.", param=param)
    if invalid := _INVALID.fullmatch(message):
        path = _dotted(invalid["path"])
        if path == _AMOUNT and (beyond := _BEYOND.match(invalid["message"])):
            code = _AMOUNT_CODES[beyond["sign"]]
            return Problem(code, field_flaw(invalid["message"], path, shape, path), param=path)
        field = f"A value in {path}" if invalid["path"].endswith("[...]") else path
        return Problem("field_invalid", field_flaw(invalid["message"], field, shape, path), param=path)
    return Problem("field_invalid", field_flaw(message, "The body", shape, ""))


def _strange_name() -> Problem:
    return Problem("field_unknown", "Remove the field with the strange name.")


def _refuse_text(body: bytes) -> Never:
    """A body the decoder could not read: not JSON, or JSON with an unpaired surrogate, which no text may hold."""
    try:
        json.loads(body.decode(), parse_constant=_not_json)
    except (ValueError, RecursionError):
        raise Problem("json_invalid") from None
    raise Problem("text_not_storable")


def _unique(pairs: list[tuple[str, object]]) -> None:
    """Raise `field_repeated` for an object that names a field twice: readers differ on which counts (RFC 7493, 2.3)."""
    if len(dict(pairs)) == len(pairs):
        return
    names: set[str] = set()
    for name, _ in pairs:
        if name in names:
            shown = None if len(name) > FIELD_NAME_CHARACTERS_MAX or holds_card_number(name) else name
            raise Problem("field_repeated", param=shown)
        names.add(name)


_UNIQUE_NAMES: Final = json.JSONDecoder(object_pairs_hook=_unique)
"""Made once: a decoder takes twice as long to make as to read the body of a charge."""


def _not_json(constant: str) -> Never:
    raise ValueError(f"{constant} is not JSON")


def _joined(path: str | None, name: str) -> str:
    return f"{_dotted(path)}.{name}" if path else name


def _dotted(path: str | None) -> str:
    return (path or "").replace("[...]", "").strip(".")
