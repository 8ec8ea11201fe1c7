"""How a break stands, and what leads from one status to another. Pure, and a table one can print."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

BreakStatus = Literal[
    "open",
    "explained",
    "claimed",
    "adjusted",
    "written_off",
    "dismissed",
    "matched_late",
    "merged",
]
StandingStatus = Literal["open", "explained", "claimed"]
"""Of a break that is not closed: its amount is still in the sums of what is unmatched or uncleared."""
PersonAction = Literal[
    "assign",
    "note",
    "explain",
    "claim",
    "reopen",
    "adjust",
    "write_off",
    "correct",
    "reverse",
    "dismiss",
    "release",
]
RunAction = Literal["match", "merge", "change", "find_again"]
BreakAction = Literal[PersonAction, RunAction]

STANDING: Final[tuple[StandingStatus, ...]] = ("open", "explained", "claimed")

STATUS_MEANINGS: Final[Mapping[BreakStatus, str]] = MappingProxyType(
    {
        "open": "a person has to act",
        "explained": "a person knows the reason, and nothing is to be done; the amount stays in the sums",
        "claimed": "the PSP or the bank is asked for it; the amount stays in the sums",
        "adjusted": "closed by an entry of the ledger that books what was missing",
        "written_off": "closed by an entry of the ledger that gives the amount up",
        "dismissed": "closed with its file, of which a person said that it must not be booked",
        "matched_late": "closed by a run: what was missing came, and nothing differs any more",
        "merged": "closed by a run: it turned out to be part of an older break, which goes on",
    }
)
"""Status -> what it means."""

ACTION_MEANINGS: Final[Mapping[BreakAction, str]] = MappingProxyType(
    {
        "assign": "a person gives the break an owner, or a run lets it keep that of a break that became part of it",
        "note": "a person writes down what became known",
        "explain": "a person gives the reason",
        "claim": "a person asked the PSP or the bank for it, and notes their reference",
        "reopen": "a person says that the reason or the claim does not hold",
        "adjust": "an adjustment is booked",
        "write_off": "a write-off is booked",
        "correct": "the log has an adjustment as a write-off, or a write-off as an adjustment, and that counts",
        "reverse": "an adjustment or a write-off is booked back",
        "dismiss": "a person says that the break's file must not be booked",
        "release": "a person says that a dismissed file is to be read",
        "match": "a run finds the missing side, and it is equal",
        "merge": "a run finds that the break is part of an older one",
        "change": "a run finds another amount or class",
        "find_again": "a run finds the break again after a person closed it",
    }
)
"""Action -> who does what."""

TRANSITIONS: Final[Mapping[tuple[BreakStatus, BreakAction], BreakStatus]] = MappingProxyType(
    {
        ("open", "assign"): "open",
        ("open", "note"): "open",
        ("open", "explain"): "explained",
        ("open", "claim"): "claimed",
        ("open", "adjust"): "adjusted",
        ("open", "write_off"): "written_off",
        ("open", "dismiss"): "dismissed",
        ("open", "match"): "matched_late",
        ("open", "merge"): "merged",
        ("explained", "assign"): "explained",
        ("explained", "note"): "explained",
        ("explained", "reopen"): "open",
        ("explained", "adjust"): "adjusted",
        ("explained", "write_off"): "written_off",
        ("explained", "dismiss"): "dismissed",
        ("explained", "change"): "open",
        ("explained", "match"): "matched_late",
        ("explained", "merge"): "merged",
        ("claimed", "assign"): "claimed",
        ("claimed", "note"): "claimed",
        ("claimed", "reopen"): "open",
        ("claimed", "adjust"): "adjusted",
        ("claimed", "write_off"): "written_off",
        ("claimed", "dismiss"): "dismissed",
        ("claimed", "change"): "open",
        ("claimed", "match"): "matched_late",
        ("claimed", "merge"): "merged",
        ("adjusted", "note"): "adjusted",
        ("adjusted", "correct"): "written_off",
        ("adjusted", "reverse"): "open",
        ("adjusted", "find_again"): "open",
        ("written_off", "note"): "written_off",
        ("written_off", "correct"): "adjusted",
        ("written_off", "reverse"): "open",
        ("written_off", "find_again"): "open",
        ("dismissed", "note"): "dismissed",
        ("dismissed", "release"): "open",
        ("dismissed", "find_again"): "open",
        ("matched_late", "note"): "matched_late",
        ("merged", "note"): "merged",
    }
)
"""(status, action) -> the status after it. An action that is not here is refused; the database has the same table."""


def status_after(status: BreakStatus, action: BreakAction) -> BreakStatus | None:
    """The status that an action leads to; None where the action is refused in this status."""
    return TRANSITIONS.get((status, action))


def break_status_table() -> str:
    """Each status and action with the status after it, in columns, for the docs."""
    rows = [
        ("status", "action", "status after it"),
        *((before, action, after) for (before, action), after in TRANSITIONS.items()),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
