"""Notes on a charge, as requests and answers have them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from fincore.public.fields import ObjectName
from fincore.staff.acting import Reasoned
from fincore.write.staff.charge_notes import NOTE_CHARACTERS_MAX, Note


class StaffChargeNoteRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Note something about a charge."""

    text: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=NOTE_CHARACTERS_MAX,
            description="What is to be read with the charge. Nothing in it may be secret, and it is never changed.",
            examples=["The customer will send a photo of the parcel."],
        ),
    ]


class StaffChargeNote(msgspec.Struct, frozen=True, kw_only=True):
    """A note on a charge."""

    id: Annotated[str, Meta(description="The note's id.")]
    object: Annotated[Literal["charge_note"], ObjectName] = "charge_note"
    charge: Annotated[str, Meta(description="The charge's id.")]
    text: Annotated[str, Meta(description="What was noted.")]
    author: Annotated[str, Meta(description="The name under which its author was logged in.")]
    author_subject: Annotated[str, Meta(description="The issuer's id of its author.")]
    noted_at: Annotated[datetime, Meta(description="When.")]


class StaffChargeNotes(msgspec.Struct, frozen=True, kw_only=True):
    """All notes on a charge."""

    object: Annotated[Literal["charge_notes"], ObjectName] = "charge_notes"
    data: Annotated[list[StaffChargeNote], Meta(description="The notes, oldest first.")]


DECODER: Final = msgspec.json.Decoder(StaffChargeNoteRequest)


def note_body(note: Note) -> StaffChargeNote:
    """A note as staff see it."""
    return StaffChargeNote(
        id=note.note_id,
        charge=note.charge_id,
        text=note.text,
        author=note.author.username,
        author_subject=note.author.subject,
        noted_at=note.noted_at,
    )


def notes_body(notes: Sequence[Note]) -> StaffChargeNotes:
    """Notes as staff see them."""
    return StaffChargeNotes(data=[note_body(note) for note in notes])
