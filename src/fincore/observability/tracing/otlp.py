"""Spans as an `ExportTraceServiceRequest` of OTLP 1.x in protobuf (opentelemetry-proto, trace/v1/trace.proto). Pure.

A value that is no id, word of ours or number is written as `[refused]`.
"""

import re
import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from fincore.domain.card_number import holds_card_number
from fincore.observability.tracing.span import Span
from fincore.observability.tracing.span_sorts import ATTRIBUTES, SORTS, AttributeValue, OtlpKind
from fincore.observability.tracing.trace_context import TraceContext

REFUSED: Final = "[refused]"
VALUE_CHARACTERS_MAX: Final = 128
ENCODED_ATTRIBUTES_MAX: Final = 4_096
"""Attributes that are kept as they were encoded last: methods, routes and words come again and again."""

_VALUE: Final = re.compile(rf"[A-Za-z0-9_.:/{{}}\-]{{1,{VALUE_CHARACTERS_MAX}}}", re.ASCII)
_ROUTE: Final = re.compile(r"[A-Za-z0-9_.:/{} \-]{1,200}", re.ASCII)
_KINDS: Final[Mapping[OtlpKind, int]] = MappingProxyType(
    {"internal": 1, "server": 2, "client": 3, "consumer": 5}
)
_ERROR: Final = 2
_NANOSECONDS: Final = 1_000_000_000
_SMALL: Final = 0x80

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
"""The wire types of protobuf."""


def export_request(resource: Mapping[str, str], spans: Sequence[Span]) -> bytes:
    """Spans of one process, which `resource` names."""
    attributes = b"".join(_field(1, _key_value(name, value)) for name, value in resource.items())
    scope = _field(1, _text(1, "fincore"))
    scope_spans = scope + b"".join(_field(2, _span(span)) for span in spans)
    return _field(1, _field(1, attributes) + _field(2, scope_spans))


def is_plain(value: str) -> bool:
    """Whether a text is an id or a word, and holds no card number."""
    return _VALUE.fullmatch(value) is not None and not holds_card_number(value)


def _span(span: Span) -> bytes:
    context = span.context
    ended_ns = span.began_ns + int(span.seconds * _NANOSECONDS)
    parts = [
        b"\x0a\x10",
        context.trace_id.to_bytes(16, "big"),
        b"\x12\x08",
        context.span_id.to_bytes(8, "big"),
        _text(5, span.name if _ROUTE.fullmatch(span.name) else REFUSED),
        _number(6, _KINDS[SORTS[span.sort].kind]),
        struct.pack("<BQBQ", 7 << 3 | _FIXED64, span.began_ns, 8 << 3 | _FIXED64, ended_ns),
        *(_attribute(name, value) for name, value in span.attributes.items()),
        *(_field(13, _link(link)) for link in span.links),
    ]
    if span.parent_id is not None:
        parts += (b"\x22\x08", span.parent_id.to_bytes(8, "big"))
    if span.kept is not None:
        parts.append(_attribute("fincore.kept", span.kept))
    if span.links_left_out:
        parts.append(_number(14, span.links_left_out))
    if span.is_failed:
        parts.append(_field(15, _number(3, _ERROR)))
    parts.append(_varint(16 << 3 | _FIXED32) + struct.pack("<I", int(context.is_sampled)))
    return b"".join(parts)


def _link(link: TraceContext) -> bytes:
    return (
        b"\x0a\x10"
        + link.trace_id.to_bytes(16, "big")
        + b"\x12\x08"
        + link.span_id.to_bytes(8, "big")
        + struct.pack("<BI", 6 << 3 | _FIXED32, int(link.is_sampled))
    )


@lru_cache(maxsize=ENCODED_ATTRIBUTES_MAX)
def _attribute(name: str, value: AttributeValue) -> bytes:
    if name not in ATTRIBUTES:
        return b""
    if isinstance(value, str) and not is_plain(value):
        value = REFUSED
    return _field(9, _key_value(name, value))


def _key_value(name: str, value: AttributeValue) -> bytes:
    match value:
        case bool():
            any_value = _number(2, int(value))
        case int():
            any_value = _number(3, value)
        case str():
            any_value = _text(1, value)
    return _text(1, name) + _field(2, any_value)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _LENGTH) + _varint(len(content)) + content


def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode())


def _number(number: int, value: int) -> bytes:
    # A negative number is its two's complement of 64 bits.
    return _varint(number << 3 | _VARINT) + _varint(value & 0xFFFF_FFFF_FFFF_FFFF)


def _varint(value: int) -> bytes:
    if value < _SMALL:
        return bytes((value,))
    found = bytearray()
    while value >= _SMALL:
        found.append(value & 0x7F | _SMALL)
        value >>= 7
    found.append(value)
    return bytes(found)
