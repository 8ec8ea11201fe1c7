"""In which order the rows of PayPal's settlement report stand (Settlement Report Specification 9.0.5): a table of states. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, cast

from fincore.reconciliation.parsed_file import FileRefused, quoted

RowKind = Literal["RH", "FH", "SH", "CH", "SB", "SF", "SC", "RF", "RC", "FF"]

ROW_KINDS: Final[Mapping[RowKind, str]] = MappingProxyType(
    {
        "RH": "report header",
        "FH": "file header",
        "SH": "section header",
        "CH": "column header",
        "SB": "section body",
        "SF": "section footer",
        "SC": "section record count",
        "RF": "report footer",
        "RC": "report record count",
        "FF": "file footer",
    }
)
"""The first field of a row -> what the row is."""

Place = Literal[
    "start",
    "report",
    "file",
    "section",
    "body",
    "section_footers",
    "section_end",
    "report_footers",
    "report_end",
    "end",
]
"""Where in a file a row was read: what may follow depends on it alone."""

FOLLOWING: Final[Mapping[Place, Mapping[RowKind, Place]]] = MappingProxyType(
    {
        "start": {"RH": "report", "FH": "file"},
        "report": {"FH": "file"},
        "file": {"SH": "section"},
        "section": {"CH": "body"},
        "body": {"SB": "body", "SF": "section_footers", "SC": "section_end"},
        "section_footers": {"SF": "section_footers", "SC": "section_end"},
        "section_end": {"SH": "section", "RF": "report_footers", "RC": "report_end", "FF": "end"},
        "report_footers": {"RF": "report_footers", "RC": "report_end"},
        "report_end": {"FF": "end"},
        "end": {},
    }
)
"""Place -> row kind -> the next place. A row kind that is not there refuses the file, and so does an end at another place than `end`.

The first file of a report begins with RH, a later one with FH. A file without RF and RC is followed by another one of its report.
"""


FIELDS: Final[Mapping[RowKind, range]] = MappingProxyType(
    {
        "RH": range(5, 6),
        "FH": range(2, 3),
        "SH": range(4, 6),
        "SF": range(19, 20),
        "SC": range(2, 3),
        "RF": range(19, 20),
        "RC": range(2, 3),
        "FF": range(2, 3),
    }
)
"""Row kind -> how many fields it may have, its kind included; body and columns have as many as the columns are."""


def expected_rows(place: Place) -> str:
    """The rows that may follow, for a sentence."""
    kinds = [f"{kind} ({ROW_KINDS[kind]})" for kind in FOLLOWING[place]]
    return " or ".join(kinds) if kinds else "nothing"


def following_place(number: int, place: Place, row: list[str]) -> tuple[RowKind, Place]:
    """The kind of a row, and the place after it. Raises `FileRefused` for a row that cannot stand there."""
    if not row:
        raise FileRefused(number, "is empty")
    if row[0] not in ROW_KINDS:
        raise FileRefused(number, f"begins with {quoted(row[0])}, which is no kind of row")
    kind = cast("RowKind", row[0])
    following = FOLLOWING[place].get(kind)
    if following is None:
        raise FileRefused(number, f"is {kind} ({ROW_KINDS[kind]}) where {expected_rows(place)} must stand")
    return kind, following


def fields_of(number: int, kind: RowKind, row: list[str]) -> list[str]:
    """The fields of a row up to the last one that is not empty, for columns as they are. Raises `FileRefused`."""
    allowed = FIELDS.get(kind)
    if allowed is None:
        return row
    length = len(row)
    while length > 1 and not row[length - 1]:
        length -= 1
    if length not in allowed:
        raise FileRefused(
            number, f"has {length} fields; {kind} ({ROW_KINDS[kind]}) has {' or '.join(map(str, allowed))}"
        )
    return row[:length] + [""] * (allowed[-1] - length)
