"""A list as a CSV file: a header, then an entry a line. What a spreadsheet would take for a formula is written so that it does not. Pure."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Final

from fincore.domain.card_number import holds_card_number
from fincore.domain.errors import InvalidId
from fincore.domain.ids import parse_merchant_id
from fincore.write.risk.list_entries import ListEntry, NewEntry
from fincore.write.risk.list_values import entry_value
from fincore.write.risk.store import ListKind

COLUMNS: Final = ("value", "reason", "expires_at", "merchant_id", "added_at", "added_by")
"""The columns of an export. An import needs `value` alone, and leaves the last two out of account."""
LINE_CHARACTERS_MAX: Final = 4_000
TEXT_CHARACTERS_MAX: Final = 500
_REASONS_KEPT_MAX: Final = 1_000
"""Reasons that are checked once though many lines of a file have them."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "'")
"""With which a cell begins that some spreadsheet calculates (OWASP, CSV Injection), and the mark that stops it."""


class LineFlaw(Exception):
    """A line of a file is no entry; the message names the line."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line:,}: {what}")


def entries_of(lines: Iterable[str], kind: ListKind, *, reason: str, now: datetime) -> Iterator[NewEntry]:
    """The entries of a file for a list of a kind; `reason` is that of lines that give none. Raise `LineFlaw`.

    What has expired by `now` is a flaw.
    """
    rows = csv.reader(_bounded(lines), strict=True)
    try:
        header = [name.strip().lower() for name in next(rows, [])]
        if header and header[0].startswith("\ufeff"):
            header[0] = header[0].removeprefix("\ufeff")
        unknown = [name for name in header if name not in COLUMNS]
        if "value" not in header or unknown or len(set(header)) < len(header):
            raise LineFlaw(
                1, f"the first line names the columns: value, and as needed {', '.join(COLUMNS[1:])}"
            )
        for row in rows:
            if row and len(row) != len(header):
                raise LineFlaw(rows.line_num, f"it has {len(row)} cells, and the first line {len(header)}")
            if row:
                yield _entry(dict(zip(header, row, strict=True)), rows.line_num, kind, reason, now)
    except csv.Error as error:
        raise LineFlaw(rows.line_num, f"this is no CSV: {error}") from None


def _bounded(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if len(line) > LINE_CHARACTERS_MAX:
            raise LineFlaw(number, f"it has more than {LINE_CHARACTERS_MAX:,} characters")
        yield line


def _entry(cells: dict[str, str], line: int, kind: ListKind, reason: str, now: datetime) -> NewEntry:
    cells = {name: _unmarked(cell).strip() for name, cell in cells.items()}
    value = entry_value(kind, cells["value"])
    if isinstance(value, ValueError):
        raise LineFlaw(line, str(value))
    written = cells.get("reason") or reason
    if not _is_reason(written):
        raise LineFlaw(
            line, f"a reason has at most {TEXT_CHARACTERS_MAX} printable characters and no card number"
        )
    merchant = cells.get("merchant_id")
    try:
        merchant_id = parse_merchant_id(merchant) if merchant else None
    except InvalidId as error:
        raise LineFlaw(line, str(error)) from None
    expires_at = _expiry(cells.get("expires_at"), line)
    if expires_at is not None and expires_at <= now:
        raise LineFlaw(line, "expires_at is in the past")
    return NewEntry(value, written, merchant_id, expires_at)


@lru_cache(maxsize=_REASONS_KEPT_MAX)
def _is_reason(text: str) -> bool:
    return len(text) <= TEXT_CHARACTERS_MAX and text.isprintable() and not holds_card_number(text)


def _expiry(text: str | None, line: int) -> datetime | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise LineFlaw(
                line, "expires_at is a day such as 2027-01-31, or a moment such as 2027-01-31T12:00:00Z"
            ) from None
    else:
        moment = datetime.combine(day, time.max, UTC)
    if not 1970 <= moment.year < 9998:  # noqa: PLR2004 -- in every time zone what Python and PostgreSQL can hold
        raise LineFlaw(line, "expires_at is in the years 1970 to 9997")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def header_text() -> str:
    """The first line of an export."""
    return _line(COLUMNS)


def entry_text(entry: ListEntry) -> str:
    """The line of an entry."""
    return _line(
        (
            _marked(entry.value),
            _marked(entry.reason),
            entry.expires_at.isoformat() if entry.expires_at else "",
            entry.merchant_id or "",
            entry.added_at.isoformat(),
            _marked(entry.added_by),
        )
    )


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _marked(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _unmarked(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
