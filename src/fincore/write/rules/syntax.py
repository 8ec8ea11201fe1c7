"""What a checked condition names and calls, read from how the library writes it down: cel/expr/checked.proto and syntax.proto. Pure.

Those two are protocol buffers; of them only what is needed here is read.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

_ANY_VALUE: Final = 2
_CHECKED_SOURCE: Final = 5
_CHECKED_EXPRESSION: Final = 4
_SOURCE_POSITIONS: Final = 4
_ID: Final = 2
_CONSTANT, _NAME, _SELECT, _CALL, _LIST, _MAP, _LOOP = 3, 4, 5, 6, 7, 8, 9
_CONSTANT_INT, _CONSTANT_STRING = 3, 6
_CALL_TARGET, _CALL_FUNCTION, _CALL_ARGUMENT = 1, 2, 3
_LOOP_VARIABLES: Final = (1, 3, 8)
_LOOP_PARTS: Final = (2, 4, 5, 6, 7)
_BITS_OF_VARINT: Final = 64


class Name(NamedTuple):
    """A name as an argument."""

    name: str


class Call(NamedTuple):
    """A call of a function. An argument is a text in quotes, an int, a `Name`, or None for anything else.

    `place` is in the text, from 0.
    """

    function: str
    arguments: tuple[str | int | Name | None, ...]
    place: int


class Syntax(NamedTuple):
    """The names that a condition uses, those of its loops' variables, and its calls, operators among them."""

    names: frozenset[str]
    loop_variables: frozenset[str]
    calls: tuple[Call, ...]


def read_syntax(serialized: bytes) -> Syntax:
    """The syntax of a `CheckedExpr` inside a `google.protobuf.Any`."""
    fields = dict(_fields(_bytes(dict(_fields(serialized)).get(_ANY_VALUE))))
    positions = _positions(_bytes(fields.get(_CHECKED_SOURCE)))
    names: set[str] = set()
    loop_variables: set[str] = set()
    calls: list[Call] = []
    # A stack of its own: how deep expressions nest is the library's limit, not Python's.
    left = [_bytes(fields.get(_CHECKED_EXPRESSION))]
    while left:
        identifier, kind, content = _expression(left.pop())
        match kind:
            case _ if kind == _NAME:
                names.add(_first_text(content, 1))
            case _ if kind == _CALL:
                parts = list(_fields(content))
                arguments = [_bytes(value) for number, value in parts if number == _CALL_ARGUMENT]
                arguments[:0] = [_bytes(value) for number, value in parts if number == _CALL_TARGET]
                function = _first_text(content, _CALL_FUNCTION)
                calls.append(Call(function, tuple(map(_argument, arguments)), positions.get(identifier, 0)))
                left += arguments
            case _ if kind == _LOOP:
                for number, value in _fields(content):
                    if number in _LOOP_VARIABLES:
                        loop_variables.add(_bytes(value).decode())
                    elif number in _LOOP_PARTS:
                        left.append(_bytes(value))
            case _ if kind in (_SELECT, _LIST):
                left += [_bytes(value) for number, value in _fields(content) if number == 1]
            case _ if kind == _MAP:
                entries = [_bytes(value) for number, value in _fields(content) if number == 2]  # noqa: PLR2004 -- entries
                left += [
                    _bytes(value) for entry in entries for number, value in _fields(entry) if number in (3, 4)
                ]
            case _:
                pass
    return Syntax(frozenset(names - loop_variables), frozenset(loop_variables), tuple(calls))


def _expression(message: bytes) -> tuple[int, int, bytes]:
    """The id of an expression, its kind, and what it consists of."""
    identifier, kind, content = 0, 0, b""
    for number, value in _fields(message):
        if number == _ID and isinstance(value, int):
            identifier = value
        elif isinstance(value, bytes):
            kind, content = number, value
    return identifier, kind, content


def _argument(message: bytes) -> str | int | Name | None:
    _, kind, content = _expression(message)
    if kind == _NAME:
        return Name(_first_text(content, 1))
    constant = dict(_fields(content)) if kind == _CONSTANT else {}
    if _CONSTANT_STRING in constant:
        return _first_text(content, _CONSTANT_STRING)
    return _signed(_int(constant[_CONSTANT_INT])) if _CONSTANT_INT in constant else None


def _signed(number: int) -> int:
    """An int64 as protocol buffers write it: a negative one as its two's complement."""
    return number - (1 << _BITS_OF_VARINT) if number >> (_BITS_OF_VARINT - 1) else number


def _positions(source: bytes) -> dict[int, int]:
    """Where each expression stands, by its id."""
    entries = (
        dict(_fields(_bytes(value))) for number, value in _fields(source) if number == _SOURCE_POSITIONS
    )
    return {_int(entry.get(1)): _int(entry.get(2)) for entry in entries}


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protocol buffer in their order."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        match key & 7:
            case 0:
                value, place = _varint(message, place)
                yield key >> 3, value
            case 2:
                length, place = _varint(message, place)
                yield key >> 3, message[place : place + length]
                place += length
            case 1:
                yield key >> 3, int.from_bytes(message[place : place + 8], "little")
                place += 8
            case 5:
                yield key >> 3, int.from_bytes(message[place : place + 4], "little")
                place += 4
            case wire_type:
                raise ValueError(f"no protocol buffer: a field of wire type {wire_type}")


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, _BITS_OF_VARINT + 6, 7):
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 -- the last byte lacks the highest bit
            return value, place
    raise ValueError("no protocol buffer: a number that does not end")


def _first_text(message: bytes, wanted: int) -> str:
    return next((_bytes(value).decode() for number, value in _fields(message) if number == wanted), "")


def _bytes(value: int | bytes | None) -> bytes:
    return value if isinstance(value, bytes) else b""


def _int(value: int | bytes | None) -> int:
    return value if isinstance(value, int) else 0
