"""Decided adjustments as LedgerDB's database holds them, and the breaks that they are about."""

from datetime import datetime
from typing import Final

import msgspec

from fincore.domain.adjustment import booked_event_id
from fincore.domain.adjustment_events import AdjustedItem, AdjustedLine, AdjustmentBooked
from fincore.domain.counted_person import counted_for
from fincore.domain.ids import EventId, RunId, SettlementFileId, StreamId, charge_of
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.staff_decision import StaffDecision
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection
from fincore.reconciliation.adjustments.decision import FoundBreak, PartOfItem, PartOfLine

_SQL = load_sql("fincore.reconciliation.adjustments", "acts.sql")

_PARTS_READ_MAX: Final = 1_000
"""More than an adjustment may be of, so that one of too many is told by how many."""


async def booked_for(connection: Connection, staff: StaffDecision | None) -> AdjustmentBooked | None:
    """What was booked for the proposal that two people agreed on, or the request of one person, however often it is carried out."""
    if staff is None:
        return None
    if staff.agreement is not None:
        booked = await connection.fetchval(_SQL.adjustment_of_proposal, staff.agreement.proposal_id)
    elif staff.request is not None:
        booked = await connection.fetchval(_SQL.adjustment_of_request, staff.request)
    else:
        return None
    return None if booked is None else booked_of(booked)


async def found_break(connection: Connection, break_id: int) -> FoundBreak:
    """A locked break as the last run left it, with what it is made of."""
    row = await connection.fetchrow(_SQL.found_break, break_id)
    assert row is not None  # noqa: S101 -- it is locked
    parts = await connection.fetch(_SQL.parts_of_break, break_id, _PARTS_READ_MAX)
    return FoundBreak(
        break_id=break_id,
        break_class=row["class"],
        subject=row["subject"],
        run_id=RunId(row["run_id"]),
        psp=PspName(row["psp"]),
        psp_account=PspAccount(row["psp_account"]),
        livemode=row["livemode"],
        currency=row["currency"],
        amount_minor=row["amount_minor"],
        charge_id=charge_of(StreamId(row["stream_id"])) if row["stream_id"] else None,
        reference=row["reference"],
        lines=tuple(
            PartOfLine(
                AdjustedLine(SettlementFileId(one["file_id"]), one["number"], one["part"]),
                one["amount_minor"],
            )
            for one in parts
            if one["line_no"] is not None
        ),
        items=tuple(
            PartOfItem(AdjustedItem(EventId(one["event_id"]), one["part"]), one["amount_minor"])
            for one in parts
            if one["entry_id"] is not None
        ),
    )


async def write_adjustment(
    connection: Connection, booked: AdjustmentBooked, now: datetime, *, break_id: int | None, generation: int
) -> None:
    """Write what was decided; `generation` counts the adjustments of the break, or of the opening, from 1."""
    await connection.execute(
        _SQL.write_adjustment,
        booked.adjustment_id,
        break_id,
        generation,
        booked_event_id(booked.adjustment_id),
        msgspec.json.encode(booked).decode(),
        now,
        counted_for(booked.by),
    )


def booked_of(text: str) -> AdjustmentBooked:
    """The event of an adjustment as its row holds it."""
    return msgspec.json.decode(text, type=AdjustmentBooked)
