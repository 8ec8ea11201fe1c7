"""Whether a person may have a settlement file read again, released or dismissed, as it stands. Pure, and a table one can print."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, assert_never

import msgspec

from fincore.domain.outcome import PspName
from fincore.reconciliation.parsed_file import FileFormat
from fincore.reconciliation.source import PSP_OF_FORMAT

FileStatus = Literal["kept", "refused", "read", "booked", "dismissed"]
"""`kept`: its bytes are in the evidence store. `refused`: a parser does not understand it, and nothing of it is booked. `read`: its
lines are stored. `booked`: its totals are in the log. `dismissed`: a person said that it must not be booked."""
FileAction = Literal["read_again", "release", "dismiss"]

FILE_TRANSITIONS: Final[Mapping[tuple[FileStatus, FileAction], FileStatus]] = MappingProxyType(
    {
        ("kept", "release"): "kept",
        ("kept", "dismiss"): "dismissed",
        ("refused", "read_again"): "kept",
        ("refused", "dismiss"): "dismissed",
        ("dismissed", "release"): "kept",
    }
)
"""(status, decision) -> the status after it. Of the kept files only those can be released or dismissed that came under the name of
another one; a file that is read or booked is beyond any decision."""


class FileDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decides about a file: actor, name and key as of what is done with a break. `format` and `account_id` say as what it is read again; None: as before."""

    action: FileAction
    actor: str
    reason: str
    username: str | None = None
    request_key: str | None = None
    format: FileFormat | None = None
    account_id: str | None = None


class LastDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided about a file last."""

    action: FileAction
    status: FileStatus
    actor: str
    by: str
    reason: str
    format: FileFormat | None
    account_id: str | None
    acted_at: datetime


class KnownFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it stands.

    `is_disproved`: what the PSP says of the file beside it refuses it, and not a parser. `replaces`: the file that had its name before
    and was not dismissed, with that one's status; `replaced_by` is the file that came in its place and is read or booked.
    """

    file_id: str
    name: str
    psp: PspName
    status: FileStatus
    format: FileFormat
    is_released: bool
    is_disproved: bool
    replaces: str | None
    replaced_status: FileStatus | None
    replaced_by: str | None
    last: LastDecision | None

    @property
    def waits_for_a_person(self) -> bool:
        """Whether no run reads it before a person decides: a file of its name counts."""
        return (
            self.status == "kept"
            and not self.is_released
            and self.replaced_status in ("kept", "read", "booked")
        )


def refusal_of(known: KnownFile, decision: FileDecision) -> str | None:
    """Why the decision is not possible, and what to do instead; None where it is."""
    named = f"{known.name} ({known.file_id})"
    if (known.status, decision.action) not in FILE_TRANSITIONS:
        return f"{named} {_standing(known)}"
    match decision.action:
        case "read_again":
            return _not_read_again(known, decision, named)
        case "release":
            if known.status == "kept" and not known.waits_for_a_person:
                return f"{named} waits for no decision: `fincore reconcile run` reads it"
        case "dismiss":
            if known.status == "kept" and known.replaces is None:
                return f"{named} waits to be read, and no other file of its name counts: `fincore reconcile run` reads it"
        case _:
            assert_never(decision.action)
    return None


def is_repeated(known: KnownFile, decision: FileDecision) -> bool:
    """Whether this was decided last, and nothing came of it yet: a command that was repeated after its answer was lost."""
    last = known.last
    return (
        last is not None
        and known.status == last.status
        and (last.action, last.actor, last.reason, last.format, last.account_id)
        == (decision.action, decision.actor, decision.reason, decision.format, decision.account_id)
    )


def _not_read_again(known: KnownFile, decision: FileDecision, named: str) -> str | None:
    if known.is_disproved:
        return f"{named} is not what the PSP says of it: the next fetch asks the PSP for it again"
    if known.replaced_by is not None:
        return f"{named} is not read: {known.replaced_by} came in its place, and is read. Dismiss it"
    if decision.format is not None and PSP_OF_FORMAT[decision.format] != known.psp:
        return (
            f"{named} is of {known.psp}, which writes no {decision.format}: choose a format of {known.psp}'s"
        )
    return None


def _standing(known: KnownFile) -> str:
    match known.status:
        case "kept":
            return "waits to be read: `fincore reconcile run` reads it"
        case "refused":
            return "is refused: have it read again, or dismiss it"
        case "read" | "booked":
            return "is read, and its lines count: what is wrong among them is found as breaks"
        case "dismissed":
            by = (
                ""
                if known.last is None
                else f' by {known.last.by} at {known.last.acted_at:%Y-%m-%d %H:%M:%S}: "{known.last.reason}"'
            )
            return f"is dismissed{by}; release it first"
        case _:
            assert_never(known.status)
