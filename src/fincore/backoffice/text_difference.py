"""How one version of a text differs from another, line by line. Pure."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final, Literal, NamedTuple

LineChange = Literal["same", "added", "removed"]
LINES_MAX: Final = 5_000
"""Lines of both texts together that are compared one by one; longer texts count as replaced as a whole."""


class ChangedLine(NamedTuple):
    """A line of either text. `before` and `after` are its numbers in them, from 1; None where it is not in that text."""

    change: LineChange
    before: int | None
    after: int | None
    text: str


def difference(before: str, after: str) -> list[ChangedLine]:
    """The lines of both texts in order: what was removed stands before what was added in its place."""
    old, new = before.splitlines(), after.splitlines()
    if len(old) + len(new) > LINES_MAX:
        return [*_removed(old, 0, len(old)), *_added(new, 0, len(new))]
    lines: list[ChangedLine] = []
    for kind, old_begin, old_end, new_begin, new_end in SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            lines += [
                ChangedLine("same", old_begin + place + 1, new_begin + place + 1, text)
                for place, text in enumerate(old[old_begin:old_end])
            ]
        else:
            lines += [*_removed(old, old_begin, old_end), *_added(new, new_begin, new_end)]
    return lines


def _removed(lines: Sequence[str], begin: int, end: int) -> list[ChangedLine]:
    return [ChangedLine("removed", place + 1, None, lines[place]) for place in range(begin, end)]


def _added(lines: Sequence[str], begin: int, end: int) -> list[ChangedLine]:
    return [ChangedLine("added", None, place + 1, lines[place]) for place in range(begin, end)]
