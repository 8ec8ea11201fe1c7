"""Lists that a person works off: they are short, so that a page is cut out of a bounded whole. Pure."""

from collections.abc import Sequence
from typing import Final, TypeVar

from fincore.domain.errors import InvalidId
from fincore.http.list_operation import Entry

ROWS_MAX: Final = 1_000
"""Rows of such a list that are read; those beyond follow as the first ones are dealt with."""
_ID_CHARACTERS_MAX: Final = 200

EntryT = TypeVar("EntryT", bound=Entry)


def parse_row_id(text: str) -> str:
    """The id of a row of such a list. Raises `InvalidId` for what can be none."""
    if not text.isascii() or not text.isprintable() or len(text) > _ID_CHARACTERS_MAX:
        raise InvalidId(text, "row")
    return text


def page_of(rows: Sequence[EntryT], after_id: str | None, limit: int) -> tuple[list[EntryT], bool]:
    """The rows after one, at most `limit`, and whether more follow; the first ones where that row was dealt with meanwhile."""
    at = next((n for n, row in enumerate(rows, start=1) if row.id == after_id), 0)
    return list(rows[at : at + limit]), len(rows) > at + limit
