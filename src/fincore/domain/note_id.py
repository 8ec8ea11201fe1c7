"""The id of a note of staff: `note_...`, and the UUID inside it. Pure."""

from typing import NewType
from uuid import UUID

import uuid_utils
from typeid.base32 import encode

NoteId = NewType("NoteId", str)


def note_id_of(uuid: UUID) -> NoteId:
    """The id of a note as people see it."""
    return NoteId(f"note_{encode(uuid.bytes)}")


def new_note_uuid() -> UUID:
    """The UUID of a new note: later ones sort later."""
    return UUID(bytes=uuid_utils.uuid7().bytes)
