"""Lines as the rows of PostgreSQL's binary COPY (documentation of COPY, "Binary Format"). Pure.

The rows of a few hundred lines are one block that fits into the buffer of a socket, so that PostgreSQL stores one block while the next is made.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from struct import Struct
from typing import Final

from fincore.domain.ids import SettlementFileId
from fincore.reconciliation.line import SettlementLine

LINES_OF_A_BLOCK: Final = 250

COLUMNS: Final = (
    "file_id",
    "kind",
    "psp_type",
    "currency",
    "number",
    "gross_minor",
    "fee_minor",
    "occurred_at",
    "psp_reference",
    "about",
    "parent_reference",
    "our_reference",
    "payout_reference",
    "bank_reference",
    "presentment_minor",
    "presentment_currency",
    "conversion",
)
"""The columns of a line, in the order in which its row has them: first those that most lines of a file share."""

SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""What is before all rows: the format's name, no flags, no extension."""
TRAILER: Final = b"\xff\xff"
"""What is after all rows."""

_NULL: Final = b"\xff\xff\xff\xff"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""PostgreSQL counts microseconds from here."""
_MICROSECOND: Final = timedelta(microseconds=1)
_TEXT_OID: Final = 25

_count = Struct(">h").pack
_length = Struct(">i").pack
_bigint = Struct(">iq").pack
_number_amounts_and_time = Struct(">iiiqiqiq").pack


def blocks_of(file_id: SettlementFileId, lines: Iterable[SettlementLine]) -> Iterator[bytes]:
    """The bytes of a COPY of the lines of a file. Raises what `lines` raises, and `OverflowError` or `UnicodeError` for a line that has no row."""
    rows = _rows(file_id, lines)
    yield SIGNATURE
    try:
        while block := b"".join(islice(rows, LINES_OF_A_BLOCK)):
            yield block
    except struct.error as error:
        raise OverflowError(str(error)) from error
    yield TRAILER


def _rows(file_id: SettlementFileId, lines: Iterable[SettlementLine]) -> Iterator[bytes]:
    shared: dict[tuple[str, str, str], bytes] = {}
    at, micros = _EPOCH, 0
    for line in lines:
        words = line.kind, line.psp_type, line.currency
        if (beginning := shared.get(words)) is None:
            beginning = _count(len(COLUMNS)) + b"".join(map(_text, (file_id, *words)))
            shared[words] = beginning
        # Lines of one second have the same object, which is faster to tell than to count from the epoch.
        if (occurred_at := line.occurred_at) is not at:
            at, micros = occurred_at, (occurred_at - _EPOCH) // _MICROSECOND
        own = _text(line.psp_reference)
        references = line.references
        if len(references) == 1 and references[0] == line.psp_reference:
            about = _length(len(_ONE_ELEMENT) + len(own)) + _ONE_ELEMENT + own
        else:
            about = _array(references)
        presented = line.presentment
        yield b"".join(
            (
                beginning,
                _number_amounts_and_time(4, line.number, 8, line.gross_minor, 8, line.fee_minor, 8, micros),
                own,
                about,
                _optional(line.parent_reference),
                _optional(line.our_reference),
                _optional(line.payout_reference),
                _optional(line.bank_reference),
                _NULL + _NULL
                if presented is None
                else _bigint(8, presented.amount_minor) + _text(presented.currency),
                _optional(line.group),
            )
        )


def _text(text: str) -> bytes:
    content = text.encode()
    return _length(len(content)) + content


def _optional(text: str | None) -> bytes:
    return _NULL if text is None else _text(text)


def _array(texts: Sequence[str]) -> bytes:
    content = b"".join((_beginning_of_array(len(texts)), *map(_text, texts)))
    return _length(len(content)) + content


def _beginning_of_array(elements: int) -> bytes:
    """The number of dimensions, no nulls, the type, and the elements of the one dimension, counted from 1."""
    if not elements:
        return _length(0) + _length(0) + _length(_TEXT_OID)
    return b"".join(map(_length, (1, 0, _TEXT_OID, elements, 1)))


_ONE_ELEMENT: Final = _beginning_of_array(1)
