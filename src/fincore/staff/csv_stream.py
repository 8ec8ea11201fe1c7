"""Exports as CSV (RFC 4180), row by row as they are read: nothing is collected, and the last rows are totals."""

import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from typing import Final

from fincore.domain.csv_cell import Cell, safe_cell
from fincore.http.exchange import Response
from fincore.http.openapi import Content

CSV: Final = "text/csv; charset=utf-8"
PART_CHARACTERS: Final = 65_536
"""How many characters are sent at a time."""

Row = Sequence[Cell]


def csv_content(description: str) -> Content:
    """How a response in CSV is documented."""
    return Content(shape={"type": "string"}, media_type="text/csv", description=description)


def csv_response(
    name: str, columns: Sequence[str], rows: AsyncIterator[Row], totals: Callable[[], Iterable[Row]] = tuple
) -> Response:
    """A file `name` with the rows below their columns, then `totals`, which are asked for after the last row.

    An error while rows are read breaks the download off, so that no part is taken for the whole.
    """
    return Response(
        200,
        b"",
        CSV,
        (("content-disposition", f'attachment; filename="{name}"'),),
        stream=_parts(columns, rows, totals),
    )


async def _parts(
    columns: Sequence[str], rows: AsyncIterator[Row], totals: Callable[[], Iterable[Row]]
) -> AsyncGenerator[bytes, None]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    try:
        async for row in rows:
            writer.writerow([safe_cell(cell) for cell in row])
            if text.tell() >= PART_CHARACTERS:
                yield text.getvalue().encode()
                text.seek(0)
                text.truncate()
    finally:
        # A client that has gone must not leave what is read from open until it is collected.
        if isinstance(rows, AsyncGenerator):
            await rows.aclose()
    for row in totals():
        writer.writerow([safe_cell(cell) for cell in row])
    yield text.getvalue().encode()
