"""Records of a CSV file (RFC 4180), read block by block so that no file, however hostile, takes much memory. Pure."""

import codecs
import csv
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from fincore.reconciliation.parsed_file import FileRefused, quoted

BLOCK_BYTES: Final = 65_536
LINE_CHARACTERS_MAX: Final = 65_536
"""A line may have so many: the longest of a real file has a few thousand."""
RECORD_LINES_MAX: Final = 500
"""So many lines may be inside the quotation marks of one record: descriptions and addresses have a few."""
COLUMNS_MAX: Final = 250
"""A header may name so many columns: Stripe's longest has 80, and one for each key of metadata that was asked for."""
COLUMN_CHARACTERS_MAX: Final = 100

BYTE_ORDER_MARK: Final = "\ufeff"

_DECODERS: Final[tuple[tuple[bytes, str], ...]] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Records:
    """The records of a stream, each with the number of its first line. A lone carriage return ends no line.

    Text is UTF-8, or UTF-16 where a byte order mark says so.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._record_began = 1

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Raises `FileRefused` for what is no text, no CSV, or beyond a bound."""
        reader = csv.reader(self._lines(), strict=True)
        try:
            for row in reader:
                yield self._record_began, row
                self._record_began = reader.line_num + 1
        except csv.Error as error:
            raise FileRefused(self._record_began, f"is no record of CSV ({error})") from None

    def _lines(self) -> Iterator[str]:
        block = self._stream.read(BLOCK_BYTES)
        encoding = next((name for mark, name in _DECODERS if block.startswith(mark)), "utf-8")
        decoder = codecs.getincrementaldecoder(encoding)()
        number, rest = 0, ""
        while True:
            try:
                text = rest + decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                line = number + 1 + error.object[: error.start].count(b"\n")
                raise FileRefused(line, f"has bytes that are no {encoding[:6].upper()} text") from None
            if "\0" in text:
                line = number + 1 + text.count("\n", 0, text.index("\0"))
                raise FileRefused(line, "has a NUL character: the file is damaged, or no text in UTF-8")
            joint = text.find(f"\n{BYTE_ORDER_MARK}")
            if joint >= 0:
                line = number + 2 + text.count("\n", 0, joint)
                raise FileRefused(line, "begins with a byte order mark: two files were put together")
            pieces = text.split("\n")
            rest = pieces.pop()
            if not block and rest:
                pieces.append(rest)
            if max(map(len, (*pieces, rest))) > LINE_CHARACTERS_MAX:
                before = next(
                    place for place, one in enumerate((*pieces, rest)) if len(one) > LINE_CHARACTERS_MAX
                )
                raise FileRefused(number + before + 1, f"has more than {LINE_CHARACTERS_MAX:,} characters")
            for piece in pieces:
                number += 1
                if number - self._record_began > RECORD_LINES_MAX:
                    raise FileRefused(
                        self._record_began,
                        f"has a quotation mark that is not closed within {RECORD_LINES_MAX} lines",
                    )
                yield f"{piece}\n"
            if not block:
                return
            block = self._stream.read(BLOCK_BYTES)


def columns_of(number: int, names: list[str]) -> Mapping[str, int]:
    """The place of each column by its name, in lower case with single spaces. Raises `FileRefused`."""
    if len(names) > COLUMNS_MAX:
        raise FileRefused(number, f"names {len(names):,} columns; at most {COLUMNS_MAX} are read")
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        plain = " ".join(name.split()).lower()
        if not plain or len(plain) > COLUMN_CHARACTERS_MAX:
            raise FileRefused(number, f"has a column without a usable name: {quoted(name)}")
        if plain in places:
            raise FileRefused(number, f"names the column {quoted(plain)} twice")
        places[plain] = place
    return places
