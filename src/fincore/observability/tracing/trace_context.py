"""A place in a trace, and the header that carries it from process to process (W3C Trace Context, level 1). Pure.

Ids of ours have a letter in every eighth place: no digits of them in a row can be taken for a card number.
"""

import re
from collections.abc import Iterable, Iterator
from random import Random
from typing import Final, NamedTuple

from fincore.domain.card_number import holds_card_number

TRACEPARENT: Final = "traceparent"
TRACEPARENT_CHARACTERS: Final = 55
"""Of version 00, which has nothing after the flags."""
TRACEPARENT_CHARACTERS_MAX: Final = 512
"""A later version may add fields; a header that is longer is not read."""

_TRACEPARENT: Final = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<rest>-.*)?",
    re.ASCII,
)
_INVALID_VERSION: Final = "ff"
_FIRST_VERSION: Final = "00"
_SAMPLED: Final = 1
_OURS_CHOSEN: Final = "-01"
"""How FinCore writes the flags of a trace that was chosen."""
_LETTERS: Final = str.maketrans("abcdef", "xxxxxx")
_SPAN_LETTERS: Final = 0x0000000A0000000A
_TRACE_LETTERS: Final = 0x0000000A0000000A0000000A0000000A


class TraceContext(NamedTuple):
    """A span of a trace, by their ids. `is_sampled`: its trace was chosen to be exported when it began."""

    trace_id: int
    span_id: int
    is_sampled: bool


def traceparent_of(context: TraceContext) -> str:
    """The header that names a span as the parent of what follows."""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{'01' if context.is_sampled else '00'}"


def unchosen_traceparent_of(trace: str, span_id: int) -> str:
    """The same of a span in a trace that was not chosen; `trace` in hexadecimal."""
    return f"00-{trace}-{span_id:016x}-00"


def written_context(traceparent: str) -> TraceContext:
    """The span that a header names which this process wrote."""
    _, trace, span, flags = traceparent.split("-")
    return TraceContext(int(trace, 16), int(span, 16), bool(int(flags, 16) & _SAMPLED))


def read_traceparent(text: str) -> TraceContext | None:
    """The span that a header names; None for a header that is malformed, or in which a card number stands."""
    if not TRACEPARENT_CHARACTERS <= len(text) <= TRACEPARENT_CHARACTERS_MAX:
        return None
    found = _TRACEPARENT.fullmatch(text)
    if found is None or found["version"] == _INVALID_VERSION:
        return None
    if found["version"] == _FIRST_VERSION and found["rest"] is not None:
        return None
    trace_id, span_id = int(found["trace"], 16), int(found["span"], 16)
    if not trace_id or not span_id or _may_hold_card_number(found["trace"], found["span"]):
        return None
    return TraceContext(trace_id, span_id, bool(int(found["flags"], 16) & _SAMPLED))


def chosen_among(traceparents: Iterable[str | None]) -> Iterator[TraceContext]:
    """The spans that FinCore stored, of traces that were chosen."""
    for text in [one for one in traceparents if one is not None and one.endswith(_OURS_CHOSEN)]:
        context = read_traceparent(text)
        if context is not None:
            yield context


def new_trace_id(random: Random) -> int:
    """An id of a trace, never 0."""
    return random.getrandbits(128) | _TRACE_LETTERS


def new_span_id(random: Random) -> int:
    """An id of a span, never 0."""
    return random.getrandbits(64) | _SPAN_LETTERS


def _may_hold_card_number(*ids: str) -> bool:
    # Texts in hexadecimal are not searched for card numbers, as most of what is found there is chance. These come from outside.
    return any(holds_card_number(one.translate(_LETTERS)) for one in ids)
