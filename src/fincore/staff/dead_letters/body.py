"""Dead letters as staff see them. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.backoffice.dead_letters import DeadLetter, Letter
from fincore.backoffice.job_outlook import JobSubject, LeftToDo, kind_of, subject_of
from fincore.domain.job import JobKind
from fincore.public.fields import HasMore, NextCursor, ObjectName
from fincore.staff.dead_letters.letter_id import letter_id_of

LetterId = Annotated[
    str,
    Meta(
        description="The id of the dead letter. A job that is held again has another one.",
        examples=["dl_1795477069123456_NDcxMQ"],
    ),
]


class StaffDeadLetterBody(msgspec.Struct, frozen=True, kw_only=True):
    """A job that failed for good. It waits for a person."""

    id: LetterId
    object: Annotated[Literal["dead_letter"], ObjectName] = "dead_letter"
    job: Annotated[str, Meta(description="The id of the job, as the logs name it.", examples=["4711"])]
    kind: Annotated[
        JobKind | None,
        Meta(description="What the job does; null for a kind that this release does not know."),
    ]
    attempts: Annotated[
        int, Meta(description="How often it was begun since it was queued, or last replayed.")
    ]
    reason: Annotated[str, Meta(description="Why it cannot be done.")]
    held_at: Annotated[datetime, Meta(description="Since when it waits for a person.")]
    charge: Annotated[str | None, Meta(description="The charge that it is about; null for none.")]
    refund: Annotated[str | None, Meta(description="The refund that it is about; null for none.")]
    attempt: Annotated[
        int | None,
        Meta(description="The number of the attempt of the charge that it is about; null for none."),
    ]
    checkout_session: Annotated[
        str | None, Meta(description="The checkout session that it is about; null for none.")
    ]
    psp: Annotated[str | None, Meta(description="The PSP of the webhook that it is to read; null for none.")]
    psp_account: Annotated[str | None, Meta(description="The account of that webhook; null for none.")]
    psp_event: Annotated[str | None, Meta(description="The PSP's id of that webhook; null for none.")]


class StaffDeadLetterOutlookBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay would do now, as the log tells it."""

    left_to_do: Annotated[
        LeftToDo,
        Meta(
            description="`call_psp`: it asks the PSP to move money, under the key of the first call. `ask_psp`: it asks the PSP what became of "
            "a call, and repeats that call under its key only where it never happened. `follow`: it looks after a charge or a checkout session. "
            "`read_report`: it reads a webhook that is stored. `nothing`: it ends without a call. `unreadable`: it is held again."
        ),
    ]
    does: Annotated[str, Meta(description="What it does, as a sentence.")]
    once: Annotated[str, Meta(description="Why doing it again moves no money twice.")]
    is_discardable: Annotated[bool, Meta(description="Whether it can be discarded: nothing waits for it.")]
    discard_is_proposed: Annotated[
        bool,
        Meta(
            description="Whether a second person has to agree to discard it: it is a webhook of which FinCore has the body."
        ),
    ]


class StaffDeadLetterDetailBody(StaffDeadLetterBody, frozen=True, kw_only=True):
    """A dead letter with what a replay would do."""

    outlook: Annotated[StaffDeadLetterOutlookBody, Meta(description="What a replay would do now.")]


class StaffDeadLetterList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of dead letters."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffDeadLetterBody], Meta(description="The dead letters, newest first.")]
    has_more: HasMore
    next_cursor: NextCursor


class StaffDeadLetterEndBody(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a dead letter."""

    id: LetterId
    object: Annotated[Literal["dead_letter_end"], ObjectName] = "dead_letter_end"
    end: Annotated[
        Literal["replayed", "discarded"],
        Meta(description="`replayed`: its job is due now, as if it were new. `discarded`: its job is gone."),
    ]


class StaffDeadLetterReplaysBody(msgspec.Struct, frozen=True, kw_only=True):
    """What became of several dead letters."""

    object: Annotated[Literal["dead_letter_replays"], ObjectName] = "dead_letter_replays"
    replayed: Annotated[list[str], Meta(description="The ids of those that are due now.")]
    gone: Annotated[list[str], Meta(description="The ids of those that were replayed or discarded before.")]


def render_letter(letter: Letter) -> StaffDeadLetterBody:
    """A dead letter as a list shows it."""
    subject = subject_of(letter) or JobSubject()
    return StaffDeadLetterBody(
        id=letter_id_of(letter),
        job=letter.job_id,
        kind=kind_of(letter),
        attempts=letter.attempts,
        reason=letter.reason,
        held_at=letter.held_at,
        charge=subject.charge_id,
        refund=subject.refund_id,
        attempt=subject.attempt,
        checkout_session=subject.checkout_session_id,
        psp=subject.psp,
        psp_account=subject.psp_account,
        psp_event=subject.psp_event_id,
    )


def render_shown(shown: DeadLetter, *, discard_is_proposed: bool) -> StaffDeadLetterDetailBody:
    """A dead letter with what a replay would do, and whether two people have to agree to discard it."""
    outlook = StaffDeadLetterOutlookBody(
        left_to_do=shown.outlook.left_to_do,
        does=shown.outlook.does,
        once=shown.outlook.once,
        is_discardable=not shown.outlook.is_needed,
        discard_is_proposed=discard_is_proposed,
    )
    return StaffDeadLetterDetailBody(**msgspec.structs.asdict(render_letter(shown.job)), outlook=outlook)
