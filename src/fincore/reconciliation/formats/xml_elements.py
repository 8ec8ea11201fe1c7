"""XML read block by block with bounded memory. A document type, and with it every entity, refuses the file. Pure."""

from collections.abc import Callable, Iterator
from typing import BinaryIO, Final
from xml.parsers import expat

from fincore.reconciliation.parsed_file import FileRefused

BLOCK_BYTES: Final = 65_536
TOKEN_BYTES_MAX: Final = 1_048_576
"""One tag, comment or instruction may be so long; expat keeps it whole until it ends."""
DEPTH_MAX: Final = 40
TEXT_CHARACTERS_MAX: Final = 2_000
"""The text of one element may be so long."""

Begin = Callable[[tuple[str, ...], dict[str, str], int], None]
"""Told of the names from the root down to an element, its attributes and its line."""
End = Callable[[tuple[str, ...], str, int], None]
"""Told of the same names, the element's own text without surrounding spaces, and the line of its end."""


class Elements:
    """The elements of a document, each told at its beginning and its end."""

    def __init__(self, begin: Begin, end: End) -> None:
        self._begin, self._end = begin, end
        self._names: list[str] = []
        self._texts: list[list[str]] = []
        self._length = 0
        self._told_bytes = 0
        # Names are `namespace}name`: no namespace has a brace.
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._begun
        self._parser.EndElementHandler = self._ended
        self._parser.CharacterDataHandler = self._text
        self._parser.DefaultHandler = self._other
        self._parser.StartDoctypeDeclHandler = self._doctype

    def blocks(self, stream: BinaryIO) -> Iterator[None]:
        """Read a stream to its end, with a stop after each block for what was told to be used. Raises `FileRefused`."""
        fed_bytes = 0
        while block := stream.read(BLOCK_BYTES):
            self._parse(block, is_last=False)
            fed_bytes += len(block)
            if fed_bytes - self._told_bytes > TOKEN_BYTES_MAX:
                raise FileRefused(self.line, f"has a tag of more than {TOKEN_BYTES_MAX:,} bytes")
            yield
        self._parse(b"", is_last=True)
        yield

    def _parse(self, block: bytes, *, is_last: bool) -> None:
        try:
            self._parser.Parse(block, is_last)
        except expat.ExpatError as error:
            raise FileRefused(error.lineno, f"is no XML ({expat.ErrorString(error.code)})") from None
        except (LookupError, ValueError):
            raise FileRefused(self.line, "is in an encoding that is not read: use UTF-8") from None

    @property
    def line(self) -> int:
        """The line that was read last."""
        return self._parser.CurrentLineNumber

    def _begun(self, name: str, attributes: dict[str, str]) -> None:
        self._told()
        if len(self._names) >= DEPTH_MAX:
            raise FileRefused(self.line, f"has elements within more than {DEPTH_MAX} others")
        if self._texts:
            self._texts[-1].clear()  # spaces between elements
        self._names.append(name.rpartition("}")[2] if self._names else name)
        self._texts.append([])
        self._length = 0
        self._begin(tuple(self._names), attributes, self.line)

    def _ended(self, name: str) -> None:
        del name
        self._told()
        self._length = 0
        text = "".join(self._texts.pop()).strip()
        self._end(tuple(self._names), text, self.line)
        self._names.pop()

    def _text(self, text: str) -> None:
        self._told()
        self._length += len(text)
        if self._length > TEXT_CHARACTERS_MAX:
            if not text.isspace():
                raise FileRefused(self.line, f"has a text of more than {TEXT_CHARACTERS_MAX:,} characters")
            return
        if self._texts:
            self._texts[-1].append(text)

    def _other(self, data: str) -> None:
        del data
        self._told()

    def _doctype(self, *declared: object) -> None:
        del declared
        raise FileRefused(self.line, "declares a document type, which no bank statement needs")

    def _told(self) -> None:
        self._told_bytes = self._parser.CurrentByteIndex
