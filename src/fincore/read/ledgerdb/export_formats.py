"""The formats in which the books are exported. Each writes a beginning, a piece for each entry, and an end. Pure."""

import csv
import io
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import msgspec

from fincore.read.ledgerdb import beancount_text
from fincore.read.ledgerdb.exported import ExportedBooks, ExportedEntry, ExportedPosting

ExportFormat = Literal["beancount", "csv", "jsonl"]

_OF_ENTRY: Final[tuple[str, ...]] = (
    "entry_id",
    "livemode",
    "source",
    "event_id",
    "kind",
    "charge",
    "effective_at",
    "booked_at",
    "late_for",
    "description",
    "reason",
    "booked_by",
    "clears_entry_id",
    "settlement",
)
CSV_COLUMNS: Final = (*_OF_ENTRY, *ExportedPosting.__struct_fields__)
"""The header of a CSV export: what is known of the entry, then of the posting. A row is a posting."""

_CALCULATED: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet calculates. Descriptions and reasons come from outside: an apostrophe keeps them text."""


class Writing(NamedTuple):
    """How a format is written: its beginning and its end for the books as a whole, a piece for each entry."""

    head: Callable[[ExportedBooks], str]
    entry: Callable[[ExportedEntry], str]
    tail: Callable[[ExportedBooks], str]


def _nothing(_: ExportedBooks) -> str:
    return ""


def _csv_rows(entry: ExportedEntry) -> str:
    of_entry: dict[str, object] = msgspec.to_builtins(entry)
    return _csv(
        *(
            [*(of_entry[column] for column in _OF_ENTRY), *msgspec.structs.astuple(posting)]
            for posting in entry.postings
        )
    )


def _csv(*rows: list[object] | tuple[str, ...]) -> str:
    return "".join(map(_csv_row, rows))


def _csv_row(cells: list[object] | tuple[str, ...]) -> str:
    text = io.StringIO()
    # The writer puts quotes around what ends a line, and only around that: a return within a cell would end it for readers.
    csv.writer(text, lineterminator="\r\n").writerow(map(_cell, cells))
    return text.getvalue().removesuffix("\r\n") + "\n"


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value.startswith(_CALCULATED):
        return f"'{value}"
    return value


def _json_line(entry: ExportedEntry) -> str:
    return msgspec.json.encode(entry).decode() + "\n"


FORMATS: Final[Mapping[ExportFormat, Writing]] = MappingProxyType(
    {
        "beancount": Writing(beancount_text.head, beancount_text.transaction, beancount_text.tail),
        "csv": Writing(lambda _: _csv(CSV_COLUMNS), _csv_rows, _nothing),
        "jsonl": Writing(_nothing, _json_line, _nothing),
    }
)
"""Format -> how it is written."""
