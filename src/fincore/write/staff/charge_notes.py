"""Notes of staff on charges, in the event store's database. They are added, and never changed."""

from datetime import datetime
from typing import Final

import msgspec

from fincore.domain.ids import ChargeId
from fincore.domain.note_id import NoteId, new_note_uuid, note_id_of
from fincore.domain.staff_actor import StaffActor
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool

_SQL = load_sql("fincore.write.staff", "charge_notes.sql")

NOTE_CHARACTERS_MAX: Final = 2_000
NOTES_OF_CHARGE_MAX: Final = 500
"""Notes of one charge, all of which are shown at once."""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What a person noted about a charge."""

    note_id: NoteId
    charge_id: ChargeId
    text: str
    author: StaffActor
    noted_at: datetime


class ChargeNotes:
    """The notes on charges."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @staticmethod
    async def add(transaction: Connection, charge_id: ChargeId, text: str, author: StaffActor) -> Note | None:
        """Add a note in a transaction; None where the charge has `NOTES_OF_CHARGE_MAX` already."""
        note_uuid = new_note_uuid()
        noted_at = await transaction.fetchval(
            _SQL.add_note,
            note_uuid,
            charge_id,
            text,
            author.subject,
            author.username,
            NOTES_OF_CHARGE_MAX,
        )
        if noted_at is None:
            return None
        return Note(
            note_id=note_id_of(note_uuid), charge_id=charge_id, text=text, author=author, noted_at=noted_at
        )

    async def of_charge(self, charge_id: ChargeId) -> list[Note]:
        """The notes of a charge, oldest first."""
        rows = await self._pool.fetch(_SQL.notes_of, charge_id, NOTES_OF_CHARGE_MAX)
        return [
            Note(
                note_id=note_id_of(row["note_id"]),
                charge_id=row["charge_id"],
                text=row["text"],
                author=StaffActor(subject=row["author_subject"], username=row["author_username"]),
                noted_at=row["noted_at"],
            )
            for row in rows
        ]
