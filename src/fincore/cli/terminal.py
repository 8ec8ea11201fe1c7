"""What commands print, and how it looks."""

import sys
from datetime import datetime


def show(text: str) -> None:
    """Print a text, without what would move a terminal's cursor: some of it was written by merchants."""
    shown = "".join(one if one.isprintable() or one == "\n" else "\N{REPLACEMENT CHARACTER}" for one in text)
    sys.stdout.write(f"{shown}\n")
    sys.stdout.flush()


def show_table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """A row a line and nothing cut off, however narrow the terminal: ids are there to be copied and piped."""
    show(table_text(columns, rows))


def table_text(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """The lines of such a table; `none` where it has no rows."""
    if not rows:
        return "none"
    lines = [columns, *(tuple(" ".join(cell.split()) for cell in row) for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def moment_text(moment: datetime | None) -> str:
    """A time as a cell of a table; empty for none."""
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""
