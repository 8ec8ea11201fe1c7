"""Whether an action of a person is possible as a break stands, and how the break stands after it. Pure."""

from datetime import datetime
from typing import assert_never

import msgspec

from fincore.domain.currency import Currency
from fincore.reconciliation.breaks.break_status import (
    BreakAction,
    BreakStatus,
    PersonAction,
    status_after,
)
from fincore.reconciliation.matching.differences import BreakClass


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What a person does with a break.

    `actor` is stored as it is: `operator:NAME` for a person at a terminal, `staff:SUBJECT` for a member of staff. Then `username` is
    what people read, and `request_key` the key of the request: with it a repeated request is known again, also after others acted.
    `owner` is the new one, and goes with `assign`; `reference` is what the PSP or the bank calls a claim, or the id of an adjustment.
    """

    action: PersonAction
    actor: str
    username: str | None = None
    request_key: str | None = None
    owner: str | None = None
    reason: str | None = None
    reference: str | None = None


class LastAction(msgspec.Struct, frozen=True, kw_only=True):
    """What was done with a break last. `by` is the actor as people read it."""

    action: BreakAction
    actor: str
    by: str
    owner: str | None
    reason: str | None
    reference: str | None
    acted_at: datetime


class KnownBreak(msgspec.Struct, frozen=True, kw_only=True):
    """A break as it stands. `action_no`: how many actions it has had; `last` is the last of them, None where it had none."""

    break_id: int
    action_no: int
    break_class: BreakClass
    currency: Currency | None
    amount_minor: int | None
    status: BreakStatus
    owner: str | None
    last: LastAction | None


class Refused(msgspec.Struct, frozen=True):
    """The action is not possible; the sentence says why, and what to do."""

    sentence: str


def decide(known: KnownBreak, done: Done) -> BreakStatus | Refused:
    """The status after the action, or why there is none."""
    after = status_after(known.status, done.action)
    return Refused(_sentence(known)) if after is None else after


def is_repeated(known: KnownBreak, done: Done) -> bool:
    """Whether the last action of the break is this one: a command that was repeated after its answer was lost."""
    last = known.last
    return (
        last is not None
        and (last.action, last.actor, last.reason, last.reference)
        == (
            done.action,
            done.actor,
            done.reason,
            done.reference,
        )
        and (done.action != "assign" or last.owner == done.owner)
    )


def _sentence(known: KnownBreak) -> str:
    """`the break 7 is explained (explain by ann at 2026-11-03 12:00:00: "the reason"): reopen it first`."""
    standing = f"the break {known.break_id} is {known.status.replace('_', ' ')}"
    if known.last is not None:
        why = f': "{known.last.reason}"' if known.last.reason else ""
        action = known.last.action.replace("_", " ")
        standing += f" ({action} by {known.last.by} at {known.last.acted_at:%Y-%m-%d %H:%M:%S}{why})"
    match known.status:
        case "open":
            return f"{standing}: there is nothing to take back"
        case "explained" | "claimed":
            return f"{standing}: reopen it first"
        case "adjusted" | "written_off":
            return f"{standing}: reverse that first"
        case "dismissed":
            return f"{standing}: release its file first"
        case "matched_late" | "merged":
            return f"{standing}: it is closed for good"
        case _:
            assert_never(known.status)
