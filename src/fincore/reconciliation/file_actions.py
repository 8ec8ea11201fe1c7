"""What people decide about settlement files, written once, together with what it does to the break of the file."""

from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from fincore.domain.errors import FinCoreError
from fincore.domain.ids import SettlementFileId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.reconciliation.breaks.break_actions import RequestKeyReused, act, lock_break, take_turn
from fincore.reconciliation.breaks.break_decision import Done
from fincore.reconciliation.breaks.break_status import PersonAction, status_after
from fincore.reconciliation.file_decision import (
    FILE_TRANSITIONS,
    FileDecision,
    FileStatus,
    KnownFile,
    LastDecision,
    is_repeated,
    refusal_of,
)

_SQL = load_sql("fincore.reconciliation", "file_actions.sql")

WAIT_MAX: Final = "30s"
"""How long a person waits for a run that reads the file."""


class FileNotChanged(FinCoreError):
    """A decision about a settlement file was not recorded; the message says why and what to do."""


class DecidedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file after a decision. `is_repeated`: the same was decided before, and is not written twice. `break_id`: its break, if it has one.

    `decided_at` is None for a repetition that is known by its content alone.
    """

    file_id: SettlementFileId
    name: str
    status: FileStatus
    break_id: int | None
    decided_at: datetime | None
    is_repeated: bool = False


async def decide_file(ledgerdb: Pool, file_id: SettlementFileId, decision: FileDecision) -> DecidedFile:
    """Record a decision. Raise `FileNotChanged` where the file does not allow it, `BreakNotChanged` while a run writes breaks, `RequestKeyReused`."""
    async with ledgerdb.acquire() as connection, connection.transaction():
        await take_turn(connection)
        known = await _lock(connection, file_id)
        break_id: int | None = await connection.fetchval(_SQL.break_of_file, file_id)
        if decision.request_key is not None:
            if (earlier := await _requested(connection, known, decision, break_id)) is not None:
                return earlier
        elif is_repeated(known, decision):
            return DecidedFile(
                file_id=file_id,
                name=known.name,
                status=known.status,
                break_id=break_id,
                decided_at=None,
                is_repeated=True,
            )
        refusal = refusal_of(known, decision)
        if refusal is not None:
            raise FileNotChanged(refusal)
        after = FILE_TRANSITIONS[known.status, decision.action]
        try:
            written = await connection.fetchrow(
                _SQL.write_action,
                file_id,
                decision.action,
                after,
                decision.actor,
                decision.reason,
                decision.format,
                decision.account_id,
                decision.username,
                decision.request_key,
            )
        except asyncpg.UniqueViolationError:  # at the same time, for another file
            raise RequestKeyReused("the key was used for another request before: use a new one") from None
        assert written is not None  # noqa: S101 -- the file is locked
        if break_id is not None:
            await _act_on_break(connection, break_id, decision)
    return DecidedFile(
        file_id=file_id, name=known.name, status=after, break_id=break_id, decided_at=written["acted_at"]
    )


async def _requested(
    connection: Connection, known: KnownFile, decision: FileDecision, break_id: int | None
) -> DecidedFile | None:
    """What the request decided before; None where it is new. Raise `RequestKeyReused`."""
    row = await connection.fetchrow(_SQL.decision_of_request, decision.actor, decision.request_key)
    if row is None:
        return None
    asked = (known.file_id, decision.action, decision.reason, decision.format, decision.account_id)
    if (row["file_id"], row["action"], row["reason"], row["format"], row["account_id"]) != asked:
        raise RequestKeyReused("the key was used for another request before: use a new one")
    return DecidedFile(
        file_id=SettlementFileId(known.file_id),
        name=known.name,
        status=row["status"],
        break_id=break_id,
        decided_at=row["acted_at"],
        is_repeated=True,
    )


async def _lock(connection: Connection, file_id: SettlementFileId) -> KnownFile:
    await connection.execute(_SQL.wait_briefly, WAIT_MAX)
    try:
        await connection.execute(_SQL.lock_files, file_id)
    except asyncpg.LockNotAvailableError:
        raise FileNotChanged(
            f"a run has been reading the file for {WAIT_MAX}: repeat the command later"
        ) from None
    row = await connection.fetchrow(_SQL.read_file, file_id)
    if row is None:
        raise FileNotChanged(
            f"there is no settlement file {file_id}: `fincore reconcile files` lists those there are"
        )
    return known_file(row)


async def _act_on_break(connection: Connection, break_id: int, decision: FileDecision) -> None:
    """A dismissed file has no break any more; one that is released has it again until a run has read the file."""
    action: PersonAction = "dismiss" if decision.action == "dismiss" else "release"
    known = await lock_break(connection, break_id)
    if decision.action != "read_again" and status_after(known.status, action) is not None:
        await act(
            connection,
            known,
            Done(action=action, actor=decision.actor, username=decision.username, reason=decision.reason),
        )


def known_file(row: asyncpg.Record) -> KnownFile:
    """A row of `read_file`."""
    last = (
        LastDecision(
            action=row["action"],
            status=row["decided_status"],
            actor=row["actor"],
            by=row["by"],
            reason=row["reason"],
            format=row["decided_format"],
            account_id=row["account_id"],
            acted_at=row["acted_at"],
        )
        if row["action"]
        else None
    )
    return KnownFile(
        file_id=row["file_id"],
        name=row["name"],
        psp=row["psp"],
        status=row["status"],
        format=row["format"],
        is_released=row["is_released"],
        is_disproved=row["is_disproved"],
        replaces=row["replaces"],
        replaced_status=row["replaced_status"],
        replaced_by=row["replaced_by"],
        last=last,
    )
