"""Reading a settlement file without keeping anything of it: is it whole, and what does it say."""

from collections.abc import Mapping
from typing import BinaryIO

import msgspec

from fincore.domain.currency import Currency
from fincore.reconciliation.formats.formats import FORMATS
from fincore.reconciliation.parsed_file import Expected, FileFacts, ReadFormat
from fincore.reconciliation.totals import ComputedTotals, StatedTotals


class CheckedFile(msgspec.Struct, frozen=True):
    """A file that is what its format allows, as a whole."""

    facts: FileFacts
    lines: int
    stated: Mapping[Currency, StatedTotals]
    computed: Mapping[Currency, ComputedTotals]


def check_file(stream: BinaryIO, file_format: ReadFormat, expected: Expected) -> CheckedFile:
    """Read a file to its end. Raises `FileRefused`."""
    parsed = FORMATS[file_format].parse(stream, expected)
    lines = sum(1 for _ in parsed.lines)
    return CheckedFile(parsed.facts, lines, parsed.stated, parsed.computed)
