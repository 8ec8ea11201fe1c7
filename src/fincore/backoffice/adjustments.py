"""Adjustments as staff make them: decided, and told to the log at once."""

from fincore.backoffice.breaks import read_break
from fincore.domain.adjustment_events import AdjustmentBooked, AdjustmentEvent, AdjustmentReversed
from fincore.domain.ids import AdjustmentId
from fincore.domain.one_person_limits import OnePersonLimits
from fincore.domain.staff_decision import StaffDecision
from fincore.eventstore.log import EventLog
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Pool
from fincore.reconciliation.adjustments.acts import Account, AdjustmentRefused, Adjustments
from fincore.reconciliation.adjustments.decision import Decision
from fincore.reconciliation.adjustments.moved_alone import Waiting
from fincore.reconciliation.adjustments.telling import AdjustmentTelling
from fincore.reconciliation.breaks.break_record import BreakRecord
from fincore.write.settlement.adjustments import AdjustmentRecorder


class StaffAdjustments:
    """What a person may decide about breaks. Each act is safe to repeat; what the log was not told, the next run tells it."""

    def __init__(
        self,
        ledgerdb: Pool,
        log: EventLog[AdjustmentEvent],
        writer: Writer[AdjustmentEvent],
        limits: OnePersonLimits,
        *,
        waiting: Waiting | None = None,
        is_trial: bool = False,
    ) -> None:
        """As of `Adjustments`."""
        self._ledgerdb = ledgerdb
        recorder = AdjustmentRecorder(log, writer)
        self._acts = Adjustments(ledgerdb, limits, recorder, waiting=waiting, is_trial=is_trial)
        self._telling = None if is_trial else AdjustmentTelling(ledgerdb, recorder)

    async def adjust(self, break_id: int, decision: Decision) -> AdjustmentBooked:
        """End a break by an adjustment or a write-off. Raises `AdjustmentRefused`, `SecondPersonNeeded` and `BreakNotChanged`."""
        booked = await self._acts.adjust(break_id, decision)
        await self._tell(booked.adjustment_id)
        return booked

    async def read_break(self, break_id: int) -> BreakRecord:
        """The break as it stands. Raises `NoSuchBreak`."""
        return await read_break(self._ledgerdb, break_id)

    async def booked(self, adjustment_id: AdjustmentId) -> AdjustmentBooked | None:
        """What an adjustment booked, whether or not it was taken back; None where there is none."""
        return await self._acts.booked(adjustment_id)

    async def decided_for(self, staff: StaffDecision, by: str, *, is_reversal: bool) -> AdjustmentId | None:
        """The adjustment that was decided, or taken back, for a proposal; None where none was. Raises `AdjustmentBusy`."""
        return await self._acts.decided_for(staff, by, is_reversal=is_reversal)

    async def reverse(
        self, adjustment_id: AdjustmentId, *, by: str, reason: str, staff: StaffDecision | None = None
    ) -> AdjustmentReversed:
        """Take an adjustment back. Raises as `adjust` does."""
        reversing = await self._acts.reverse(adjustment_id, by=by, reason=reason, staff=staff)
        await self._tell(adjustment_id)
        return reversing

    async def explain_opening(
        self,
        account: Account,
        amount_minor: int,
        *,
        by: str,
        reason: str,
        staff: StaffDecision | None = None,
    ) -> AdjustmentBooked:
        """Explain what an account held before its first statement. Raises `AdjustmentRefused` and `SecondPersonNeeded`."""
        booked = await self._acts.explain_opening(account, amount_minor, by=by, reason=reason, staff=staff)
        await self._tell(booked.adjustment_id)
        return booked

    async def _tell(self, adjustment_id: AdjustmentId) -> None:
        if self._telling is not None and not await self._telling.tell(adjustment_id):
            raise AdjustmentRefused(
                f"the log has another decision about {adjustment_id}, which counts: look at it in `fincore reconcile adjustments`, and run "
                "`fincore reconcile run`"
            )
