"""What people decided about breaks, told to the log: by the command at once, else by the next run."""

from typing import Final

import msgspec
import structlog

from fincore.domain.adjustment_events import AdjustmentBooked, AdjustmentReversed
from fincore.domain.counted_person import counted_for
from fincore.domain.errors import FinCoreError
from fincore.domain.ids import AdjustmentId
from fincore.domain.refusal import Refusal
from fincore.domain.staff_decision import actor_of
from fincore.eventstore.commit import Provenance
from fincore.eventstore.recorder import Recorded
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.reconciliation.breaks.break_actions import act, lock_break
from fincore.reconciliation.breaks.break_decision import Done
from fincore.write.settlement.adjustments import AdjustmentRecorder

_SQL = load_sql("fincore.reconciliation.adjustments", "acts.sql")
_log = structlog.get_logger(__name__)

STATEMENT_SECONDS_MAX: Final = 60.0


class AdjustmentNotRecorded(FinCoreError):
    """The log does not take what a person decided about a break. The next run tries it again."""


class AdjustmentTelling:
    """Tells the log what it lacks. Repeating it is safe: each event has one id.

    Where the log has a decision with another content, the log counts: the record becomes what the log says.
    """

    def __init__(self, ledgerdb: Pool, recorder: AdjustmentRecorder) -> None:
        self._pool = ledgerdb
        self._recorder = recorder

    async def tell(self, adjustment_id: AdjustmentId | None = None) -> bool:
        """Tell what the log lacks, of one adjustment where it is named; whether the log has none of it with another content.

        Each is told by itself: one that the log does not take keeps no other from it. Raises `AdjustmentNotRecorded` of the first after all
        were tried, and as the writer does.
        """
        untold = await self._pool.fetch(_SQL.untold, adjustment_id, timeout=STATEMENT_SECONDS_MAX)
        failed: AdjustmentNotRecorded | None = None
        is_ours = True
        for row in untold:
            event = (
                msgspec.json.decode(row["event"], type=AdjustmentReversed)
                if row["is_reversal"]
                else msgspec.json.decode(row["event"], type=AdjustmentBooked)
            )
            try:
                is_ours &= await self._tell(event)
            except AdjustmentNotRecorded as error:
                failed = failed or error
        if failed is not None:
            raise failed
        return is_ours

    async def _tell(self, event: AdjustmentBooked | AdjustmentReversed) -> bool:
        provenance = Provenance(correlation=event.adjustment_id, actor=actor_of(event.by, event.staff))
        if isinstance(event, AdjustmentBooked):
            result, told = await self._recorder.book(event, provenance), _SQL.told
        else:
            result, told = await self._recorder.reverse(event, provenance), _SQL.told_reversal
        if isinstance(result, Recorded):
            await self._pool.execute(told, event.adjustment_id)
            return True
        if isinstance(result, Refusal) and await self._follow_log(event):
            return False
        why = (
            result.detail if isinstance(result, Refusal) else "others write to its stream, or it was set back"
        )
        raise AdjustmentNotRecorded(
            f"the log does not take what {event.by} decided about {event.adjustment_id}: {why}"
        )

    async def _follow_log(self, event: AdjustmentBooked | AdjustmentReversed) -> bool:
        """Have the record say what the log says of this; whether the log says anything of it."""
        adjustment = await self._recorder.load(event.adjustment_id)
        if adjustment is None:
            return False
        counts: AdjustmentBooked | AdjustmentReversed
        if isinstance(event, AdjustmentBooked):
            counts, statement = adjustment.booked, _SQL.told_otherwise
            is_about_the_same = _about(adjustment.booked) == _about(event)
        elif adjustment.reversed is None:
            return False
        else:
            counts, statement, is_about_the_same = adjustment.reversed, _SQL.told_reversal_otherwise, True
        _log.error(
            "reconciliation.decision_differs",
            adjustment_id=event.adjustment_id,
            decided_by=event.by,
            decided_by_in_log=counts.by,
            is_taken_over=is_about_the_same,
        )
        # What is about other lines or items is booked as the log says, and left by runs as the break `adjustment`.
        if is_about_the_same:
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(
                    statement,
                    event.adjustment_id,
                    msgspec.json.encode(counts).decode(),
                    counts.occurred_at,
                    counted_for(counts.by),
                )
                if isinstance(counts, AdjustmentBooked):
                    await _correct_break(connection, counts)
        return True


async def _correct_break(connection: Connection, counts: AdjustmentBooked) -> None:
    """Have the break stand as the log says that it was ended."""
    break_id = await connection.fetchval(_SQL.break_to_correct, counts.adjustment_id)
    if break_id is None:
        return
    done = Done(
        action="correct",
        actor=actor_of(counts.by, counts.staff),
        username=counts.by if counts.staff else None,
        reason=counts.reason,
        reference=counts.adjustment_id,
    )
    await act(connection, await lock_break(connection, break_id), done)


def _about(booked: AdjustmentBooked) -> tuple[object, ...]:
    return (
        booked.adjusts,
        booked.psp,
        booked.psp_account,
        booked.livemode,
        booked.currency,
        frozenset(booked.lines),
        frozenset(booked.items),
    )
