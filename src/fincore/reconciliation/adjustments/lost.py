"""Adjustments that the log tells of and LedgerDB's database has lost: they are taken over again before a run matches.

The database was restored from before they were decided. The ledger booked them from the log; which break each one ended, and what it was
booked for, follows from the event.
"""

from typing import Final

import asyncpg
import msgspec

from fincore.domain.adjustment import Adjustment, booked_event_id, reversed_event_id
from fincore.domain.adjustment_events import AdjustmentBooked, AdjustmentReversed
from fincore.domain.counted_person import counted_for
from fincore.domain.errors import FinCoreError
from fincore.domain.ids import StreamId, adjustment_of
from fincore.domain.staff_decision import actor_of
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.reconciliation.breaks.break_actions import act, lock_break
from fincore.reconciliation.breaks.break_decision import Done
from fincore.reconciliation.breaks.break_status import PersonAction
from fincore.write.settlement.adjustments import AdjustmentRecorder

_SQL = load_sql("fincore.reconciliation.adjustments", "lost.sql")

STATEMENT_SECONDS_MAX: Final = 600.0


class AdjustmentLost(FinCoreError):
    """The log tells of an adjustment of lines or items that this database does not have. Nothing is matched before it does."""


class LostAdjustments:
    """Takes over what is lost. The caller has the turn to run, and the ledger has booked the log."""

    def __init__(self, ledgerdb: Pool, recorder: AdjustmentRecorder) -> None:
        self._pool = ledgerdb
        self._recorder = recorder

    async def take_over(self, *, last_entry_id: int | None = None) -> int:
        """Take over those of entries since the last run, up to an entry where one is named, and how many. Raises `AdjustmentLost`."""
        lost = await self._pool.fetch(_SQL.lost_entries, last_entry_id, timeout=STATEMENT_SECONDS_MAX)
        for row in lost:
            adjustment = await self._recorder.load(adjustment_of(StreamId(row["stream_id"])))
            if adjustment is None:
                raise AdjustmentLost(
                    f"the ledger's entry {row['entry_id']} books an adjustment that the log does not have: run `fincore rebuild "
                    "ledgerdb`, and repeat the run"
                )
            async with self._pool.acquire() as connection, connection.transaction():
                await _take_over(connection, adjustment, row)
        return len(lost)


async def _take_over(connection: Connection, adjustment: Adjustment, row: asyncpg.Record) -> None:
    booked = adjustment.booked
    if row["kind"] == "adjustment.booked":
        await _take_over_booked(connection, booked)
    elif adjustment.reversed is not None:
        break_id = await connection.fetchval(_SQL.break_of_adjustment, booked.adjustment_id)
        await _write_reversal(connection, adjustment.reversed, break_id)


async def _take_over_booked(connection: Connection, booked: AdjustmentBooked) -> None:
    parts: tuple[object, ...] = (
        [one.file_id for one in booked.lines],
        [one.number for one in booked.lines],
        [one.part for one in booked.lines],
        [one.event_id for one in booked.items],
        [one.part for one in booked.items],
        f"psp:{booked.psp}:{booked.psp_account}:clearing:{booked.currency}",
        booked.livemode,
    )
    # Where the run that found the break matched nothing, the log does not tell of that run, and the break is not known again.
    break_id = await connection.fetchval(_SQL.break_of_parts, *parts, booked.subject, booked.adjusts)
    await connection.execute(
        _SQL.write_adjustment,
        booked.adjustment_id,
        break_id,
        booked_event_id(booked.adjustment_id),
        msgspec.json.encode(booked).decode(),
        booked.occurred_at,
        booked.livemode,
        booked.psp,
        booked.psp_account,
        booked.currency,
        booked.adjusts,
        counted_for(booked.by),
    )
    written = await connection.fetchval(_SQL.write_parts, booked.adjustment_id, *parts)
    if written != len(booked.lines) + len(booked.items):
        raise AdjustmentLost(
            f"{booked.by} booked {booked.adjustment_id} for lines or items that LedgerDB's database does not have: a backup from before "
            "they came was restored. Run `fincore rebuild reconciliation`, or restore a later one"
        )
    if break_id is not None:
        known = await lock_break(connection, break_id)
        action: PersonAction = "adjust" if booked.kind == "adjustment" else "write_off"
        done = Done(
            action=action,
            actor=actor_of(booked.by, booked.staff),
            username=booked.by if booked.staff else None,
            reason=booked.reason,
            reference=booked.adjustment_id,
        )
        await act(connection, known, done)


async def _write_reversal(
    connection: Connection, reversing: AdjustmentReversed, break_id: int | None
) -> None:
    await connection.execute(
        _SQL.write_reversal,
        reversing.adjustment_id,
        reversed_event_id(reversing.adjustment_id),
        msgspec.json.encode(reversing).decode(),
        reversing.occurred_at,
        counted_for(reversing.by),
    )
    if break_id is None:
        return
    known = await lock_break(connection, break_id)
    if known.status in ("adjusted", "written_off"):
        done = Done(
            action="reverse",
            actor=actor_of(reversing.by, reversing.staff),
            username=reversing.by if reversing.staff else None,
            reason=reversing.reason,
            reference=reversing.adjustment_id,
        )
        await act(connection, known, done)
