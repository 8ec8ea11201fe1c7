"""What people decided about breaks, told to the log: by the command at once, else by the next run."""

from typing import Final

import msgspec

from fincore.domain.adjustment_events import AdjustmentBooked, AdjustmentReversed
from fincore.domain.errors import FinCoreError
from fincore.domain.refusal import Refusal
from fincore.eventstore.commit import Provenance
from fincore.eventstore.recorder import Recorded
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.reconciliation.adjustments.acts import actor_of
from fincore.write.settlement.adjustments import AdjustmentRecorder

_SQL = load_sql("fincore.reconciliation.adjustments", "acts.sql")

STATEMENT_SECONDS_MAX: Final = 60.0


class AdjustmentNotRecorded(FinCoreError):
    """The log does not take what a person decided about a break. The next run tries it again."""


class AdjustmentTelling:
    """Tells the log what it lacks. Repeating it is safe: each event has one id."""

    def __init__(self, ledgerdb: Pool, recorder: AdjustmentRecorder) -> None:
        self._pool = ledgerdb
        self._recorder = recorder

    async def tell(self) -> int:
        """Tell all of it, and how much that was. Raises `AdjustmentNotRecorded`, and as the writer does."""
        untold = await self._pool.fetch(_SQL.untold, timeout=STATEMENT_SECONDS_MAX)
        for row in untold:
            if row["is_reversal"]:
                await self._tell(msgspec.json.decode(row["event"], type=AdjustmentReversed))
            else:
                await self._tell(msgspec.json.decode(row["event"], type=AdjustmentBooked))
        return len(untold)

    async def _tell(self, event: AdjustmentBooked | AdjustmentReversed) -> None:
        provenance = Provenance(correlation=event.adjustment_id, actor=actor_of(event.by))
        if isinstance(event, AdjustmentBooked):
            result, told = await self._recorder.book(event, provenance), _SQL.told
        else:
            result, told = await self._recorder.reverse(event, provenance), _SQL.told_reversal
        if not isinstance(result, Recorded):
            why = (
                result.detail
                if isinstance(result, Refusal)
                else "others write to its stream, or it was set back"
            )
            raise AdjustmentNotRecorded(
                f"the log does not take what {event.by} decided about {event.adjustment_id}: {why}"
            )
        await self._pool.execute(told, event.adjustment_id)
