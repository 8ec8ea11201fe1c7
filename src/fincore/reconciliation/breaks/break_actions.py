"""What people do with breaks, written once and in an order with runs: the only way in which a person changes a break."""

from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from fincore.domain.errors import FinCoreError
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection
from fincore.reconciliation.breaks.break_decision import (
    Done,
    KnownBreak,
    LastAction,
    Refused,
    decide,
    is_repeated,
)
from fincore.reconciliation.breaks.break_status import BreakStatus

_SQL = load_sql("fincore.reconciliation.breaks", "break_actions.sql")

WAIT_MAX: Final = "30s"
"""How long a person waits for a run, which keeps others from breaks only while it writes what it found."""
_BUSY: Final = "a run of reconciliation, or another person, is changing breaks: repeat the command later"


class BreakNotChanged(FinCoreError):
    """An action on a break was not recorded; the message says why and what to do."""


class BreakBusy(BreakNotChanged):
    """An action was not recorded for now; it may be repeated later."""


class RequestKeyReused(FinCoreError):
    """The key of a request stands for another request of the same person."""


class ActedBreak(msgspec.Struct, frozen=True, kw_only=True):
    """A break after an action, beside what it was. `is_repeated`: the same action was its last one, or the request's, and is not written twice.

    `action_no` counts the actions of the break; `acted_at` is None for a repetition that is known by its content alone.
    """

    before: KnownBreak
    status: BreakStatus
    owner: str | None
    action_no: int
    acted_at: datetime | None
    is_repeated: bool = False


async def take_turn(connection: Connection) -> None:
    """Keep runs from breaks until the end of the transaction. Raise `BreakNotChanged` where a run keeps us from them for too long."""
    try:
        await connection.execute(_SQL.take_turn, WAIT_MAX)
    except asyncpg.LockNotAvailableError:
        raise BreakBusy(_BUSY) from None


async def lock_break(connection: Connection, break_id: int) -> KnownBreak:
    """A break as it stands until the end of the transaction: no run and no person changes it meanwhile. Raise `BreakNotChanged`."""
    await take_turn(connection)
    try:
        await connection.execute(_SQL.lock_break, break_id)
    except asyncpg.LockNotAvailableError:
        raise BreakBusy(_BUSY) from None
    row = await connection.fetchrow(_SQL.read_break, break_id)
    if row is None:
        raise BreakNotChanged(
            f"there is no break {break_id}: `fincore reconcile breaks` lists those there are"
        )
    return _known(row)


async def act(connection: Connection, known: KnownBreak, done: Done) -> ActedBreak:
    """Record an action on a break that is locked. Raise `BreakNotChanged` where the break does not allow it, and `RequestKeyReused`."""
    if done.request_key is not None:
        if (earlier := await _requested(connection, known, done)) is not None:
            return earlier
    elif is_repeated(known, done):
        return ActedBreak(
            before=known,
            status=known.status,
            owner=known.owner,
            action_no=known.action_no,
            acted_at=None,
            is_repeated=True,
        )
    after = decide(known, done)
    if isinstance(after, Refused):
        raise BreakNotChanged(after.sentence)
    owner = done.owner if done.action == "assign" else known.owner
    try:
        written = await connection.fetchrow(
            _SQL.write_action,
            known.break_id,
            known.action_no,
            done.action,
            known.status,
            after,
            done.actor,
            owner,
            done.reason,
            done.reference,
            done.username,
            done.request_key,
        )
    except asyncpg.UniqueViolationError:  # at the same time, for another break
        raise RequestKeyReused("the key was used for another request before: use a new one") from None
    assert written is not None  # noqa: S101 -- a row was inserted
    return ActedBreak(
        before=known, status=after, owner=owner, action_no=written["action_no"], acted_at=written["acted_at"]
    )


async def _requested(connection: Connection, known: KnownBreak, done: Done) -> ActedBreak | None:
    """What the request did before; None where it is new. Raise `RequestKeyReused`."""
    row = await connection.fetchrow(_SQL.action_of_request, done.actor, done.request_key)
    if row is None:
        return None
    asked = (known.break_id, done.action, done.reason, done.reference)
    if (row["break_id"], row["action"], row["reason"], row["reference"]) != asked or (
        done.action == "assign" and row["owner"] != done.owner
    ):
        raise RequestKeyReused("the key was used for another request before: use a new one")
    return ActedBreak(
        before=known,
        status=row["status"],
        owner=row["owner"],
        action_no=row["action_no"],
        acted_at=row["acted_at"],
        is_repeated=True,
    )


def _known(row: asyncpg.Record) -> KnownBreak:
    last = (
        LastAction(
            action=row["action"],
            actor=row["actor"],
            by=row["by"],
            owner=row["action_owner"],
            reason=row["reason"],
            reference=row["reference"],
            acted_at=row["acted_at"],
        )
        if row["action"]
        else None
    )
    return KnownBreak(
        break_id=row["break_id"],
        action_no=row["action_no"],
        break_class=row["class"],
        currency=row["currency"],
        amount_minor=row["amount_minor"],
        status=row["status"],
        owner=row["owner"],
        last=last,
    )
