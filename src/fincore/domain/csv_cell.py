"""A cell of a CSV file that people open in a spreadsheet: no text in it is taken for a formula. Pure."""

import re
from typing import Final

_BEGINS_FORMULA: Final = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
"""Signs by which spreadsheets know a formula, and their full-width forms."""
_FORMULA_OF_THE_NEXT_CELL: Final = re.compile(r"(;[\s\"']*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a list is written with semicolons, a spreadsheet begins a cell after each of them."""
_NUMBER: Final = re.compile(r"-?[0-9]*\.?[0-9]+")

Cell = str | int | None


def safe_cell(value: Cell) -> Cell:
    """The value, with an apostrophe before what a spreadsheet would take for a formula, as spreadsheets themselves write it.

    What cannot be printed becomes a replacement character. A number stays one.
    """
    if not isinstance(value, str):
        return value
    text = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in value)
    if _NUMBER.fullmatch(text):
        return text
    text = _FORMULA_OF_THE_NEXT_CELL.sub(r"\1'", text)
    return f"'{text}" if _BEGINS_FORMULA.match(text) else text
