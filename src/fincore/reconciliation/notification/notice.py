"""What operations are told: a line to begin with, what turned bad, figures, and what to do next. Pure."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal

import msgspec

LINES_MAX: Final = 20
"""So many lines of each part are told; the rest is counted."""
LINE_CHARACTERS_MAX: Final = 300
SUBJECT_CHARACTERS_MAX: Final = 150

NoticeKind = Literal["run", "day", "findings", "ended", "test"]
"""`run`: a run finished; `day`: a day is over; `findings`: something is wrong between runs; `ended`: that is over; `test`: a person tries
the channels."""
Tell = Literal["always", "findings"]
"""When operations are told of a run or a day: each time, or only where something needs a person."""


class Figure(msgspec.Struct, frozen=True):
    """A figure and its name, both as text."""

    name: str
    value: str


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """`about` names what it is about, such as `run:run_...`, and is told once. `needs_person`: something turned bad.

    Every text is one line of printable characters.
    """

    about: str
    kind: NoticeKind
    occurred_at: datetime
    subject: str
    needs_person: bool
    findings: tuple[str, ...]
    figures: tuple[Figure, ...]
    next_steps: tuple[str, ...]

    @property
    def notice_id(self) -> str:
        """Follows from what it is about, so that a receiver can tell a second copy."""
        return f"nt_{sha256(self.about.encode()).hexdigest()[:32]}"


def notice_of(
    *,
    about: str,
    kind: NoticeKind,
    occurred_at: datetime,
    subject: str,
    findings: Iterable[str] = (),
    figures: Iterable[tuple[str, str]] = (),
    next_steps: Iterable[str] = (),
    needs_person: bool,
) -> Notice:
    """A notice within its bounds. Names come from PSPs: what is not printable is replaced."""
    return Notice(
        about=about,
        kind=kind,
        occurred_at=occurred_at,
        subject=one_line(subject, SUBJECT_CHARACTERS_MAX),
        needs_person=needs_person,
        findings=_bounded(findings),
        figures=tuple(
            Figure(one_line(name, LINE_CHARACTERS_MAX), one_line(value, LINE_CHARACTERS_MAX))
            for name, value in list(figures)[:LINES_MAX]
        ),
        next_steps=_bounded(dict.fromkeys(next_steps)),
    )


def is_told(notice: Notice, tell: Tell) -> bool:
    """Whether operations want it."""
    return tell == "always" or notice.needs_person or notice.kind in ("ended", "test")


def one_line(text: str, characters_max: int) -> str:
    """A text without line breaks and control characters, and not longer than it may be."""
    line = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    return line if len(line) <= characters_max else f"{line[: characters_max - 3]}..."


def _bounded(lines: Iterable[str]) -> tuple[str, ...]:
    found = [one_line(line, LINE_CHARACTERS_MAX) for line in lines]
    if len(found) <= LINES_MAX:
        return tuple(found)
    return (*found[: LINES_MAX - 1], f"and {len(found) - LINES_MAX + 1:,} more")
